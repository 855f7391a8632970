"""How long operations take and how they end, reported to an observer."""

import asyncio
from collections.abc import Callable, Iterator
from time import perf_counter

from strawberry.extensions import SchemaExtension
from strawberry.schema.exceptions import CannotGetOperationTypeError, InvalidOperationTypeError

from seggraph.transport.masking import is_internal

Observe = Callable[[str, str, float], None]
"""Takes an operation that is over: its type, how it ended, and how many seconds it took.

The type is query, mutation, subscription, or unknown when the document could not be read. It ended ok, refused (with
errors that say what to do), failed (by a fault of ours), or left (its client went away, or a subscription ended).
"""


class Measured(SchemaExtension):
    """Tells of each operation when it is over, whatever transport it came by."""

    def __init__(self, observe: Observe) -> None:
        self._observe = observe

    def on_operation(self) -> Iterator[None]:
        """Measure from before parsing to after the last result."""
        begun = perf_counter()
        try:
            yield
        except (CannotGetOperationTypeError, InvalidOperationTypeError):
            raise  # it was not run: it is tried again as another type, or refused before it came to be one
        except (asyncio.CancelledError, GeneratorExit):
            self._report("left", begun)
            raise
        except Exception:
            self._report("failed", begun)
            raise
        self._report(self._outcome(), begun)

    def _report(self, outcome: str, begun: float) -> None:
        self._observe(self._type(), outcome, perf_counter() - begun)

    def _type(self) -> str:
        try:
            return self.execution_context.operation_type.value
        except RuntimeError:  # there is no document, or none of its operations is meant
            return "unknown"

    def _outcome(self) -> str:
        errors = self.execution_context.pre_execution_errors
        if not errors:
            return "ok"
        return "failed" if any(map(is_internal, errors)) else "refused"
