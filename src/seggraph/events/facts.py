"""What happened, in the past tense, and the bytes it travels as.

A fact is small and says what changed, not all that is known: who needs more reads it from the database. A new
kind of fact is a new class with `@published`. A field may be added with a default; a change that older code
would misread needs a higher `version`, and that code then skips the fact.
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

from seggraph.vocabulary import DeliveryStatus, ReachStatus, SegmentStatus, Visibility

SAMPLE_SIZE = 10
"""How many member ids a fact carries as a sample, at most, after facts were added up."""

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact(ABC):
    """Something that happened in a workspace at an instant."""

    version: ClassVar[int] = 1
    adds_up: ClassVar[bool] = False
    """False for a state: of several about one subject only the last matters. True for an increment."""

    workspace_id: int
    at: datetime

    @property
    @abstractmethod
    def subject_id(self) -> int:
        """The id of the object it is about; with the class it says which facts coalesce with each other."""

    def followed_by(self, later: Self) -> Self:
        """The one fact that says what this and a later one about the same subject said."""
        return later


_FactT = TypeVar("_FactT", bound=type[Fact])
_BY_TAG: dict[str, type[Fact]] = {}


def published(fact_type: _FactT) -> _FactT:
    """Make a class of facts known to `decode`, by its name."""
    if fact_type.__name__ in _BY_TAG:
        raise ValueError(f"two kinds of fact are called {fact_type.__name__}")
    _BY_TAG[fact_type.__name__] = fact_type
    return fact_type


@published
@dataclass(frozen=True, slots=True, kw_only=True)
class SegmentStatusChanged(Fact):
    """A segment went from one status to another; `previous_status` is None when it was created."""

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
    """A segment is no more.

    `last` is how it was read last, its criteria aside; `hidden_from` are the users that it was hidden from. Nobody
    can look up any more who might see it, so the fact says so.
    """

    segment_id: int
    revision: int
    last: dict[str, Any]
    hidden_from: tuple[int, ...] = ()

    @property
    def subject_id(self) -> int:
        """The segment that was."""
        return self.segment_id


@published
@dataclass(frozen=True, slots=True, kw_only=True)
class SegmentUpdated(Fact):
    """A person edited a segment: its name, criteria, settings, or who may see it."""

    segment_id: int

    @property
    def subject_id(self) -> int:
        """The segment."""
        return self.segment_id


@published
@dataclass(frozen=True, slots=True, kw_only=True)
class ReachChanged(Fact):
    """A segment's reach has another status, or other numbers."""

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
    """A run of a segment came further: `progress` from 0 to 1, in a named phase."""

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
    """Members entered and exited a segment: counts, and a few member ids of each.

    `run_id` is the run that moved them, the last one when facts were added up; 0: it is not known.
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
        """The sum of both counts. A member who came and went is in both, as in the two facts."""
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
    """An import began, came further, or ended: its row says how far."""

    import_id: int

    @property
    def subject_id(self) -> int:
        """The import."""
        return self.import_id


@published
@dataclass(frozen=True, slots=True, kw_only=True)
class ExportProgressed(Fact):
    """An export came further, ended, or expired: its row says how far."""

    export_id: int

    @property
    def subject_id(self) -> int:
        """The export."""
        return self.export_id


@published
@dataclass(frozen=True, slots=True, kw_only=True)
class ImportFinished(Fact):
    """An import that was no dry run is over: completed, failed or cancelled."""

    import_id: int

    @property
    def subject_id(self) -> int:
        """The import."""
        return self.import_id


@published
@dataclass(frozen=True, slots=True, kw_only=True)
class ExportFinished(Fact):
    """An export's file is ready, or it failed."""

    export_id: int

    @property
    def subject_id(self) -> int:
        """The export."""
        return self.export_id


@published
@dataclass(frozen=True, slots=True, kw_only=True)
class PlaybookChanged(Fact):
    """A playbook was created, edited, paused, resumed or deleted.

    Nobody can look up any more who might see one that is gone, so the fact says so.
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
    """The campaign metrics of a segment are others: rows were recorded or corrected."""

    segment_id: int

    @property
    def subject_id(self) -> int:
        """The segment."""
        return self.segment_id


@published
@dataclass(frozen=True, slots=True, kw_only=True)
class CampaignChanged(Fact):
    """A campaign was created, edited, led to another status or deleted: its row says what it is now, if it is."""

    campaign_id: int

    @property
    def subject_id(self) -> int:
        """The campaign."""
        return self.campaign_id


@published
@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryChanged(Fact):
    """A delivery of a segment has another status, or came further."""

    delivery_id: int
    segment_id: int
    status: DeliveryStatus
    is_progress: bool = False
    """Whether the status is the one that it had, and only its numbers are others."""

    @property
    def subject_id(self) -> int:
        """The delivery."""
        return self.delivery_id


def encode(fact: Fact) -> bytes:
    """A fact as one JSON object: tag, version, and its fields."""
    return orjson.dumps({"t": type(fact).__name__, "v": fact.version, "d": fact}, option=orjson.OPT_UTC_Z)


def decode(payload: bytes) -> Fact | None:
    """The fact in a payload, or None for one that this version of the program does not understand.

    While a new version is rolled out, old processes read what new ones publish: that is not an error.
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
