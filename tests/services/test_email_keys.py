"""One address is one address everywhere: in members, imports, suppressions and counts, however it is written."""

import asyncpg
import pytest

from seggraph.access import Viewer
from seggraph.context import Context
from seggraph.services.members import members, upserts
from seggraph.services.suppressions import suppressions
from seggraph.values import emails
from seggraph.vocabulary import Channel, MemberKind, SuppressionReason
from tests.services.importing import counts, imported

PERSON = MemberKind.PERSON

SAME = (
    "eva@bücher.example",
    "eva@BÜCHER.example",
    "Eva@xn--bcher-kva.example",
    " eva@bu\u0308cher.example ",
    "eva@bücher.example.",
)


@pytest.mark.parametrize("text", SAME)
def test_an_address_has_one_key(text: str) -> None:
    assert emails.email_key(text) == "eva@xn--bcher-kva.example"
    assert emails.tidied(text).lower() == "eva@xn--bcher-kva.example"


@pytest.mark.parametrize(
    ("cell", "address", "others"),
    [
        ("a@b.com", "a@b.com", ""),
        ("mailto:x@y.com", "x@y.com", ""),
        ("mailto:x@y.com?subject=hi", "x@y.com", ""),
        ("Ann Example <ann@b.com>", "ann@b.com", ""),
        ("a@b.com;c@d.com", "a@b.com", "c@d.com"),
        ("a@b.com, c@d.com , e@f.com", "a@b.com", "c@d.com, e@f.com"),
        ("no address", "no address", ""),
        ("a@b.com;nothing", "a@b.com;nothing", ""),
    ],
)
def test_a_cell_has_one_address(cell: str, address: str, others: str) -> None:
    assert emails.found_in(cell) == (address, others)


@pytest.mark.parametrize(
    "email", ["a@b.com;c@d.com", "mailto:x@y.com", "Ann <ann@b.com>", "a@b@c", "a b@c.de"]
)
async def test_what_is_not_one_address_is_refused(context: Context, viewer: Viewer, email: str) -> None:
    report = await upserts.upsert(context, viewer, PERSON, [{"externalId": "p", "email": email}])

    assert [(error.code, error.path) for error in report.row_errors] == [("INVALID", ("email",))]


async def test_a_file_gives_the_first_address_and_says_which_it_left_out(
    context: Context, viewer: Viewer, connection: asyncpg.Connection
) -> None:
    view = await imported(
        context,
        viewer,
        "id,mail\n1,a@b.com;c@d.com\n2,mailto:x@y.com\n3,nobody\n",
        {"id": "externalId", "mail": "email"},
        PERSON,
    )

    assert (counts(view), view.partial) == ({"read": 3, "added": 3}, 2)
    rows = await connection.fetch("SELECT external_id, email FROM members ORDER BY external_id")
    assert [tuple(row) for row in rows] == [("1", "a@b.com"), ("2", "x@y.com"), ("3", None)]
    reasons = await connection.fetch("SELECT message FROM import_rejects ORDER BY line")
    assert reasons[0]["message"] == "Stored without: mail: the other addresses of the cell, c@d.com."


@pytest.mark.parametrize("written", SAME)
async def test_a_suppressed_address_is_suppressed_however_a_member_writes_it(
    context: Context, viewer: Viewer, written: str
) -> None:
    await suppressions.suppress(context, viewer, Channel.EMAIL, [SAME[0]], SuppressionReason.COMPLAINT)
    await upserts.upsert(context, viewer, PERSON, [{"externalId": "p", "email": written}])

    found = await members.find_by_external_id(viewer, PERSON, "p")
    assert found is not None
    again = await suppressions.suppress(
        context, viewer, Channel.EMAIL, [written], SuppressionReason.COMPLAINT
    )
    assert (again.changed, again.already_done) == (0, 1)
    view = await imported(context, viewer, f'mail\n"{written}"\n', {"mail": "email"}, PERSON)
    assert counts(view)["read"] == 1
    assert counts(view).get("added") is None
