"""What a type of destinations is: how its settings are checked, and how a destination is opened to be called.

docs/contributing.md says how a type is added.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from seggraph.destinations.destination import Destination
from seggraph.http_client import Outgoing
from seggraph.settings import Settings
from seggraph.vocabulary import Channel


@dataclass(frozen=True, slots=True)
class DestinationOptions:
    """What people can set for a destination. A type takes the options that it needs and refuses the others.

    `auth_secret` is stored encrypted. It is None in an update that leaves the secret as it is.
    """

    channel: Channel | None = None
    url: str | None = None
    header_name: str | None = None
    auth_secret: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Environment:
    """What the process gives to destinations."""

    settings: Settings
    outgoing: Outgoing


@dataclass(frozen=True, slots=True)
class Target:
    """The list that is to be called: of a delivery, or of none, when the destination is only tested.

    `signing_secret` decrypts the secret that messages to the destination are signed with. Raises SecretUnreadable.
    """

    workspace_id: int
    destination_id: int
    delivery_id: int | None
    signing_secret: Callable[[], str]

    @property
    def list_name(self) -> str:
        """The name of the list where the name is seggraph's to choose."""
        return "test" if self.delivery_id is None else f"delivery-{self.delivery_id}"


class DestinationSettings(Protocol):
    """The settings of a destination of one type."""

    async def check(self, environment: Environment) -> None:
        """Raise Required or Invalid, with the path of the option, unless the destination can be called."""
        ...

    def open(self, environment: Environment, target: Target) -> Destination:
        """The destination, ready to be called. Raises Refused, SecretUnreadable."""
        ...


@dataclass(frozen=True, slots=True)
class DestinationDefinition:
    """A type of destinations: its name and description in the schema, and how its settings are read.

    `channel` is the only channel by which it contacts members; None if people choose one.
    """

    type: str
    description: str
    settings: Callable[[DestinationOptions], DestinationSettings]
    channel: Channel | None = None
