"""Large bodies of JSON, read in a thread that lets the event loop have Python in between.

orjson takes a tenth of a second and more for 8 MB, in which the event loop serves nobody, whatever thread it is called
in. The standard library calls back for each object and number, and others have Python then. What it could not give way
in, very many values in a row without an object among them, is refused by counting: no operation takes that.
"""

import asyncio
import json
import math
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import ContextVar
from json import JSONDecodeError
from typing import Any, Final, NoReturn

from seggraph.transport.codes import TransportCode
from seggraph.transport.cost.variables import VariableLimits
from seggraph.transport.encoding import MAX_NESTED, TOO_DEEP, is_too_nested
from seggraph.transport.refusals import Refused

LARGE_BYTES: Final = 512 * 1024
"""A smaller body is read at once: it takes orjson a few milliseconds."""
MAX_IN_A_ROW: Final = 50_000
"""Most values in a row without a brace: lists have 10,000 items at most, and objects 2,000 keys."""
_SLICE_BYTES: Final = 64 * 1024
"""So much is looked at before others may have Python."""
_LIMITS: Final = VariableLimits()
_SMALLEST, _LARGEST = -(2**63), 2**64 - 1
_SHORT: Final = 18
"""Digits of a number that is surely within 64 bits."""

_thread: Final = ThreadPoolExecutor(1, thread_name_prefix="large-bodies")
_decoded: ContextVar[tuple[bytes, object] | None] = ContextVar("decoded", default=None)


def decoded(body: str | bytes) -> tuple[object] | None:
    """What `read` found in this very body, in this task; None for another one."""
    known = _decoded.get()
    return None if known is None or known[0] is not body else (known[1],)


async def read(body: bytes, in_lane: Callable[[Callable[[], Awaitable[object]]], Awaitable[object]]) -> None:
    """Read a large body, and keep what is in it for `decoded`; one after the other, in the lane of its workspace.

    Raises JSONDecodeError, and Refused for what would take long to read.
    """

    async def work() -> object:
        return await asyncio.get_running_loop().run_in_executor(_thread, _checked, body)

    _decoded.set((body, await in_lane(work)))


def _checked(body: bytes) -> object:
    check(body)
    return parse(body)


def check(body: str | bytes) -> None:
    """Raise Refused for what would take long to read, by counting its signs."""
    if is_too_nested(body):
        raise _too_large(f"The request has more than {MAX_NESTED:,} lists and objects. Send less at once.")
    if len(body) < LARGE_BYTES:
        return
    body = body.encode(errors="replace") if isinstance(body, str) else body
    in_a_row = 0
    for start in range(0, len(body), _SLICE_BYTES):
        for index, part in enumerate(body[start : start + _SLICE_BYTES].replace(b"}", b"{").split(b"{")):
            in_a_row = part.count(b",") + (0 if index else in_a_row)
            if in_a_row > MAX_IN_A_ROW:
                raise _too_large(
                    f"The request has more than {MAX_IN_A_ROW:,} values in a row: at most {_LIMITS.items:,} in a"
                    f" list and {_LIMITS.keys:,} keys in an object. Send less at once."
                )


def parse(body: bytes) -> object:
    """What orjson would read. Raises JSONDecodeError, and Refused for an object with too many keys."""
    try:
        return _DECODER.decode(body.decode())
    except JSONDecodeError:
        raise
    except RecursionError as error:
        raise JSONDecodeError(TOO_DEEP, "", 0) from error
    except ValueError as error:  # no UTF-8, or a number like no other
        raise JSONDecodeError(str(error), "", 0) from error


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len(pairs) > _LIMITS.keys:
        raise _too_large(f"An object of the request has more than {_LIMITS.keys:,} keys. Send less at once.")
    return dict(pairs)


def _integer(digits: str) -> int | float:
    """A number as orjson reads it: one beyond 64 bits is a fraction."""
    if len(digits) <= _SHORT:
        return int(digits)
    number = _fraction(digits)
    exact = int(digits) if abs(number) < 2**65 else None
    return exact if exact is not None and _SMALLEST <= exact <= _LARGEST else number


def _fraction(text: str) -> float:
    number = float(text)
    if math.isinf(number):
        raise ValueError("a number is too large")
    return number


def _constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")


def _too_large(message: str) -> Refused:
    return Refused(TransportCode.VARIABLES_TOO_LARGE, message)


_DECODER: Final = json.JSONDecoder(
    object_pairs_hook=_object, parse_int=_integer, parse_float=_fraction, parse_constant=_constant
)
