"""The words of the language: how each operator is said, and which words a bare field name cannot be."""

import re
from typing import Final

from seggraph.criteria.operators import AttributeOp, CompareOp, EventAggregate, SetOp
from seggraph.criteria.text.tokens import DOUBLE, is_bare_name, quoted
from seggraph.vocabulary import Channel, ConsentState

OPERATORS: Final[dict[AttributeOp, str]] = {
    AttributeOp.EQ: "=",
    AttributeOp.NE: "!=",
    AttributeOp.GT: ">",
    AttributeOp.GTE: ">=",
    AttributeOp.LT: "<",
    AttributeOp.LTE: "<=",
    AttributeOp.IN: "IN",
    AttributeOp.NOT_IN: "NOT IN",
    AttributeOp.BETWEEN: "BETWEEN",
    AttributeOp.CONTAINS: "CONTAINS",
    AttributeOp.NOT_CONTAINS: "NOT CONTAINS",
    AttributeOp.STARTS_WITH: "STARTS WITH",
    AttributeOp.ENDS_WITH: "ENDS WITH",
    AttributeOp.BEFORE: "BEFORE",
    AttributeOp.AFTER: "AFTER",
    AttributeOp.ON: "ON",
    AttributeOp.WITHIN_LAST: "IN LAST",
    AttributeOp.NOT_WITHIN_LAST: "NOT IN LAST",
    AttributeOp.WITHIN_NEXT: "IN NEXT",
    AttributeOp.ANNIVERSARY_WITHIN: "ANNIVERSARY IN NEXT",
    AttributeOp.HAS_ANY: "HAS ANY",
    AttributeOp.HAS_ALL: "HAS ALL",
    AttributeOp.HAS_NONE: "HAS NONE",
    AttributeOp.IS_SET: "IS SET",
    AttributeOp.IS_NOT_SET: "IS NOT SET",
}
"""How each comparison of a field is said."""

COMPARED: Final[dict[CompareOp, str]] = {op: OPERATORS[AttributeOp(op.value)] for op in CompareOp}
"""How each comparison of an aggregate is said: as that of a field."""

COMPARED_NUMBERS: Final = {
    op: COMPARED[op] for op in list(CompareOp)[: list(CompareOp).index(CompareOp.BETWEEN) + 1]
}
"""The comparisons of numbers; instants have all of them."""

COUNTED: Final[dict[CompareOp, str]] = {
    op: phrase for op, phrase in COMPARED.items() if not phrase[0].isalpha()
}
"""How a count of related members is compared: by signs."""

AGGREGATES: Final[dict[EventAggregate, str]] = {aggregate: aggregate.value for aggregate in EventAggregate}
LENGTHS: Final = frozenset({"WITHIN_LAST", "NOT_WITHIN_LAST", "WITHIN_NEXT", "ANNIVERSARY_WITHIN"})
"""The operators that are followed by a length of time."""

SETS: Final[dict[SetOp, str]] = {
    SetOp.HAS_ANY: "HAS ANY",
    SetOp.HAS_ALL: "HAS ALL",
    SetOp.HAS_NONE: "HAS NONE",
}
CHANNELS: Final[dict[Channel, str]] = {channel: channel.name for channel in Channel}
STATES: Final[dict[ConsentState, str]] = {state: f"IS {state.name}" for state in ConsentState}

INSTANTS: Final = frozenset({EventAggregate.FIRST_AT, EventAggregate.LAST_AT})
"""The aggregates that are instants; the others are numbers."""

UNITS: Final = ("YEAR", "MONTH", "WEEK", "DAY", "HOUR", "MINUTE", "SECOND")
"""The units of lengths of time, in the order in which they follow each other."""

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
"""Words that are no field unless they stand in double quotes."""

_ISO = re.compile(
    r"P(?:([0-9]+)Y)?(?:([0-9]+)M)?(?:([0-9]+)W)?(?:([0-9]+)D)?(?:T(?:([0-9]+)H)?(?:([0-9]+)M)?(?:([0-9]+)S)?)?"
)
_ISO_WORD = re.compile(r"P[0-9YMWDTHS]{1,59}")


def field_name(name: str) -> str:
    """A field as text: bare where it can be, otherwise in double quotes."""
    bare = is_bare_name(name) and not (name.isascii() and name.upper() in RESERVED)
    return name if bare else quoted(name, DOUBLE)


def is_iso_length(word: str) -> bool:
    """Whether a bare word is meant as a duration of ISO 8601; whether it is a good one, the checker says."""
    return _ISO_WORD.fullmatch(word) is not None


def iso_length(counts: dict[str, int]) -> str:
    """The ISO 8601 of counts by unit."""
    days = "".join(f"{counts[unit]}{unit[0]}" for unit in UNITS[:4] if unit in counts)
    seconds = "".join(f"{counts[unit]}{unit[0]}" for unit in UNITS[4:] if unit in counts)
    return f"P{days}T{seconds}" if seconds else f"P{days}"


def length_in_words(iso: str) -> str:
    """`P1Y6M` as `1 YEAR 6 MONTHS`; the ISO text itself where words would not read back as the same."""
    match = _ISO.fullmatch(iso)
    counts = (
        {unit: int(count) for unit, count in zip(UNITS, match.groups(), strict=True) if count}
        if match
        else {}
    )
    if not counts or iso_length(counts) != iso:
        return iso
    return " ".join(f"{count} {unit}{'' if count == 1 else 'S'}" for unit, count in counts.items())
