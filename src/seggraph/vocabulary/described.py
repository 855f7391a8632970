"""Enums whose values carry a description, so that the schema and the documents take it from where they are defined.

A value is written as its stored value and its description: `PERSON = 1, "A person."`. Apart from the attribute
`description` such a value behaves like one of `IntEnum` or `StrEnum`.
"""

from enum import IntEnum, StrEnum
from typing import Self


class DescribedIntEnum(IntEnum):
    """An enum that is stored as `smallint`, each value with a description."""

    _value_: int
    description: str
    """What the value means, for clients of the API: at least one whole sentence."""

    def __new__(cls, value: int, description: str = "") -> Self:
        """A member of the enum. Looking one up by its value takes the value alone."""
        member = int.__new__(cls, value)
        member._value_ = value
        member.description = description
        return member


class DescribedStrEnum(StrEnum):
    """An enum that is stored as text, each value with a description."""

    _value_: str
    description: str
    """What the value means, for clients of the API: at least one whole sentence."""

    def __new__(cls, value: str, description: str = "") -> Self:
        """A member of the enum. Looking one up by its value takes the value alone."""
        member = str.__new__(cls, value)
        member._value_ = value
        member.description = description
        return member
