"""Checked criteria belong to a context: they are checked once, and no other context knows them."""

import asyncpg

from seggraph.access import Viewer
from seggraph.context import CheckedDocument, Context, new_checked_criteria
from seggraph.services.changes import populations
from seggraph.services.reach import reach
from seggraph.services.rules import rule_answers, rules
from seggraph.vocabulary import ConsentPolicy
from tests.services.computing import ACCOUNT, country, new_segment


async def test_criteria_are_checked_once_by_each_context(
    context: Context, viewer: Viewer, connection: asyncpg.Connection
) -> None:
    segment = await new_segment(context, viewer, country("DE"))
    found = (await rules.of_segments(connection, viewer.workspace_id, [segment.id]))[segment.id]
    settings = await populations.describe(connection, viewer.workspace_id, ACCOUNT)
    assert len(context.checked_criteria) == 0

    first = await rule_answers.checked(context, connection, settings, found)
    again = await rule_answers.checked(context, connection, settings, found)

    assert first[found[0]] is again[found[0]]
    assert list(context.checked_criteria) == [(viewer.workspace_id, ACCOUNT, found[0].document)]
    assert context.checked_criteria.currsize == len(found[0].document)


def test_criteria_that_were_not_used_for_the_longest_go_first() -> None:
    kept = new_checked_criteria()
    half = kept.maxsize // 2
    [tree, *_] = reach.criteria(ConsentPolicy.OPT_OUT)
    for document in ("a", "b"):
        kept[1, ACCOUNT, document] = CheckedDocument(tree, int(half))
    assert kept.get((1, ACCOUNT, "a")) is not None

    kept[1, ACCOUNT, "c"] = CheckedDocument(tree, 1)

    assert [document for _, _, document in kept] == ["a", "c"]
