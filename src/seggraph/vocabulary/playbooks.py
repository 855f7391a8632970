"""Playbooks: rules that add members to segments."""

from seggraph.vocabulary.described import DescribedStrEnum


class PlaybookStatus(DescribedStrEnum):
    """Whether a playbook adds and removes members as its criteria match."""

    ACTIVE = (
        "ACTIVE",
        "The playbook adds members that match its criteria and removes those that stop matching.",
    )
    PAUSED = "PAUSED", "The playbook neither adds nor removes members; those it added stay."
