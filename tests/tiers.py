"""The fast tier of the tests: those that need no server and take no long time. `make test-fast` runs it.

A test belongs to it unless one of its fixtures starts servers, or it carries the marker `servers` because it starts
them itself, or the marker `slow`. So nobody keeps a list: a new test is in the right tier by what it asks for.
"""

import os
import sys
from collections.abc import Callable, Sequence
from typing import Any, Final, TypeVar

import pytest

F = TypeVar("F", bound=Callable[..., Any])

OPTION: Final = "--without-servers"
MARKER: Final = "servers"
SLOW: Final = "slow"
PROGRAMS: Final = frozenset({"initdb", "postgres", "redis-server", "valkey-server"})
_MARK: Final = "_seggraph_starts_servers"


def starts_servers(function: F) -> F:
    """Say of a fixture's function that it starts servers; stands below `@pytest.fixture`."""
    setattr(function, _MARK, True)
    return function


def needs_servers(item: pytest.Item) -> bool:
    """Whether a test is marked, or one of its fixtures, however far away, starts servers."""
    if item.get_closest_marker(MARKER) is not None:
        return True
    definitions = getattr(item, "_fixtureinfo").name2fixturedefs  # noqa: B009 - pytest has no public name for it
    return any(
        getattr(definition.func, _MARK, False) for found in definitions.values() for definition in found
    )


def keep_fast_ones(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Deselect what needs servers, and what is slow."""
    slow = [item for item in items if needs_servers(item) or item.get_closest_marker(SLOW) is not None]
    config.hook.pytest_deselected(items=slow)
    items[:] = [item for item in items if item not in set(slow)]


def forbid_servers() -> None:
    """Let this process start no server from now on: a test that does is in the wrong tier and fails."""
    sys.addaudithook(_refuse_servers)


def _refuse_servers(event: str, arguments: Sequence[Any]) -> None:
    if event != "subprocess.Popen":
        return
    executable, command = arguments[0], arguments[1]
    first = executable or (command if isinstance(command, str | bytes) else command[0])
    program = os.path.basename(os.fsdecode(first))
    if program in PROGRAMS:
        raise AssertionError(
            f"{program} was started by a test of the fast tier: take a fixture that starts servers,"
            f" or mark the test with pytest.mark.{MARKER}"
        )
