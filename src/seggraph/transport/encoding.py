"""JSON for the wire: orjson, and the standard library for the few values that orjson refuses."""

import json

import orjson


def encode(data: object) -> bytes:
    """Return compact JSON.

    orjson refuses integers beyond 64 bits and lone surrogates, which a JSON scalar may well hold.
    """
    try:
        return orjson.dumps(data)
    except TypeError:
        return json.dumps(data, separators=(",", ":")).encode()


def decode(data: str | bytes) -> object:
    """Read JSON. Raises `json.JSONDecodeError` for anything else."""
    return orjson.loads(data)
