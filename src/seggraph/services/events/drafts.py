"""What a client says about one event, cleaned. Each mistake names its field."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final

import orjson

from seggraph.errors import Invalid, Problems, Required, SeggraphError, TooLong
from seggraph.row_errors import RefusedValue
from seggraph.values.attribute_values import storable_text
from seggraph.vocabulary import MemberKind

MAX_NAME: Final = 100
MAX_EXTERNAL_ID: Final = 255
MAX_PROPERTIES_BYTES: Final = 4_096
MAX_VALUE: Final = Decimal(10) ** 16
"""Values lie below it on either side of zero."""

_CENTS = Decimal("0.0001")
_ESCAPED_NUL = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")


@dataclass(frozen=True, slots=True)
class EventDraft:
    """A cleaned row. `properties` is JSON text, or None for none; without an external id it is always new."""

    kind: MemberKind
    member_external_id: str
    name: str
    occurred_at: datetime
    value: Decimal | None
    properties: str | None
    external_id: str | None

    @property
    def member(self) -> tuple[MemberKind, str]:
        """The kind and external id of the member who did it."""
        return self.kind, self.member_external_id


@dataclass(frozen=True, slots=True)
class Period:
    """When events may have occurred: from `earliest`, up to and including `latest`."""

    earliest: datetime
    latest: datetime
    is_retention: bool
    """Whether `earliest` is where the workspace's retention begins."""


def clean(row: Mapping[str, Any], period: Period) -> EventDraft:
    """Clean one row, whose keys are the fields of the GraphQL `EventInput`; optional ones may be absent.

    Raises a SeggraphError whose path is the field, or Problems of several.
    """
    problems: list[SeggraphError] = []

    def cleaned(field: str, clean_field: Any, *arguments: Any) -> Any:
        value = row.get(field)
        if isinstance(value, RefusedValue):
            problems.append(value.problem(field))
            return None
        try:
            return clean_field(value, *arguments)
        except SeggraphError as problem:
            problem.path = (field, *problem.path)
            problems.append(problem)
            return None

    draft = EventDraft(
        cleaned("kind", _kind),
        cleaned("memberExternalId", _external_id),
        cleaned("name", clean_name),
        cleaned("occurredAt", _instant, period),
        cleaned("value", _value),
        cleaned("properties", _properties),
        None if row.get("externalId") is None else cleaned("externalId", _external_id),
    )
    if problems:
        raise problems[0] if len(problems) == 1 else Problems(problems)
    return draft


def clean_name(value: object) -> str:
    """The name of an event: it is compared exactly. Raises Required, Invalid or TooLong."""
    if value is None or value == "":
        raise Required("Give the name of the event, like order.")
    if not isinstance(value, str) or not value.isprintable() or value != value.strip():
        raise Invalid("The name of an event has no spaces around it and no control characters.")
    if len(value) > MAX_NAME:
        raise TooLong(f"The name of an event has at most {MAX_NAME} characters; this has {len(value)}.")
    return value


def _kind(value: object) -> MemberKind:
    if not isinstance(value, MemberKind):
        raise Required("Say what the member is, like PERSON.")
    return value


def _external_id(value: object) -> str:
    if value is None:
        raise Required("Give an external id.")
    if not isinstance(value, str) or not storable_text(value, len(value)):
        raise Invalid("An external id is a text without NUL characters and lone surrogates.")
    trimmed = value.strip()
    if not trimmed:
        raise Required("An external id may not be empty.")
    if len(trimmed) > MAX_EXTERNAL_ID:
        raise TooLong(f"An external id has at most {MAX_EXTERNAL_ID} characters; this has {len(trimmed)}.")
    return trimmed


def _instant(value: object, period: Period) -> datetime:
    if value is None:
        raise Required("Say when it was, like 2026-01-31T09:30:00Z.")
    if not isinstance(value, datetime) or value.tzinfo is None:
        raise Invalid("A time has a date, a time and an offset, like 2026-01-31T09:30:00Z.")
    if value > period.latest:
        raise Invalid(
            "This is more than a day in the future; check the clock and the time zone of the sender."
        )
    if value < period.earliest:
        since = f"{period.earliest:%Y-%m-%d}"
        if period.is_retention:
            raise Invalid(f"The workspace keeps events since {since}; this is older.")
        raise Invalid(f"Events are kept since {since}; check the unit of the time.")
    return value.astimezone(UTC)


def _value(value: object) -> Decimal | None:
    if value is None:
        return None
    if not isinstance(value, Decimal):
        raise Invalid("A value is a decimal, written as a text like 49.90.")
    if not value.is_finite() or abs(value) >= MAX_VALUE or value != value.quantize(_CENTS):
        raise Invalid("A value is an amount below 10^16 with at most 4 decimals.")
    return value


def _properties(value: object) -> str | None:
    if not value and (value is None or value == {}):
        return None
    if not isinstance(value, dict):
        raise Invalid("Properties are an object of names and values.")
    try:
        text = orjson.dumps(value)
    except TypeError as error:
        message = "Properties are JSON, with whole numbers of at most 64 bits and without lone surrogates."
        raise Invalid(message) from error
    if len(text) > MAX_PROPERTIES_BYTES:
        raise TooLong(
            f"Properties have at most {MAX_PROPERTIES_BYTES} bytes of JSON; these have {len(text)}."
        )
    if b"\\u0000" in text and _ESCAPED_NUL.search(text):
        raise Invalid("Properties are stored as text of the database, which has no NUL characters.")
    return text.decode()
