"""The enum of the types of destinations, made of the registry: a type that is registered is in the schema."""

from enum import StrEnum
from typing import Any, Final

from seggraph.api.base.enums import publish
from seggraph.destinations.registry import DESTINATIONS


def _enum() -> Any:
    make: Any = StrEnum
    enum = make("DestinationType", {type_: type_ for type_ in DESTINATIONS})
    enum.__doc__ = "The type of an outside system that segments are delivered to."
    return publish(
        enum, descriptions={type_: definition.description for type_, definition in DESTINATIONS.items()}
    )


DestinationType: Final = _enum()
