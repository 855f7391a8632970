"""Where a reader stands in a workspace's stream, and the opaque text that clients keep of it.

A cursor names one entry that really was in the stream, together with the epoch the stream had then. Clients
never look inside, so what it holds may change.
"""

import base64
import binascii
import re
from dataclasses import dataclass
from typing import Final

from seggraph.errors import BadCursor, Path

_PLAIN = re.compile(rb"([0-9a-f]{16}):([0-9]{1,19})-([0-9]{1,19})")


@dataclass(frozen=True, slots=True)
class Position:
    """An entry of a stream. Positions can be compared by `entry` only while the epoch is the same.

    `epoch` is 16 hexadecimal digits; `entry` is the id that Redis gave: milliseconds and a sequence number.
    """

    epoch: str
    entry: tuple[int, int]

    @property
    def entry_id(self) -> str:
        """The entry's id as Redis writes it."""
        return f"{self.entry[0]}-{self.entry[1]}"

    def reaches(self, other: "Position") -> bool:
        """Whether everything up to and including `other` lies behind a reader who stands here."""
        return self.epoch == other.epoch and self.entry >= other.entry


def encode(position: Position) -> str:
    """The cursor of a position: URL-safe base64 without padding."""
    plain = f"{position.epoch}:{position.entry_id}".encode()
    return base64.urlsafe_b64encode(plain).rstrip(b"=").decode()


NOTHING_SEEN: Final = encode(Position("0" * 16, (0, 0)))
"""The cursor of one who has seen too little to continue: whoever comes back with it must resync."""


def decode(cursor: str, *, path: Path = ()) -> Position:
    """The position a cursor stands for; that it is still in the stream is for the stream to say.

    Raises BadCursor, with `path`, for anything that `encode` cannot have given.
    """
    try:
        plain = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError) as error:
        raise _bad(path) from error
    found = _PLAIN.fullmatch(plain)
    if found is None:
        raise _bad(path)
    epoch, milliseconds, sequence = found.groups()
    position = Position(epoch.decode(), (int(milliseconds), int(sequence)))
    if encode(position) != cursor:
        raise _bad(path)
    return position


def _bad(path: Path) -> BadCursor:
    return BadCursor(
        "This is not a cursor that an event came with; leave it out to start from now.", path=path
    )
