"""Lists outside are called like their segments, whatever happens to the calls, as far as the destination lets them."""

from ipaddress import ip_network

import pytest

from seggraph.access import Viewer
from seggraph.context import Context
from seggraph.services.destinations import deliveries
from seggraph.services.recompute import recompute
from seggraph.services.segments import lifecycle as segment_life
from seggraph.settings import Settings
from seggraph.vocabulary import DeliveryStatus
from tests.destinations.delivering import people, person, renamed, segment_of, service_at, worked
from tests.destinations.email_service import EmailServer, Fault, email_server


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """Short waits between attempts, and leave to call this machine."""
    return settings.model_copy(
        update={
            "outgoing_networks": (ip_network("127.0.0.0/8"),),
            "outgoing_seconds": 60.0,
            "delivery_retry_seconds": 0.01,
        }
    )


def renamings(service: EmailServer) -> list[str]:
    """The names that the service was asked to give lists."""
    return [content["name"] for method, _, _, content in service.requests if method == "PATCH"]


async def test_a_list_is_renamed_once_for_each_name_and_again_when_an_answer_was_lost(
    context: Context, viewer: Viewer
) -> None:
    await people(context, viewer, [person(1, attributes={"plan": "pro"})])
    segment_id = await segment_of(context, viewer, "First")
    async with email_server() as service:
        number = (
            await deliveries.deliver(
                context, viewer, segment_id, await service_at(context, viewer, service.url)
            )
        ).id
        # made while nobody answers, renamed before it is known to be made: the first call is made again
        service.chosen = [Fault.DROP_AFTER] * 3
        await worked(context, viewer, number)
        await renamed(context, viewer, segment_id, "Second")
        view = await worked(context, viewer, number)
        made = [content for method, path, _, content in service.requests if path == "/lists"]
        assert made == [{"name": "First"}] * 4
        assert (service.only_name(), view.list_name, view.status) == ("Second", "Second", "ACTIVE")

        for _ in range(2):
            await worked(context, viewer, number)
        assert renamings(service) == ["Second"]

        # done, but nobody knows; and the segment has the old name again
        await renamed(context, viewer, segment_id, "Third")
        service.chosen = [Fault.DROP_AFTER] * 3
        view = await worked(context, viewer, number)
        assert (service.only_name(), view.list_name, view.status) == ("Third", None, "ACTIVE")
        assert "cut off" in (view.error_message or "")
        await renamed(context, viewer, segment_id, "Second")
        view = await worked(context, viewer, number)
        assert (service.only_name(), view.list_name, view.error_message) == ("Second", "Second", None)
        assert service.only_list().keys() == {"p1"}

        # frozen while the segment is, and left alone once it is switched off
        await segment_life.pause(context, viewer, segment_id)
        await renamed(context, viewer, segment_id, "Fourth")
        await worked(context, viewer, number)
        assert service.only_name() == "Second"
        resumed = await segment_life.resume(context, viewer, segment_id)
        await recompute.run(context, segment_id, resumed.requested_revision)
        await worked(context, viewer, number)
        assert service.only_name() == "Fourth"
        await deliveries.deactivate(context, viewer, number, keep_members=True)
        await renamed(context, viewer, segment_id, "Fifth")
        await worked(context, viewer, number)
        assert service.only_name() == "Fourth"


@pytest.mark.parametrize("status", ["404 Not Found", "405 Method Not Allowed", "500 Internal Server Error"])
async def test_a_service_that_renames_no_lists_gets_members_all_the_same(
    context: Context, viewer: Viewer, status: str
) -> None:
    await people(context, viewer, [person(1, attributes={"plan": "pro"})])
    segment_id = await segment_of(context, viewer, "First")
    async with email_server(renames=status) as service:
        number = (
            await deliveries.deliver(
                context, viewer, segment_id, await service_at(context, viewer, service.url)
            )
        ).id
        await worked(context, viewer, number)
        await renamed(context, viewer, segment_id, "Second")
        await people(context, viewer, [person(2)])
        for _ in range(5):
            view = await worked(context, viewer, number)
            assert view.status is DeliveryStatus.ACTIVE
        asked = renamings(service)
        assert asked == ["Second"] * (12 if status.startswith("500") else 1)
        assert view.list_name == (None if status.startswith("500") else "First")
        assert view.error_message is None
        assert service.only_list().keys() == {"p1", "p2"}

        service.renames = None
        await people(context, viewer, [person(3)])
        await worked(context, viewer, number)
        assert renamings(service) == asked, "it is not asked again for what it refused"
        await renamed(context, viewer, segment_id, "Third")
        view = await worked(context, viewer, number)
        assert (service.only_name(), view.list_name) == ("Third", "Third")
        assert service.only_list().keys() == {"p1", "p2", "p3"}


async def test_a_name_that_is_refused_when_the_list_is_made_can_be_changed(
    context: Context, viewer: Viewer
) -> None:
    await people(context, viewer, [person(1, attributes={"plan": "pro"})])
    segment_id = await segment_of(context, viewer, "First")
    async with email_server(token="right") as service:
        number = (
            await deliveries.deliver(
                context, viewer, segment_id, await service_at(context, viewer, service.url)
            )
        ).id
        view = await worked(context, viewer, number)
        assert (view.status, view.list_name) == (DeliveryStatus.FAILED, None)
        service.token = None
        await renamed(context, viewer, segment_id, "Second")
        await deliveries.retry(context, viewer, number)
        view = await worked(context, viewer, number)
        assert (view.status, view.list_name, service.only_name()) == ("ACTIVE", "Second", "Second")
        assert renamings(service) == []
