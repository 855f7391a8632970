"""After 200 random faults, among changes of everything and killed workers, the outside list equals the audience."""

import random
from dataclasses import replace
from ipaddress import ip_network
from typing import Any

import asyncpg
import pytest

from seggraph.access import Viewer
from seggraph.context import Context
from seggraph.destinations.email_service import EmailService
from seggraph.services.destinations import deliveries
from seggraph.services.erasure import erasure
from seggraph.services.members import edits as member_edits
from seggraph.services.members.selections import Selection
from seggraph.services.recompute import recompute
from seggraph.services.refresh import refresh
from seggraph.services.segments import lifecycle as segment_life
from seggraph.services.suppressions import suppressions
from seggraph.settings import Settings
from seggraph.vocabulary import Channel, ConsentState, DeliveryStatus, SuppressionReason
from tests.destinations.delivering import (
    PERSON,
    killed,
    people,
    person,
    renamed,
    segment_of,
    service_at,
    stored,
    worked,
)
from tests.destinations.email_service import Fault, email_server

FAULTS = 200


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """Short waits between attempts, and leave to call this machine."""
    return settings.model_copy(
        update={
            "outgoing_networks": (ip_network("127.0.0.0/8"),),
            "outgoing_seconds": 60.0,
            "delivery_retry_seconds": 0.02,
        }
    )


class Model:
    """Who should be outside, by the obvious rule over plain values."""

    def __init__(self) -> None:
        self.members: dict[str, dict[str, Any]] = {}
        self.suppressed: set[str] = set()
        self.name = "Germans"

    def outside(self) -> dict[str, tuple[str, str | None, str | None]]:
        return {
            key: (row["email"], row.get("city"), row.get("plan"))
            for key, row in self.members.items()
            if row["country"] == "DE"
            and row["email"] is not None
            and row["consent"] != ConsentState.DENIED
            and row["email"] not in self.suppressed
        }


class World:
    """The product and the model, changed together."""

    def __init__(self, context: Context, viewer: Viewer, seed: int) -> None:
        self.context, self.viewer, self.model = context, viewer, Model()
        self.random = random.Random(seed)
        self.segment_id = 0

    async def put(self, numbers: list[int]) -> None:
        rows = []
        for number in numbers:
            values: dict[str, Any] = {
                "country": self.random.choice(["DE", "DE", "FR"]),
                "email": self.random.choice([f"p{number}@example.com", f"q{number}@example.com", None]),
                "city": self.random.choice(["Bonn", "Kiel"]),
            }
            plan = self.random.choice(["pro", "free"])
            rows.append(person(number, **values, attributes={"plan": plan}))
            before = self.model.members.get(f"p{number}", {"consent": ConsentState.UNKNOWN})
            self.model.members[f"p{number}"] = before | values | {"plan": plan}
        await people(self.context, self.viewer, rows)

    async def change(self) -> None:
        some = self.random.sample(range(60), 6)
        match self.random.randrange(7):
            case 0 | 1 | 2:
                await self.put(some)
            case 3:
                state = self.random.choice(list(ConsentState))
                keys = [key for number in some if (key := f"p{number}") in self.model.members]
                if keys:
                    chosen = Selection(kind=PERSON, external_ids=keys)
                    await member_edits.set_consents(self.context, self.viewer, chosen, {Channel.EMAIL: state})
                    for key in keys:
                        self.model.members[key]["consent"] = state
            case 4:
                keys = [f"p{number}" for number in some[:2]]
                await erasure.delete(self.context, self.viewer, Selection(kind=PERSON, external_ids=keys))
                for key in keys:
                    self.model.members.pop(key, None)
            case 5:
                address = f"p{some[0]}@example.com"
                reason = SuppressionReason.BOUNCE
                if address in self.model.suppressed:
                    await suppressions.unsuppress(self.context, self.viewer, Channel.EMAIL, [address])
                else:
                    await suppressions.suppress(self.context, self.viewer, Channel.EMAIL, [address], reason)
                self.model.suppressed ^= {address}
            case 6:
                self.model.name = self.random.choice(["Germans", "Deutsche", "Allemands"])
                await renamed(self.context, self.viewer, self.segment_id, self.model.name)
        await refresh.drain(self.context, self.viewer.workspace_id, PERSON)


async def test_after_200_random_faults_the_outside_list_equals_the_audience(
    context: Context, viewer: Viewer, connection: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(EmailService, "batch_size", 7)
    hasty = replace(context, settings=context.settings.model_copy(update={"outgoing_seconds": 0.1}))
    world = World(context, viewer, seed=20)
    await world.put(list(range(60)))
    segment_id = world.segment_id = await segment_of(context, viewer)
    async with email_server(fault_rate=0.6) as service:
        destination_id = await service_at(context, viewer, service.url)
        number = (await deliveries.deliver(context, viewer, segment_id, destination_id)).id
        while len(service.faults) < FAULTS:
            await world.change()
            if world.random.random() < 0.2:
                await killed(hasty, number, world.random.random() * 0.1, monkeypatch)
            view = await worked(hasty, viewer, number)
            if view.status is DeliveryStatus.FAILED:
                await deliveries.retry(context, viewer, number)
        service.fault_rate = 0.0
        view = await worked(context, viewer, number)
        outside = {
            key: (contact["email"], contact["attributes"]["city"], contact["attributes"]["plan"])
            for key, contact in service.only_list().items()
        }

    assert outside == world.model.outside()
    assert service.only_name() == view.list_name == world.model.name
    assert sum(method == "PATCH" for method, *_ in service.requests) > 5
    assert view.status is DeliveryStatus.ACTIVE
    assert view.delivered_count == len(outside) == view.wanted_count
    assert await stored(connection, number) == {41: len(outside)}
    assert await connection.fetchval("SELECT count(*) FROM delivery_removals") == 0
    assert len(set(service.faults)) == 12


async def test_a_paused_segment_is_frozen_outside_but_for_who_is_erased(
    context: Context, viewer: Viewer
) -> None:
    await people(context, viewer, [person(1, city="Bonn", attributes={"plan": "pro"}), person(2), person(3)])
    segment_id = await segment_of(context, viewer)
    async with email_server() as service:
        destination_id = await service_at(context, viewer, service.url)
        number = (await deliveries.deliver(context, viewer, segment_id, destination_id)).id
        assert (await worked(context, viewer, number)).delivered_count == 3

        await segment_life.pause(context, viewer, segment_id)
        await people(context, viewer, [person(1, city="Kiel"), person(2, "FR")])
        await erasure.delete(context, viewer, Selection(kind=PERSON, external_ids=["p3"]))
        await worked(context, viewer, number)
        assert {key: one["attributes"]["city"] for key, one in service.only_list().items()} == {
            "p1": "Bonn",
            "p2": None,
        }

        resumed = await segment_life.resume(context, viewer, segment_id)
        await recompute.run(context, segment_id, resumed.requested_revision)
        view = await worked(context, viewer, number)
        assert {key: one["attributes"]["city"] for key, one in service.only_list().items()} == {"p1": "Kiel"}
        assert (view.status, view.delivered_count, view.member_count) == (DeliveryStatus.ACTIVE, 1, 1)

        await deliveries.deactivate(context, viewer, number, keep_members=True)
        await erasure.delete(context, viewer, Selection(kind=PERSON, external_ids=["p1"]))
        view = await worked(context, viewer, number)
        assert (service.only_list(), view.status) == ({}, DeliveryStatus.INACTIVE)


async def test_a_destination_that_stays_away_fails_the_delivery_with_a_reason(
    context: Context, viewer: Viewer
) -> None:
    await people(context, viewer, [person(1, attributes={"plan": "pro"})])
    segment_id = await segment_of(context, viewer)
    async with email_server(fault_rate=1.0) as service:
        destination_id = await service_at(context, viewer, service.url)
        number = (await deliveries.deliver(context, viewer, segment_id, destination_id)).id
        service.chosen = [Fault.REDIRECT] * 100
        for attempt in range(1, 11):
            view = await worked(context, viewer, number)
            assert view.status is (DeliveryStatus.FAILED if attempt == 10 else DeliveryStatus.BUILDING)
            assert "redirect" in (view.error_message or "")
        assert {path for _, path, _, _ in service.requests} == {"/lists"}
        asked = len(service.requests)
        await worked(context, viewer, number)
        assert len(service.requests) == asked
