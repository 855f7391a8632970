"""The enum of the types of destinations, made of the registry: a type that is registered is in the schema."""

from enum import StrEnum
from typing import Any, Final

import strawberry
from strawberry.types.enum import StrawberryEnumDefinition

from seggraph.destinations.registry import DESTINATIONS


def _enum() -> Any:
    make: Any = StrEnum
    enum = make("DestinationType", {type_: type_ for type_ in DESTINATIONS})
    strawberry.enum(enum, description="The type of an outside system: how members are sent to it.")
    definition: StrawberryEnumDefinition = enum.__strawberry_definition__
    for value in definition.values:
        value.description = DESTINATIONS[value.name].description
    return enum


DestinationType: Final = _enum()
