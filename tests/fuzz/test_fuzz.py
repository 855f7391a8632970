"""Thousands of operations with values at the bounds of their types: no 500, no masked error, no traceback.

`python -m tests.fuzz --count 20000` tries more of them, and others each time.
"""

import asyncio
import os
import sys
from typing import Final, NoReturn

import asyncpg
import hypothesis
import pytest
from hypothesis import strategies as st

from seggraph import observability
from seggraph.context import Context
from tests.api.world import KEYS, OPEN, OWN, World, called, furnished
from tests.conftest import new_viewer
from tests.effort import tries
from tests.fuzz.asking import Asking, Found, Log, new_pool
from tests.fuzz.requests import ROOTS, WALK, Request, paths, requests
from tests.product import Server

pytestmark = [pytest.mark.slow, pytest.mark.timeout(6 * 3_600)]

COUNT: Final = int(os.environ.get("FUZZ_COUNT", tries(800, 20_000)))
SEED: Final = os.environ.get("FUZZ_SEED", "1")
"""The seed of the random choices."""
IN_A_ROW: Final = 10
"""How often one operation is tried before the next one's turn."""


@pytest.fixture
def log(logging_as_it_was: None) -> Log:
    """What is logged from warnings upwards, each line as JSON."""
    log = Log()
    observability.configure(level="warning", as_json=True, stream=log.stream)
    return log


@pytest.fixture(autouse=True)
def alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing outside can be reached, whatever address is called."""

    async def refused(*_: object, **__: object) -> NoReturn:
        raise OSError("there is no network")

    monkeypatch.setattr("seggraph.http_client._Guard.connect_tcp", refused)


async def credentials(server: Server, world: World) -> dict[str, str]:
    """Keys of every scope and tokens of every role, whose ids nobody learns, and those of another workspace."""
    found = {}
    async with server.sign_in(world.admin) as product:
        for scope in ("INGEST", "READ_WITHOUT_PERSONAL_DATA", "READ", "WRITE", "ADMIN"):
            made = await called(product, "createApiKey", "secret", name=f"fuzz {scope}", scope=scope)
            found[f"key {scope}"] = made["secret"]
        user = await called(product, "createUser", "user { id }", subject="fuzz", role="TEAM_MEMBER")
        world.keep(OPEN, "User", user["user"]["id"])
    other = await new_viewer("Other")
    for viewer in (world.admin, world.leader, world.team, other):
        name = "another workspace" if viewer is other else str(viewer.role)
        subject = f"{viewer.role.lower()}-{viewer.workspace_id}@example.com"
        found[name] = server.token(subject, viewer.workspace_id, minutes=600)
    return found


def try_many(asking: Asking, count: int) -> Found:
    """Ask `count` times, each operation as often as the others; what is wrong is kept, and the next is asked."""
    kinds: dict[str, st.SearchStrategy[Request]] = {
        f"{root}.{name}": requests(root, name) for root in ROOTS for name in WALK.fields_of(root)
    }
    kinds |= {f"paths {number}": paths() for number in range(8)}
    for number in range(max(1, round(count / len(kinds) / IN_A_ROW))):
        for kind, strategy in kinds.items():
            few = hypothesis.settings(
                max_examples=IN_A_ROW,
                database=None,
                phases=[hypothesis.Phase.generate],
                suppress_health_check=list(hypothesis.HealthCheck),
            )
            hypothesis.seed(f"{SEED} {number} {kind}")(few(hypothesis.given(strategy)(asking.ask)))()
    asking.require_askers()
    return asking.found


# The server runs in this process too, and may use what Hypothesis wants to have for itself.
@pytest.mark.filterwarnings("ignore:Do not use the `random` module inside strategies")
async def test_no_operation_breaks_the_product(
    context: Context, server: Server, connection: asyncpg.Connection, log: Log
) -> None:
    world = await furnished(context, server, connection)
    askers = await credentials(server, world)
    objects = world.objects[KEYS] | world.objects[OWN] | world.objects[OPEN]
    deadline = context.settings.operation_timeout_seconds
    asking = Asking(server.url.removesuffix("/graphql"), askers, new_pool(objects), log, deadline)
    log.faults()
    try:
        found = await asyncio.to_thread(try_many, asking, COUNT)
    finally:
        asking.close()
    sys.stdout.write(report(found))

    assert not found.faults, report(found)


def report(found: Found) -> str:
    """What was asked and answered, for people."""
    lines = [f"{found.asked.total()} requests to {len(found.asked)} operations and paths"]
    lines += [f"  {answer}: {number}" for answer, number in sorted(found.answers.items())]
    lines += [f"slowest: {found.slowest_seconds:.2f} s, {found.slowest}"]
    lines += [f"FAULT {title}\n  " + "\n  ".join(all_) for title, all_ in found.faults.items()]
    return "\n".join(lines) + "\n"
