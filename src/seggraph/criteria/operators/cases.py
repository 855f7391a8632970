"""What the meaning of an operator decides about: one stored value, and the values that it is compared with.

This is the side of the naive evaluator. It shares no code with the making of SQL, so that a mistake in one of them
shows as a difference; midnight too is worked out here once more.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, Final, TypeAlias
from zoneinfo import ZoneInfo

from seggraph.criteria.time.durations import Duration
from seggraph.criteria.values import Value
from seggraph.vocabulary import AttributeType

Stored: TypeAlias = str | Decimal | int | float | bool | date | datetime | tuple[str, ...]
"""A value as a member has it."""

_UTC: Final = ZoneInfo("UTC")
_ANY_TIME: Final = datetime(2000, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Case:
    """A stored value, which is set, the values given, the type of the field, and the instant and zone that count."""

    stored: Stored
    given: tuple[Value, ...]
    type: AttributeType
    as_of: datetime = _ANY_TIME
    zone: ZoneInfo = _UTC

    @property
    def instant(self) -> datetime:
        """A date or an instant as an instant: a date by its first one."""
        if isinstance(self.stored, datetime):
            return self.stored
        if isinstance(self.stored, date):
            return midnight(self.stored, self.zone)
        raise TypeError(self.stored)

    @property
    def local_day(self) -> date:
        """A date, or the local date of an instant."""
        if isinstance(self.stored, datetime):
            return self.stored.astimezone(self.zone).date()
        if isinstance(self.stored, date):
            return self.stored
        raise TypeError(self.stored)

    @property
    def length(self) -> Duration:
        """The duration given."""
        if isinstance(self.given[0], Duration):
            return self.given[0]
        raise TypeError(self.given)

    @property
    def texts(self) -> frozenset[str]:
        """A list or set of texts as a set."""
        return frozenset(self.stored) if isinstance(self.stored, tuple) else frozenset()

    @property
    def given_texts(self) -> frozenset[str]:
        """The texts given."""
        return frozenset(map(str, self.given))

    def equals(self, value: Value) -> bool:
        """Whether the stored value is the given one, or lies within the given day."""
        start, end = self._span(value)
        if end is None:
            return bool(self._position == start)
        return bool(start <= self._position < end)

    def is_after(self, value: Value) -> bool:
        """Whether the stored value is more than the given one, or later than the whole of the given day."""
        start, end = self._span(value)
        return bool(self._position > start if end is None else self._position >= end)

    def is_before(self, value: Value) -> bool:
        """Whether the stored value is less than the given one, or earlier than the given day."""
        start, _ = self._span(value)
        return bool(self._position < start)

    @property
    def _position(self) -> Any:
        """The stored value as something that sorts: a date as its first instant."""
        match self.stored:
            case date():
                return self.instant
            case int() if not isinstance(self.stored, bool):
                return Decimal(self.stored)
        return self.stored

    def _span(self, value: Value) -> tuple[Any, Any]:
        """The given value; of a day compared with instants its first instant and the first one of the next day."""
        match value:
            case datetime():
                return value, None
            case date() if self.type is AttributeType.DATETIME:
                return midnight(value, self.zone), midnight(value + timedelta(days=1), self.zone)
            case date():
                return midnight(value, self.zone), None
            case Decimal() if isinstance(self.stored, float):
                return float(value), None
        return value, None


def midnight(day: date, zone: ZoneInfo) -> datetime:
    """The first instant of a local day, in UTC."""
    try:
        return datetime.combine(day, time.min, tzinfo=zone).astimezone(UTC)
    except OverflowError:
        first = day.year == date.min.year
        return datetime.min.replace(tzinfo=UTC) if first else datetime.max.replace(tzinfo=UTC)
