"""The records around the accounts and people of the demo: every kind and relation, the same each time."""

from datetime import date
from typing import Any

import asyncpg

from seggraph.access import Viewer
from seggraph.context import Context
from seggraph.demo import records as demo_records
from seggraph.demo import seeding
from seggraph.demo.segments import EXAMPLE_FOLDERS, EXAMPLE_LABELS, RECORD_SEGMENTS
from seggraph.vocabulary import MemberKind, RelationType

AS_OF = date(2026, 3, 1)
COUNTS = "SELECT (SELECT count(*) FROM members), (SELECT count(*) FROM relations), (SELECT count(*) FROM playbooks)"

LABELLED = """
    SELECT l.name AS label, s.name FROM segment_labels o JOIN labels l ON l.id = o.label_id
    JOIN segments s ON s.id = o.segment_id
"""
FILED = "SELECT f.name AS folder, s.name FROM segments s JOIN folders f ON f.id = s.folder_id"


def test_records_are_the_same_each_time_and_others_for_another_seed() -> None:
    assert demo_records.records(1, 50, 200, as_of=AS_OF) == demo_records.records(1, 50, 200, as_of=AS_OF)
    assert demo_records.records(1, 50, 200, as_of=AS_OF) != demo_records.records(2, 50, 200, as_of=AS_OF)


async def test_seeding_stores_every_kind_and_relation_once(
    context: Context, connection: asyncpg.Connection, viewer: Viewer
) -> None:
    async def seed() -> Any:
        await seeding.seed(context, viewer.workspace_id, 200, number=7, as_of=AS_OF, advance=lambda _: None)
        return await connection.fetchrow(COUNTS)

    first = await seed()

    kinds = await connection.fetch("SELECT DISTINCT kind FROM members")
    assert {row["kind"] for row in kinds} == set(MemberKind)
    types = await connection.fetch("SELECT DISTINCT relation FROM relations")
    assert {row["relation"] for row in types} == set(RelationType)
    assert await connection.fetchval("SELECT count(*) FROM pending_relations") == 0
    names = {
        row["name"] for row in await connection.fetch("SELECT name FROM segments WHERE status = 'ACTIVE'")
    }
    assert names >= {segment.name for segment in RECORD_SEGMENTS}
    labelled = {(row["label"], row["name"]) for row in await connection.fetch(LABELLED)}
    assert labelled == {(label, name) for label, (_, named) in EXAMPLE_LABELS.items() for name in named}
    filed = {(row["folder"], row["name"]) for row in await connection.fetch(FILED)}
    assert filed == {(folder, name) for folder, named in EXAMPLE_FOLDERS.items() for name in named}
    assert await seed() == first
    assert await seeding.count_members(viewer.workspace_id) == 200
