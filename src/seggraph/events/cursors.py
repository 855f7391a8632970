"""Positions in the stream of a workspace, and the opaque cursors that clients get for them.

A cursor identifies one entry that was in the stream, and the epoch of the stream at that time. Clients do not decode
cursors, so their content may change.
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
    """An entry of a stream. Positions can be compared by `entry` only if they have the same epoch.

    `epoch` is 16 hexadecimal digits; `entry` is the id from Redis: milliseconds and a sequence number.
    """

    epoch: str
    entry: tuple[int, int]

    @property
    def entry_id(self) -> str:
        """The id of the entry in the format of Redis."""
        return f"{self.entry[0]}-{self.entry[1]}"

    def reaches(self, other: "Position") -> bool:
        """Whether a reader at this position has seen everything up to and including `other`."""
        return self.epoch == other.epoch and self.entry >= other.entry


def encode(position: Position) -> str:
    """Encode a position as a cursor: URL-safe base64 without padding."""
    plain = f"{position.epoch}:{position.entry_id}".encode()
    return base64.urlsafe_b64encode(plain).rstrip(b"=").decode()


NOTHING_SEEN: Final = encode(Position("0" * 16, (0, 0)))
"""The cursor for a subscriber that has not seen everything: continuing from it always leads to a resync."""


def decode(cursor: str, *, path: Path = ()) -> Position:
    """Decode a cursor. Whether its position is still in the stream is not checked here.

    Raises BadCursor, with `path`, for a text that `encode` cannot have returned.
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
