"""The topics of each fact, for webhooks and for the subscription `workspaceEvents`."""

from collections.abc import Callable
from typing import Final, TypeVar

from seggraph.events.facts import (
    CampaignChanged,
    DeliveryChanged,
    ExportFinished,
    Fact,
    FolderChanged,
    ImportFinished,
    LabelChanged,
    MembershipChanged,
    MetricsChanged,
    PlaybookChanged,
    ReachChanged,
    SegmentDeleted,
    SegmentStatusChanged,
    SegmentUpdated,
    UserChanged,
)
from seggraph.vocabulary import ReachStatus, SegmentStatus, Topic

F = TypeVar("F", bound=Fact)

Rule = Callable[[Fact], tuple[Topic, ...]]

_RULES: Final[dict[type[Fact], Rule]] = {}


def topics_of(fact: Fact) -> tuple[Topic, ...]:
    """Return the topics of a fact in the order of publishing. Facts that report only progress have none."""
    rule = _RULES.get(type(fact))
    return () if rule is None else rule(fact)


def _always(fact_type: type[Fact], topic: Topic) -> None:
    _RULES[fact_type] = lambda _: (topic,)


def _rule(fact_type: type[F], rule: Callable[[F], tuple[Topic, ...]]) -> None:
    _RULES[fact_type] = rule  # type: ignore[assignment]


def _of_status(fact: SegmentStatusChanged) -> tuple[Topic, ...]:
    if fact.previous_status is None:
        return (Topic.SEGMENT_CREATED,)
    if fact.status is SegmentStatus.ARCHIVED:
        return (Topic.SEGMENT_ARCHIVED,)
    return (Topic.SEGMENT_UPDATED,)


def _of_reach(fact: ReachChanged) -> tuple[Topic, ...]:
    known = {ReachStatus.READY: Topic.REACH_READY, ReachStatus.FAILED: Topic.REACH_FAILED}
    return (known[fact.reach_status],) if fact.reach_status in known else ()


def _of_members(fact: MembershipChanged) -> tuple[Topic, ...]:
    counts = ((Topic.MEMBERS_ENTERED, fact.entered), (Topic.MEMBERS_EXITED, fact.exited))
    return tuple(topic for topic, count in counts if count)


_always(SegmentDeleted, Topic.SEGMENT_DELETED)
_always(SegmentUpdated, Topic.SEGMENT_UPDATED)
_always(ImportFinished, Topic.IMPORT_FINISHED)
_always(ExportFinished, Topic.EXPORT_FINISHED)
_always(CampaignChanged, Topic.CAMPAIGN_CHANGED)
_always(MetricsChanged, Topic.METRICS_CHANGED)
_always(LabelChanged, Topic.LABEL_CHANGED)
_always(FolderChanged, Topic.FOLDER_CHANGED)
_always(PlaybookChanged, Topic.PLAYBOOK_CHANGED)
_always(UserChanged, Topic.USER_CHANGED)
_rule(SegmentStatusChanged, _of_status)
_rule(ReachChanged, _of_reach)
_rule(DeliveryChanged, lambda fact: () if fact.is_progress else (Topic.DELIVERY_CHANGED,))
_rule(MembershipChanged, _of_members)
