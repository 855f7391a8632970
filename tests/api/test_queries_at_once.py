"""Queries that are alike and sent at once share executions: nobody sees what is old, or what another one may see."""

import asyncio
from typing import Any

import pytest

from seggraph.access import Viewer
from seggraph.transport.compiled.compiler import CompiledOperation
from seggraph.vocabulary import Role
from tests.api.test_hiding import NAMES, created, draft, user
from tests.conftest import new_viewer
from tests.product import Product, Server

RENAME = "mutation ($i: UpdateSegmentInput!) { updateSegment(input: $i) { errors { message } } }"
AT_ONCE = 10
EDITS = 15


@pytest.fixture
def executions(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """The executions of known queries."""
    begun: list[Any] = []
    read = CompiledOperation.program

    def counted(operation: CompiledOperation, *arguments: Any) -> Any:
        begun.append(operation)
        return read(operation, *arguments)

    monkeypatch.setattr(CompiledOperation, "program", counted)
    return begun


def names(data: dict[str, Any]) -> list[str]:
    return [node["name"] for node in data["segments"]["nodes"]]


async def test_what_is_asked_after_an_edit_shows_it(product: Product) -> None:
    id_ = await created(product, draft("Ours 0"))
    await product.run(NAMES)
    seen_late: list[tuple[int, list[str]]] = []
    newest, is_over = 0, False

    async def look() -> None:
        while not is_over:
            least = newest
            [name] = names(await product.run(NAMES))
            if int(name.removeprefix("Ours ")) < least:
                seen_late.append((least, [name]))

    looking = [asyncio.create_task(look()) for _ in range(AT_ONCE)]
    for number in range(1, EDITS + 1):
        payload = await product.run(RENAME, i={"id": id_, "name": f"Ours {number}"})
        assert payload["updateSegment"]["errors"] == []
        newest = number
        assert names(await product.run(NAMES)) == [f"Ours {number}"]
    is_over = True
    await asyncio.gather(*looking)

    assert seen_late == []


async def test_those_who_ask_at_once_share_executions(product: Product, executions: list[Any]) -> None:
    await created(product, draft("Ours"))
    await product.run(NAMES)
    executions.clear()

    answers = await asyncio.gather(*(product.run(NAMES) for _ in range(50)))

    assert [names(answer) for answer in answers] == [["Ours"]] * 50
    assert len(executions) < 50


async def test_others_get_answers_of_their_own(server: Server, viewer: Viewer) -> None:
    member = await new_viewer("", Role.TEAM_MEMBER, workspace_id=viewer.workspace_id)
    async with server.sign_in(viewer) as admin, server.sign_in(member) as other:
        await created(admin, draft("Ours"))
        await created(admin, draft("Ours too", hiddenFromIds=[user(member)]))
        await admin.run(NAMES)

        asked = [asker.run(NAMES) for _ in range(20) for asker in (admin, other)]
        answers = [answer["segments"]["totalCount"] for answer in await asyncio.gather(*asked)]

    assert answers[0::2] == [2] * 20
    assert answers[1::2] == [1] * 20


async def test_each_pays_for_its_query(product: Product) -> None:
    query = "{ rateLimit { remaining } segments(first: 100) { nodes { id } } }"
    await product.run(query)

    answers = await asyncio.gather(*(product.run(query) for _ in range(20)))
    after = await product.run(query)

    cost = (await product.raw(query))["extensions"]["cost"]["requested"]
    least = min(answer["rateLimit"]["remaining"] for answer in answers)
    assert least - after["rateLimit"]["remaining"] < 20 * cost
