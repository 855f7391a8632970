"""Migrations: they equal the models, their constraints bite, they go down and up, and one process runs them."""

import asyncio
import importlib
import pkgutil
import sys
from collections.abc import AsyncIterator

import asyncpg
import pytest

from seggraph import embedded, migrations
from seggraph.database import migrating

MEMBER = """
    INSERT INTO members (workspace_id, kind, ordinal, external_id{more})
    VALUES (1, {kind}, {ordinal}, {id}{values})
"""
SEGMENT = """
    INSERT INTO segments (workspace_id, name, name_key, kind, type, status, origin, visibility, reach_status,
      criteria, created_at, last_action, last_modified_at, requested_revision, computed_revision)
    VALUES ({workspace}, {name}, {key}, 1, 'DYNAMIC', {status}, 'USER', 'WORKSPACE', {reach}, {criteria}, now(),
      'CREATED', now(), 1, {computed})
"""


def member(*, kind: int = 1, ordinal: int = 0, external_id: str = "'a'", **columns: str) -> str:
    """A row of members."""
    more = "".join(f", {column}" for column in columns)
    values = "".join(f", {value}" for value in columns.values())
    return MEMBER.format(more=more, values=values, kind=kind, ordinal=ordinal, id=external_id)


def segment(**columns: object) -> str:
    """A row of segments."""
    plain: dict[str, object] = {
        "workspace": 1,
        "name": "'One'",
        "key": "'one'",
        "status": "'DRAFT'",
        "reach": "'NONE'",
        "criteria": "NULL",
        "computed": 0,
    }
    return SEGMENT.format(**plain | columns)


def chunk(table: str, cardinality: int) -> str:
    """A row of chunks or run_chunks."""
    owner = "role, owner_id" if table == "chunks" else "segment_id, run_id, move"
    values = "1, 1" if table == "chunks" else "1, 1, 1"
    return f"INSERT INTO {table} (workspace_id, {owner}, chunk, cardinality, roaring) VALUES (1, {values}, 0, {cardinality}, '')"  # noqa: E501


def campaign(**columns: str) -> str:
    """A row of campaigns."""
    plain = {"name": "'One'", "starts_on": "'2026-03-01'", "ends_on": "'2026-03-01'", "channel": "1"}
    values = plain | columns
    return f"""
        INSERT INTO campaigns (workspace_id, name_key, status, created_at, last_modified_at, {", ".join(values)})
        VALUES (1, 'one', 'DRAFT', now(), now(), {", ".join(values.values())})
    """


RUN = """
    INSERT INTO runs (workspace_id, segment_id, revision, trigger, status, started_at)
    VALUES (1, 1, 1, 'FULL', 'RUNNING', now())
"""

CHECKED = {
    "members_ordinal_positive": member(ordinal=-1),
    "members_external_id_length": member(external_id="''"),
    "members_kind_known": member(kind=8),
    "members_consents_known": member(consent_push="3"),
    "members_attributes_object": member(attributes="'[]'"),
    "attributes_name_not_empty": "INSERT INTO attributes (workspace_id, kind, name, type) VALUES (1, 1, '', 'STRING')",
    "chunks_not_empty": chunk("chunks", 0),
    "run_chunks_not_empty": chunk("run_chunks", 65_537),
    "segments_name_not_empty": segment(name="' '"),
    "segments_revisions_in_order": segment(computed=2),
    "segments_ready_has_as_of": segment(reach="'READY'"),
    "campaigns_name_not_empty": campaign(name="' '"),
    "campaigns_end_after_start": campaign(ends_on="'2026-02-28'"),
    "campaigns_channel_known": campaign(channel="6"),
    "segments_active_dynamic_has_criteria": segment(status="'ACTIVE'"),
}
"""A row that each check must refuse."""

TWICE = [
    *(
        (row, row)
        for row in (
            "INSERT INTO populations (workspace_id, kind) VALUES (1, 1)",
            "INSERT INTO attributes (workspace_id, kind, name, type) VALUES (1, 1, 'plan', 'STRING')",
            chunk("chunks", 1),
            segment(),
            campaign(),
            "INSERT INTO sources (workspace_id, segment_id, kind, created_at) VALUES (1, 1, 'MANUAL', now())",
            RUN,
            chunk("run_chunks", 1),
        )
    ),
    (member(), member(ordinal=1)),
    (member(), member(external_id="'b'")),
]
"""Pairs of rows of which the second must be refused: a segment has one run at work, a member one ordinal, …"""

WITHOUT_FOREIGN_KEYS = "SET session_replication_role = replica"


@pytest.fixture
async def empty_url(servers: embedded.Servers) -> AsyncIterator[str]:
    """A database without any table."""
    administrator = await asyncpg.connect(servers.url_of("postgres"))
    await administrator.execute("CREATE DATABASE migrated")
    yield servers.url_of("migrated")
    await administrator.execute("DROP DATABASE migrated WITH (FORCE)")
    await administrator.close()


async def test_migrations_equal_the_models(database_url: str) -> None:
    assert await migrating.write_missing(database_url) == []


def test_migrations_can_be_imported_and_are_one_chain() -> None:
    names = sorted(module.name for module in pkgutil.iter_modules(migrations.__path__))

    before: list[tuple[str, str]] = []
    for name in names:
        migration = importlib.import_module(f"{migrations.__name__}.{name}").Migration
        assert list(getattr(migration, "dependencies", None) or []) == before
        before = [("seggraph", name)]
    assert names[0] == "0001_initial"


async def test_each_check_bites(connection: asyncpg.Connection) -> None:
    await connection.execute(WITHOUT_FOREIGN_KEYS)
    for name, statement in CHECKED.items():
        with pytest.raises(asyncpg.CheckViolationError) as refused:
            await connection.execute(statement)
        assert refused.value.constraint_name == name


async def test_no_check_is_forgotten(connection: asyncpg.Connection) -> None:
    rows = await connection.fetch(
        """SELECT conname FROM pg_constraint WHERE contype = 'c' AND conrelid = ANY($1::regclass[])""",
        ["members", "attributes", "chunks", "run_chunks", "segments", "campaigns"],
    )
    assert {row["conname"] for row in rows} >= set(CHECKED)


async def test_each_unique_key_bites(connection: asyncpg.Connection) -> None:
    await connection.execute(WITHOUT_FOREIGN_KEYS)
    for first, second in TWICE:
        await connection.execute(first)
        with pytest.raises(asyncpg.UniqueViolationError):
            await connection.execute(second)
        await connection.execute("TRUNCATE members, runs CASCADE")


async def test_unique_keys_begin_with_the_workspace(connection: asyncpg.Connection) -> None:
    rows = await connection.fetch(
        """SELECT i.indexrelid::regclass::text AS index, a.attname AS first FROM pg_index i
        JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]
        WHERE i.indisunique AND NOT i.indisprimary AND i.indrelid = ANY($1::regclass[])""",
        [
            "populations",
            "members",
            "attributes",
            "chunks",
            "segments",
            "sources",
            "runs",
            "run_chunks",
            "campaigns",
            "campaign_segments",
            "campaign_metrics",
            "segment_values",
        ],
    )
    assert {row["index"]: row["first"] for row in rows if row["first"] != "workspace_id"} == {}


async def test_down_and_up_again_is_the_same(empty_url: str) -> None:
    await migrating.migrate(empty_url)
    first = await _shape(empty_url)
    await migrating.migrate(empty_url, target="__first__")
    assert set(await _shape(empty_url)) <= {"tortoise_migrations"}
    await migrating.migrate(empty_url)

    assert await _shape(empty_url) == first
    assert len(first) > 10


async def test_two_processes_migrate_at_once(empty_url: str) -> None:
    program = """
import asyncio, sys
from seggraph.database import migrating
asyncio.run(migrating.migrate(sys.argv[1]))
"""
    processes = [
        await asyncio.create_subprocess_exec(sys.executable, "-c", program, empty_url) for _ in range(2)
    ]

    assert [await process.wait() for process in processes] == [0, 0]
    connection = await asyncpg.connect(empty_url)
    assert await migrating.pending(connection) == []
    names = [row["name"] for row in await connection.fetch("SELECT name FROM tortoise_migrations")]
    assert len(names) == len(set(names))
    await connection.close()


async def _shape(url: str) -> dict[str, list[tuple[str, ...]]]:
    """The columns, constraints and indexes of each table."""
    connection = await asyncpg.connect(url)
    try:
        columns = await connection.fetch(
            """SELECT table_name::text AS name, column_name::text AS column, data_type::text AS type,
                coalesce(column_default, '') AS default, is_nullable::text AS nullable
            FROM information_schema.columns WHERE table_schema = 'public' ORDER BY 1, 2"""
        )
        indexes = await connection.fetch(
            "SELECT tablename::text AS name, indexdef FROM pg_indexes WHERE schemaname = 'public' ORDER BY 1, 2"
        )
        checks = await connection.fetch(
            """SELECT conrelid::regclass::text AS name, pg_get_constraintdef(oid) FROM pg_constraint
            WHERE contype IN ('c', 'f') AND connamespace = 'public'::regnamespace ORDER BY 1, 2"""
        )
    finally:
        await connection.close()
    shape: dict[str, list[tuple[str, ...]]] = {}
    for row in (*columns, *indexes, *checks):
        shape.setdefault(row["name"], []).append(tuple(row)[1:])
    return shape
