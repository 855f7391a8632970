"""JSON for the wire: orjson, and the standard library for the few values that orjson refuses."""

import json
from typing import Final

import orjson

_WRITTEN = orjson.OPT_UTC_Z
"""An instant in UTC ends in Z, as the schema has it; see `leaves.encodes`."""

TOO_DEEP: Final = "depth limit exceeded"
"""What orjson says of JSON that is nested too deep."""
MAX_NESTED: Final = 100_000
"""Most lists and objects of a request: more take the event loop for long, and no operation takes so many."""


def encode(data: object) -> bytes:
    """Return compact JSON.

    orjson refuses integers beyond 64 bits and lone surrogates, which a JSON scalar may well hold.
    """
    try:
        return orjson.dumps(data, None, _WRITTEN)
    except TypeError:
        return json.dumps(data, separators=(",", ":"), default=_plain).encode()


def _plain(value: object) -> object:
    """What orjson can write and the standard library cannot."""
    if isinstance(value, orjson.Fragment):
        return json.loads(value.contents)
    return orjson.loads(orjson.dumps(value, None, _WRITTEN))


def is_too_nested(data: str | bytes) -> bool:
    """Whether JSON has too many lists and objects to be read at all; signs in its texts count too."""
    if isinstance(data, str):
        return data.count("{") + data.count("[") > MAX_NESTED
    return data.count(b"{") + data.count(b"[") > MAX_NESTED


def decode(data: str | bytes) -> object:
    """Read JSON. Raises `json.JSONDecodeError` for anything else."""
    return orjson.loads(data)
