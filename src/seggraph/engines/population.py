"""The population that criteria are evaluated over."""

from dataclasses import dataclass

from seggraph.vocabulary import MemberKind


@dataclass(frozen=True, slots=True)
class Population:
    """The members of one kind in one workspace. No evaluation reads outside of it, except for related members."""

    workspace_id: int
    kind: MemberKind
