"""The custom scalars, each with the specification that says what its text looks like."""

from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, Final, NewType

import strawberry
from strawberry.schema.config import StrawberryConfig

from seggraph.criteria import Duration
from seggraph.transport.compiled.leaves import Quoted, encodes
from seggraph.values import iso_times

JSON = NewType("JSON", object)
DurationText = NewType("DurationText", str)

MAX_INT: Final = 2**31 - 1
"""The largest number that GraphQL's Int can say."""


def as_int(count: int) -> int:
    """A count as an Int says it: what is more than an Int can say is the most that it can, and no failed answer."""
    return min(count, MAX_INT)


def _parse_instant(value: Any) -> datetime:
    if not isinstance(value, str):
        raise ValueError("a DateTime is a text like 2026-01-31T09:30:00Z")
    try:
        instant = iso_times.parse_time(value) or datetime.fromisoformat(value)
        if instant.tzinfo is None:
            raise ValueError
        return instant.astimezone(UTC)
    except (ValueError, OverflowError):
        raise ValueError("a DateTime has a date, a time and an offset, like 2026-01-31T09:30:00Z") from None


@encodes(
    datetime,
    sql=Quoted(
        "replace(to_char({v} AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"'), '.000000Z', 'Z')"
    ),
)
def _show_instant(value: datetime) -> str:
    return value.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _parse_day(value: Any) -> date:
    try:
        if not isinstance(value, str) or len(value) != 10:
            raise ValueError
        return date.fromisoformat(value)
    except ValueError:
        raise ValueError("a Date is a calendar date like 2026-01-31") from None


def _parse_decimal(value: Any) -> Decimal:
    try:
        if isinstance(value, bool) or not isinstance(value, int | float | str) or len(str(value)) > 60:
            raise ValueError
        number = Decimal(str(value))
        if not number.is_finite():
            raise ValueError
    except (InvalidOperation, ValueError):
        raise ValueError("a decimal is a text like 1250.50") from None
    return number


@encodes(date, sql="{v}")
def _show_day(value: date) -> str:
    return date.isoformat(value)


@encodes(object, sql="{v}")
def _as_it_is(value: Any) -> Any:
    return value


@encodes(None, sql=Quoted("trim_scale({v})::text"))
def _show_decimal(value: Decimal) -> str:
    return f"{value.normalize():f}" if value else "0"


def _parse_duration(value: Any) -> DurationText:
    if not isinstance(value, str):
        raise ValueError("a Duration is a text like P30D or PT4H")
    return DurationText(Duration.parse(value).iso)


DateTime = strawberry.scalar(
    name="DateTime",
    description="A point in time as RFC 3339 text in UTC, like 2026-01-31T09:30:00Z. In TypeScript: string.",
    specified_by_url="https://www.rfc-editor.org/rfc/rfc3339",
    serialize=_show_instant,
    parse_value=_parse_instant,
)
Date = strawberry.scalar(
    name="Date",
    description="A calendar date like 2026-01-31. In TypeScript: string.",
    specified_by_url="https://www.rfc-editor.org/rfc/rfc3339",
    serialize=_show_day,
    parse_value=_parse_day,
)
DecimalScalar = strawberry.scalar(
    name="Decimal",
    description="An exact decimal number as text, like 1250.5, for money and ratios. In TypeScript: string.",
    serialize=_show_decimal,
    parse_value=_parse_decimal,
)
DurationScalar = strawberry.scalar(
    name="Duration",
    description="A duration as ISO 8601 text, like P30D or PT4H. In TypeScript: string.",
    specified_by_url="https://en.wikipedia.org/wiki/ISO_8601#Durations",
    serialize=str,
    parse_value=_parse_duration,
)
JsonScalar = strawberry.scalar(
    name="JSON",
    description="Any JSON value. In TypeScript: unknown.",
    specified_by_url="https://www.rfc-editor.org/rfc/rfc8259",
    serialize=_as_it_is,
    parse_value=lambda value: value,
)

CONFIG = StrawberryConfig(
    scalar_map={
        datetime: DateTime,
        date: Date,
        Decimal: DecimalScalar,
        DurationText: DurationScalar,
        JSON: JsonScalar,
    }
)
"""The schema's configuration: which Python types are which scalars."""
