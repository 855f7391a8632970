"""The keywords of the text form, and which of them a bare field name cannot be.

The keywords of operators stand in the table of operators.
"""

import re
from typing import Final

from seggraph.criteria.operators import OPERATORS, CompareOp, EventAggregate, SetOp
from seggraph.criteria.text.tokens import DOUBLE, is_bare_name, quoted
from seggraph.vocabulary import AttributeType, Channel, ConsentState


def compared(type_: AttributeType) -> dict[CompareOp, str]:
    """The keyword of each comparison of aggregates of a type."""
    return {op: OPERATORS[op].keyword for op in OPERATORS.of_aggregate(type_)}


COUNTED: Final = {op: OPERATORS[op].keyword for op in CompareOp if OPERATORS[op].is_sign}
"""The signs that compare a count of related members."""

AGGREGATES: Final[dict[EventAggregate, str]] = {aggregate: aggregate.value for aggregate in EventAggregate}
SETS: Final[dict[SetOp, str]] = {op: OPERATORS[op].keyword for op in SetOp}
CHANNELS: Final[dict[Channel, str]] = {channel: channel.name for channel in Channel}
STATES: Final[dict[ConsentState, str]] = {state: f"IS {state.name}" for state in ConsentState}

UNITS: Final = ("YEAR", "MONTH", "WEEK", "DAY", "HOUR", "MINUTE", "SECOND")
"""The units of durations, in the order in which a duration names them."""

RESERVED: Final = frozenset(AGGREGATES.values()) | {
    "ALL",
    "AND",
    "ANY",
    "CONSENT",
    "EVENT",
    "FALSE",
    "IN",
    "NOT",
    "OR",
    "RELATED",
    "SAMPLE",
    "SEQUENCE",
    "TAGS",
    "TRUE",
}
"""Words that name a field only in double quotes."""

_ISO = re.compile(
    r"P(?:([0-9]+)Y)?(?:([0-9]+)M)?(?:([0-9]+)W)?(?:([0-9]+)D)?(?:T(?:([0-9]+)H)?(?:([0-9]+)M)?(?:([0-9]+)S)?)?"
)
_ISO_WORD = re.compile(r"P[0-9YMWDTHS]{1,59}")


def field_name(name: str) -> str:
    """The name of a field as text: bare where that is possible, otherwise in double quotes."""
    bare = is_bare_name(name) and not (name.isascii() and name.upper() in RESERVED)
    return name if bare else quoted(name, DOUBLE)


def is_iso_length(word: str) -> bool:
    """Whether a bare word looks like a duration of ISO 8601. The checker decides whether it is one."""
    return _ISO_WORD.fullmatch(word) is not None


def iso_length(counts: dict[str, int]) -> str:
    """The ISO 8601 duration of counts by unit."""
    days = "".join(f"{counts[unit]}{unit[0]}" for unit in UNITS[:4] if unit in counts)
    seconds = "".join(f"{counts[unit]}{unit[0]}" for unit in UNITS[4:] if unit in counts)
    return f"P{days}T{seconds}" if seconds else f"P{days}"


def length_in_words(iso: str) -> str:
    """`P1Y6M` as `1 YEAR 6 MONTHS`, or the ISO text itself if the words would be read back as another text."""
    match = _ISO.fullmatch(iso)
    counts = (
        {unit: int(count) for unit, count in zip(UNITS, match.groups(), strict=True) if count}
        if match
        else {}
    )
    if not counts or iso_length(counts) != iso:
        return iso
    return " ".join(f"{count} {unit}{'' if count == 1 else 'S'}" for unit, count in counts.items())
