"""What tests of erasing share: an account that is known in every way there is, and where it still is."""

import asyncio
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import asyncpg

from seggraph.access import Viewer
from seggraph.audiences import from_bytes
from seggraph.context import Context
from seggraph.services.events import events
from seggraph.services.imports import imports
from seggraph.services.members import members, relations, upserts
from seggraph.services.members.selections import Selection
from seggraph.vocabulary import MemberKind
from tests.services.computing import (
    ACCOUNT,
    put,
)
from tests.services.importing import imported, uploaded

MARK = "forget-me-7f3a"
PATIENCE_SECONDS = 120.0


def named(*external_ids: str) -> Selection:
    return Selection(kind=ACCOUNT, external_ids=external_ids)


async def traces(connection: asyncpg.Connection, ordinal: int) -> list[str]:
    """Where in the database the marker or an account's ordinal still is: every table, every column."""
    found = []
    tables = await connection.fetch(
        "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')"
    )
    assert len(tables) > 15
    for (table,) in tables:
        for row in await connection.fetch(f'SELECT * FROM "{table}"'):
            values = dict(row)
            if MARK in repr(values) or MARK.encode() in b"".join(
                value for value in values.values() if isinstance(value, bytes)
            ):
                found.append(f"{table}: {values}")
            kinds = {
                value for key, value in values.items() if key.endswith("kind") and isinstance(value, int)
            }
            for column, value in values.items():
                if column in ("roaring", "ordinals", "refreshed") and value is not None:
                    if ordinal in from_bytes(value) and (not kinds or ACCOUNT in kinds):
                        found.append(f"{table}.{column}: {values}")
                elif column.endswith("ordinal") and value == ordinal:
                    kind = values.get(column.replace("ordinal", "kind"), values.get("kind"))
                    if kind == ACCOUNT and column != "next_ordinal":
                        found.append(f"{table}.{column}: {values}")
    return found


async def everything_about(context: Context, viewer: Viewer) -> int:
    """An account that is known in every way there is, among others; returns its ordinal."""
    await put(
        context, viewer, *({"externalId": f"a{n}", "country": "DE", "address": "Street"} for n in range(7))
    )
    await put(
        context,
        viewer,
        externalId=MARK,
        name=f"Name {MARK}",
        email=f"{MARK}@example.com",
        country="DE",
        city=MARK,
        address=f"{MARK} street",
        tags=[MARK],
        attributes={"note": MARK, "list": [MARK]},
    )
    for kind, external_id in ((MemberKind.PERSON, "p"), (MemberKind.DEAL, "d")):
        await upserts.upsert(context, viewer, kind, [{"externalId": external_id}])
    rows = [
        ("people", MemberKind.PERSON, "p"),
        ("deals", MemberKind.DEAL, "d"),
        ("people", MemberKind.PERSON, "nobody yet"),
    ]
    report = await relations.relate(
        context,
        viewer,
        [
            {
                "relation": name,
                "fromKind": ACCOUNT,
                "fromExternalId": MARK,
                "toKind": kind,
                "toExternalId": to,
            }
            for name, kind, to in rows
        ],
    )
    assert (report.related, report.pending) == (2, 1)
    recorded = await events.record(
        context,
        viewer,
        [
            {
                "kind": ACCOUNT,
                "memberExternalId": MARK,
                "name": "order",
                "occurredAt": datetime.now(UTC) - timedelta(days=n),
                "value": Decimal(5),
                "properties": {"of": MARK},
                "externalId": f"{MARK}-{n}",
            }
            for n in range(3)
        ],
    )
    assert recorded.accepted == 3
    found = await members.find_by_external_id(viewer, ACCOUNT, MARK)
    assert found is not None
    return found.ordinal


async def imports_that_name_it(context: Context, viewer: Viewer) -> int:
    """Imports with rows of the account that were not taken, and files that wait; returns one without it."""
    rows = [
        f"{MARK},{MARK}@example.com",
        "a1,z@example.com",
        "a1,again@example.com",
        f"{MARK},twice@example.com",
    ]
    mails = [f",{MARK}@example.com", ",nobody@example.com", f",{MARK}@EXAMPLE.com "]
    pairs = {"id": "externalId", "mail": "email"}
    for lines, dry_run in ((rows, False), (mails, False), ([f"{MARK},", f"{MARK},"], True)):
        made = await imported(context, viewer, "\n".join(["id,mail", *lines]), pairs, dry_run=dry_run)
        async with asyncio.timeout(PATIENCE_SECONDS):
            while not (await imports.get(viewer, made.id)).is_over:  # noqa: ASYNC110 - a worker may be at it
                await asyncio.sleep(0.01)
    await uploaded(context, viewer, f"external id,note\na1,{MARK}\n{MARK},\n")
    return (await uploaded(context, viewer, "external id,note\na1,x\n")).id


async def quiet(connection: asyncpg.Connection, *, also: str = "false") -> None:
    """Wait until no member is dirty, no segment is being calculated, no fact is on its way, nor `also` true."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while await connection.fetchval(  # noqa: ASYNC110 - what is waited for is in the database
            f"""SELECT EXISTS (SELECT FROM dirty_batches) OR EXISTS (SELECT FROM outbox)
            OR EXISTS (SELECT FROM segments WHERE reach_status = 'CALCULATING') OR {also}"""
        ):
            await asyncio.sleep(0.05)
