"""Which events are taken: what is wrong with a row, who may record, and how many rows a call has."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import asyncpg
import pytest

from seggraph.access import Viewer
from seggraph.context import Context
from seggraph.errors import ErrorCode, Forbidden, Required, TooMany
from seggraph.services.events import events
from seggraph.services.events import retention as event_retention
from seggraph.vocabulary import ApiKeyScope, MemberKind, Role
from tests.conftest import new_viewer
from tests.services.recording import NOW, PERSON, Row, assert_consistent, event, record, store, total


@pytest.mark.parametrize(
    ("wrong", "code", "path"),
    [
        ({"memberExternalId": "bob"}, ErrorCode.NOT_FOUND, ("memberExternalId",)),
        ({"kind": MemberKind.DEAL}, ErrorCode.NOT_FOUND, ("memberExternalId",)),
        ({"memberExternalId": "a\0"}, ErrorCode.INVALID, ("memberExternalId",)),
        ({"memberExternalId": " "}, ErrorCode.REQUIRED, ("memberExternalId",)),
        ({"memberExternalId": "a" * 256}, ErrorCode.TOO_LONG, ("memberExternalId",)),
        ({"name": ""}, ErrorCode.REQUIRED, ("name",)),
        ({"name": " order"}, ErrorCode.INVALID, ("name",)),
        ({"name": "or\0der"}, ErrorCode.INVALID, ("name",)),
        ({"name": "or\ud800der"}, ErrorCode.INVALID, ("name",)),
        ({"name": "x" * 101}, ErrorCode.TOO_LONG, ("name",)),
        ({"occurredAt": NOW + timedelta(days=1, hours=1)}, ErrorCode.INVALID, ("occurredAt",)),
        ({"occurredAt": datetime(1969, 12, 31, tzinfo=UTC)}, ErrorCode.INVALID, ("occurredAt",)),
        ({"occurredAt": datetime(9999, 12, 31, tzinfo=UTC)}, ErrorCode.INVALID, ("occurredAt",)),
        ({"occurredAt": datetime(2026, 1, 1)}, ErrorCode.INVALID, ("occurredAt",)),  # noqa: DTZ001
        ({"value": Decimal("0.00001")}, ErrorCode.INVALID, ("value",)),
        ({"value": Decimal(10) ** 16}, ErrorCode.INVALID, ("value",)),
        ({"value": Decimal("NaN")}, ErrorCode.INVALID, ("value",)),
        ({"value": 1.5}, ErrorCode.INVALID, ("value",)),
        ({"properties": [1]}, ErrorCode.INVALID, ("properties",)),
        ({"properties": []}, ErrorCode.INVALID, ("properties",)),
        ({"properties": {"a": "\0"}}, ErrorCode.INVALID, ("properties",)),
        ({"properties": {"\0": 1}}, ErrorCode.INVALID, ("properties",)),
        ({"properties": {"a": "\ud800"}}, ErrorCode.INVALID, ("properties",)),
        ({"properties": {"a": 2**70}}, ErrorCode.INVALID, ("properties",)),
        ({"properties": {"a": "x" * 4090}}, ErrorCode.TOO_LONG, ("properties",)),
        ({"externalId": ""}, ErrorCode.REQUIRED, ("externalId",)),
        ({"externalId": "e\0"}, ErrorCode.INVALID, ("externalId",)),
    ],
)
async def test_a_bad_row_is_reported_and_the_others_are_recorded(
    context: Context,
    connection: asyncpg.Connection,
    ann: Viewer,
    wrong: Row,
    code: ErrorCode,
    path: tuple[str, ...],
) -> None:
    report = await events.record(context, ann, [event(), event(**wrong), event()])

    assert [(error.index, error.code, error.path) for error in report.row_errors] == [(1, code, path)]
    assert (report.accepted, report.duplicates) == (2, 0)
    assert (await total(connection) or ())[0] == 2


async def test_a_missing_member_is_named(context: Context, ann: Viewer) -> None:
    report = await events.record(context, ann, [event("bob's")])

    [error] = report.row_errors
    assert error.message == 'There is no PERSON with the external id "bob\'s".'


@pytest.mark.parametrize(
    "given",
    [
        {"properties": {"path": "C:\\u0000", "quote'\"": "; DROP TABLE events"}},
        {"properties": {"a": "x" * 4080}},
        {"value": Decimal("-9999999999999999.9999")},
        {"occurredAt": NOW + timedelta(hours=23)},
        {"name": 'it\'s "quoted" — é'},
        {"memberExternalId": " ann "},
    ],
)
async def test_what_looks_odd_but_is_right_is_recorded(
    context: Context, connection: asyncpg.Connection, ann: Viewer, given: Row
) -> None:
    assert await record(context, ann, event(**given)) == (1, 0)
    await assert_consistent(connection)


async def test_who_may_only_read_changes_nothing(
    context: Context, connection: asyncpg.Connection, ann: Viewer
) -> None:
    await record(context, ann, event(externalId="o-1"))
    reader = Viewer(ann.workspace_id, Role.TEAM_MEMBER, ApiKeyScope.READ)
    before = await connection.fetch("SELECT * FROM events")

    for attempt in (
        events.record(context, reader, [event()]),
        events.delete(context, reader, ["o-1"]),
        event_retention.set_days(context, reader, 1),
        event_retention.set_days(context, Viewer(ann.workspace_id, Role.LEADER, ApiKeyScope.WRITE), 1),
    ):
        with pytest.raises(Forbidden):
            await attempt

    assert await connection.fetch("SELECT * FROM events") == before


async def test_nothing_crosses_workspaces(
    context: Context, connection: asyncpg.Connection, ann: Viewer
) -> None:
    # given the same external ids in two workspaces
    other = await new_viewer("Other")
    await record(context, ann, event(value=Decimal(1), externalId="o-1"))
    refused = await events.record(context, other, [event(externalId="o-1")])
    assert [error.code for error in refused.row_errors] == [ErrorCode.NOT_FOUND]
    await store(context, other, PERSON, "ann")

    # when the other workspace records, corrects and deletes its own
    assert await record(context, other, event(value=Decimal(2), externalId="o-1")) == (1, 0)
    assert await record(context, other, event(value=Decimal(3), externalId="o-1")) == (1, 0)
    assert (await events.delete(context, other, ["o-1"])).deleted == 1

    # then the first one's stay
    rows = await connection.fetch("SELECT workspace_id, value FROM events")
    assert [tuple(row) for row in rows] == [(ann.workspace_id, Decimal(1))]
    assert (await events.delete(context, other, ["o-1"])).not_found == ["o-1"]
    await assert_consistent(connection)


async def test_limits_of_a_call(context: Context, ann: Viewer) -> None:
    with pytest.raises(TooMany):
        await events.record(context, ann, [event()] * 5_001)
    with pytest.raises(TooMany):
        await events.delete(context, ann, [str(number) for number in range(5_001)])
    with pytest.raises(Required):
        await events.delete(context, ann, [])
    assert await record(context, ann) == (0, 0)
    assert (await events.delete(context, ann, ["\0", "\ud800"])).not_found == ["\0", "\ud800"]
