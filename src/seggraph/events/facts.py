"""Facts: what happened, named in the past tense, and their encoding in the stream.

A fact is small. It says what changed; a reader that needs more reads the database. A new type of fact is a new class
with `@published`. A field with a default can be added at any time. A change that older code would misread needs a
higher `version`; older code then skips the fact.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache
from typing import Any, ClassVar, Self, TypeVar

import orjson
import structlog
from pydantic import TypeAdapter, ValidationError

from seggraph.vocabulary import DeliveryStatus, ReachStatus, Role, SegmentStatus, Visibility

SAMPLE_SIZE = 10
"""Maximum number of member ids in the sample of a fact, also after facts were added up."""

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact(ABC):
    """Something that happened in a workspace at one instant."""

    version: ClassVar[int] = 1
    adds_up: ClassVar[bool] = False
    """False for a state: of several facts about one subject only the last matters. True for an increment."""

    workspace_id: int
    at: datetime

    @property
    @abstractmethod
    def subject_id(self) -> int:
        """The id of the object. Facts with the same class and subject can be combined."""

    def followed_by(self, later: Self) -> Self:
        """Combine this fact with a later one about the same subject."""
        return later


_FactT = TypeVar("_FactT", bound=type[Fact])
_BY_TAG: dict[str, type[Fact]] = {}


def published(fact_type: _FactT) -> _FactT:
    """Register a class of facts for `decode`, by its name."""
    if fact_type.__name__ in _BY_TAG:
        raise ValueError(f"two kinds of fact are called {fact_type.__name__}")
    _BY_TAG[fact_type.__name__] = fact_type
    return fact_type


@published
@dataclass(frozen=True, slots=True, kw_only=True)
class SegmentStatusChanged(Fact):
    """The status of a segment changed; `previous_status` is None if the segment was created."""

    segment_id: int
    revision: int
    status: SegmentStatus
    previous_status: SegmentStatus | None

    @property
    def subject_id(self) -> int:
        """The segment."""
        return self.segment_id


@published
@dataclass(frozen=True, slots=True, kw_only=True)
class SegmentDeleted(Fact):
    """A segment was deleted.

    `last` is its last state without criteria; `hidden_from` are the users that it was hidden from. The row is gone, so
    the fact must say which users may see it.
    """

    segment_id: int
    revision: int
    last: dict[str, Any]
    hidden_from: tuple[int, ...] = ()

    @property
    def subject_id(self) -> int:
        """The deleted segment."""
        return self.segment_id


@published
@dataclass(frozen=True, slots=True, kw_only=True)
class SegmentUpdated(Fact):
    """A segment was edited: its name, criteria, settings, visibility or owner.

    If the edit changed who may see it, `last_seen` is its state before, without criteria, and `was_hidden_from` are
    the users that it was hidden from: so a reader of the fact knows who sees it no more.
    """

    segment_id: int
    last_seen: dict[str, Any] | None = None
    was_hidden_from: tuple[int, ...] = ()

    @property
    def subject_id(self) -> int:
        """The segment."""
        return self.segment_id

    def followed_by(self, later: Self) -> Self:
        """Who saw it before the first of the edits counts."""
        if self.last_seen is None:
            return later
        return replace(later, last_seen=self.last_seen, was_hidden_from=self.was_hidden_from)


@published
@dataclass(frozen=True, slots=True, kw_only=True)
class ReachChanged(Fact):
    """The status or the numbers of a segment's reach changed."""

    segment_id: int
    revision: int
    reach_status: ReachStatus

    @property
    def subject_id(self) -> int:
        """The segment."""
        return self.segment_id


@published
@dataclass(frozen=True, slots=True, kw_only=True)
class RunProgressed(Fact):
    """A run of a segment made progress: `progress` is from 0 to 1, `phase` is its name."""

    segment_id: int
    revision: int
    progress: float
    phase: str

    @property
    def subject_id(self) -> int:
        """The segment."""
        return self.segment_id


@published
@dataclass(frozen=True, slots=True, kw_only=True)
class MembershipChanged(Fact):
    """Members entered and exited a segment: counts, and a sample of member ids.

    `run_id` is the run of the change, or the last one if facts were added up; 0 if it is not known.
    """

    adds_up: ClassVar[bool] = True

    segment_id: int
    revision: int
    entered: int
    exited: int
    entered_sample: tuple[int, ...] = ()
    exited_sample: tuple[int, ...] = ()
    run_id: int = 0

    @property
    def subject_id(self) -> int:
        """The segment."""
        return self.segment_id

    def followed_by(self, later: Self) -> Self:
        """Add up the counts. A member that entered and exited is counted in both, as in the separate facts."""
        return replace(
            later,
            entered=self.entered + later.entered,
            exited=self.exited + later.exited,
            entered_sample=(self.entered_sample + later.entered_sample)[:SAMPLE_SIZE],
            exited_sample=(self.exited_sample + later.exited_sample)[:SAMPLE_SIZE],
        )


@published
@dataclass(frozen=True, slots=True, kw_only=True)
class ImportProgressed(Fact):
    """An import began, made progress or ended. Its row has the current state."""

    import_id: int

    @property
    def subject_id(self) -> int:
        """The import."""
        return self.import_id


@published
@dataclass(frozen=True, slots=True, kw_only=True)
class ExportProgressed(Fact):
    """An export made progress, ended or expired. Its row has the current state."""

    export_id: int

    @property
    def subject_id(self) -> int:
        """The export."""
        return self.export_id


@published
@dataclass(frozen=True, slots=True, kw_only=True)
class BulkEditProgressed(Fact):
    """A bulk edit of members made progress or ended. Its row has the current state."""

    bulk_edit_id: int

    @property
    def subject_id(self) -> int:
        """The bulk edit."""
        return self.bulk_edit_id


@published
@dataclass(frozen=True, slots=True, kw_only=True)
class ImportFinished(Fact):
    """An import that was not a dry run ended: it was completed, failed or cancelled."""

    import_id: int

    @property
    def subject_id(self) -> int:
        """The import."""
        return self.import_id


@published
@dataclass(frozen=True, slots=True, kw_only=True)
class ExportFinished(Fact):
    """The file of an export is ready, or the export failed."""

    export_id: int

    @property
    def subject_id(self) -> int:
        """The export."""
        return self.export_id


@published
@dataclass(frozen=True, slots=True, kw_only=True)
class PlaybookChanged(Fact):
    """A playbook was created, edited, paused, resumed or deleted.

    The row of a deleted playbook is gone, so the fact has what decides who may see it.
    """

    playbook_id: int
    visibility: Visibility
    created_by_id: int | None
    is_deleted: bool = False

    @property
    def subject_id(self) -> int:
        """The playbook."""
        return self.playbook_id


@published
@dataclass(frozen=True, slots=True, kw_only=True)
class MetricsChanged(Fact):
    """Campaign metrics of a segment were recorded or corrected."""

    segment_id: int

    @property
    def subject_id(self) -> int:
        """The segment."""
        return self.segment_id


@published
@dataclass(frozen=True, slots=True, kw_only=True)
class CampaignChanged(Fact):
    """A campaign was created, edited, changed to another status or deleted. Its row, if it exists, has the state."""

    campaign_id: int

    @property
    def subject_id(self) -> int:
        """The campaign."""
        return self.campaign_id


@published
@dataclass(frozen=True, slots=True, kw_only=True)
class UserChanged(Fact):
    """A user of the workspace was created, edited, deactivated or activated again. Its row has the state.

    `previous_role` is the role before, if it is another one now.
    """

    user_id: int
    previous_role: Role | None = None

    @property
    def subject_id(self) -> int:
        """The user."""
        return self.user_id

    def followed_by(self, later: Self) -> Self:
        """The role before the first of the changes counts."""
        return later if self.previous_role is None else replace(later, previous_role=self.previous_role)


@published
@dataclass(frozen=True, slots=True, kw_only=True)
class LabelChanged(Fact):
    """A label of segments was created, edited or deleted. Its row, if it exists, has the state."""

    label_id: int

    @property
    def subject_id(self) -> int:
        """The label."""
        return self.label_id


@published
@dataclass(frozen=True, slots=True, kw_only=True)
class FolderChanged(Fact):
    """A folder of segments was created, edited, moved or deleted. Its row, if it exists, has the state."""

    folder_id: int

    @property
    def subject_id(self) -> int:
        """The folder."""
        return self.folder_id


@published
@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryChanged(Fact):
    """The status of a delivery changed, or it made progress."""

    delivery_id: int
    segment_id: int
    status: DeliveryStatus
    is_progress: bool = False
    """True if only numbers changed, and not the status."""

    @property
    def subject_id(self) -> int:
        """The delivery."""
        return self.delivery_id


def encode(fact: Fact) -> bytes:
    """Encode a fact as one JSON object: tag, version and fields."""
    return orjson.dumps({"t": type(fact).__name__, "v": fact.version, "d": fact}, option=orjson.OPT_UTC_Z)


def decode(payload: bytes) -> Fact | None:
    """Decode a fact; return None if this version of the program does not know it.

    During an upgrade, processes of the old version read facts of the new one. That is not an error.
    """
    try:
        message: Any = orjson.loads(payload)
        fact_type = _BY_TAG.get(message["t"])
        if fact_type is None or message["v"] > fact_type.version:
            return None
        return _reader(fact_type)(message["d"])
    except (orjson.JSONDecodeError, ValidationError, KeyError, TypeError) as error:
        _log.warning("fact_skipped", reason=type(error).__name__, size=len(payload))
        return None


@cache
def _reader(fact_type: type[Fact]) -> Callable[[object], Fact]:
    return TypeAdapter(fact_type).validate_python
