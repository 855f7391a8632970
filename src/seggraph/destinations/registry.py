"""The types of destinations that there are: one line for each."""

from typing import Final

from seggraph.destinations import email_service, file_drop, http_push
from seggraph.destinations.definition import DestinationDefinition
from seggraph.destinations.destination import Refused

DESTINATIONS: Final[dict[str, DestinationDefinition]] = {
    definition.type: definition
    for definition in (
        http_push.DESTINATION,
        email_service.DESTINATION,
        file_drop.DESTINATION,
    )
}


def definition_of(type_: str) -> DestinationDefinition:
    """The definition of a type. Raises Refused for a type that this version of seggraph does not have."""
    definition = DESTINATIONS.get(type_)
    if definition is None:
        raise Refused(f"This version of seggraph has no destinations of the type {type_[:40]}.")
    return definition
