"""Pages of members in every order, both ways: no member is shown twice or left out, unset values come last."""

from decimal import Decimal

import pytest
from pyroaring import BitMap

from seggraph.access import Viewer
from seggraph.context import Context
from seggraph.database.connections import database
from seggraph.database.paging import Order, PageRequest
from seggraph.services.catalogue import catalogues
from seggraph.services.members import lists, orders, pages, upserts
from seggraph.services.members.lists import MemberList, Total
from seggraph.vocabulary import MemberKind

KIND = MemberKind.ACCOUNT
COUNT = 23
SIZE = 5


@pytest.fixture
async def filled(context: Context, viewer: Viewer) -> Viewer:
    """Accounts with many equal and many unset values."""
    rows = [
        {
            "externalId": f"m{number:02}",
            "name": None if number % 4 == 0 else f"Name {number % 3}",
            "revenue": None if number % 5 == 0 else Decimal(number % 7),
            "attributes": {} if number % 3 == 0 else {"seats": number % 6},
        }
        for number in range(COUNT)
    ]
    report = await upserts.upsert(context, viewer, KIND, rows)
    assert report.created == COUNT
    return viewer


async def forwards(viewer: Viewer, list_: MemberList, order: Order) -> list[str]:
    found: list[str] = []
    request = PageRequest(first=SIZE)
    while True:
        page = await pages.list_page(viewer, list_, order, request)
        found += [view.external_id for view in page.items]
        if not page.has_next:
            return found
        request = PageRequest(first=SIZE, after=page.cursors[-1])


async def backwards(viewer: Viewer, list_: MemberList, order: Order) -> list[str]:
    found: list[str] = []
    request = PageRequest(last=SIZE)
    while True:
        page = await pages.list_page(viewer, list_, order, request)
        found = [view.external_id for view in page.items] + found
        if not page.has_previous:
            return found
        request = PageRequest(last=SIZE, before=page.cursors[0])


@pytest.mark.parametrize("descending", [False, True])
@pytest.mark.parametrize("field", [None, "name", "revenue", "seats", "createdAt", "isTarget"])
async def test_pages_put_together_are_the_list(
    filled: Viewer, field: str | None, descending: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    # given that an audience of more than 5 is not looked for one by one, if it is dense
    monkeypatch.setattr(lists, "FEW", 5)
    async with database() as connection:
        catalogue = await catalogues.load(connection, filled.workspace_id, KIND)
    order = orders.order_by(catalogue, field, descending=descending)
    narrowed = {
        "all": (MemberList(KIND), set(range(COUNT))),
        "audience": (MemberList(KIND, audience=BitMap(range(0, COUNT, 2))), set(range(0, COUNT, 2))),
        "late audience": (MemberList(KIND, audience=BitMap([3, *range(9, 22)])), {3, *range(9, 22)}),
        "small audience": (MemberList(KIND, audience=BitMap([1, 4, 21])), {1, 4, 21}),
        "search": (MemberList(KIND, search="name 1"), {n for n in range(COUNT) if n % 4 and n % 3 == 1}),
        "nobody": (MemberList(KIND, search="100%"), set()),
    }
    for title, (list_, expected) in narrowed.items():
        whole = await pages.list_page(filled, list_, order, PageRequest(first=100))
        names = [view.external_id for view in whole.items]

        assert await forwards(filled, list_, order) == names, title
        assert await backwards(filled, list_, order) == names, title
        assert sorted(names) == [f"m{number:02}" for number in sorted(expected)], title
        assert await lists.total(filled, list_) == Total(len(expected)), title
        if field in ("name", "revenue"):
            values = [getattr(view, field) for view in whole.items]
            given = [value for value in values if value is not None]
            assert values == sorted(given, reverse=descending) + [None] * (len(values) - len(given)), title
