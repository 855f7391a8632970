"""JSON for the wire: orjson, and the standard library for the few values that orjson refuses."""

import json

import orjson

_WRITTEN = orjson.OPT_UTC_Z
"""An instant in UTC ends in Z, as the schema has it; see `leaves.encodes`."""


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


def decode(data: str | bytes) -> object:
    """Read JSON. Raises `json.JSONDecodeError` for anything else."""
    return orjson.loads(data)
