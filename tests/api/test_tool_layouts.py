"""Files of the common tools, imported as they are suggested: every value is what an independent reader reads.

The reader is Python's `csv` with a few lines for each kind of value. It knows nothing of seggraph.
"""

import csv
import io
import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

import pytest

from seggraph.access import Viewer
from seggraph.context import Context
from tests.api.test_people_and_addresses import imported
from tests.data.tool_layouts import LAYOUTS, Layout
from tests.product import Product, working

ROWS: Final = 40
MEMBERS: Final = """
    query ($kind: MemberKind!) { members(kind: $kind, first: 100) { nodes {
      externalId name firstName lastName salutation domain email phone country city postalCode state
      address shippingAddress billingAddress revenue employees industry score tags attributes
      consents { channel state } } } }
"""
CHOSEN: Final = {"QuickBooks customers": {"Customer": "externalId"}}
"""What somebody has to choose for a file without an id, a domain or an email that finds its members."""
COUNTRIES: Final = {"Germany": "DE", "France": "FR", "Spain": "ES"}
CONSENTS: Final = {
    **dict.fromkeys(("yes", "Ja", "SUBSCRIBED"), "GRANTED"),
    **dict.fromkeys(("no", "Nein", "UNSUBSCRIBED"), "DENIED"),
    "NEVER_SUBSCRIBED": "UNKNOWN",
}
TRUE: Final = {"true": True, "false": False, "yes": True, "no": False}


def rows_of(layout: Layout) -> Iterator[dict[str, str]]:
    """The rows as somebody reads them: a column of which every cell begins with an apostrophe is marked as text."""
    rows = list(csv.DictReader(io.StringIO(layout.text(ROWS)), delimiter=layout.delimiter))
    marked = {name for name in layout.names if all(row[name].startswith("'") for row in rows)}
    for row in rows:
        yield {name: cell[1:] if name in marked else cell for name, cell in row.items()}


def digits(text: str | None) -> str:
    return "".join(filter(str.isdigit, text or ""))


def words(text: str | list[str]) -> set[str]:
    return set(re.findall(r"\w+", text if isinstance(text, str) else " ".join(text)))


def number(text: str) -> Decimal:
    return Decimal(text.replace(".", "").replace(",", ".") if "," in text else text)


def host(url: str) -> str:
    return url.removeprefix("https://").removeprefix("www.").rstrip("/")


def is_same(field: str, cell: str, member: Mapping[str, Any]) -> bool:
    """Whether a member has the value of a cell, and no other one."""
    if field.startswith("consent"):
        channel = field.removeprefix("consent").upper()
        states = {one["channel"]: one["state"] for one in member["consents"]}
        return bool(states.get(channel, "UNKNOWN") == CONSENTS[cell])
    head, _, part = field.partition(".")
    if head in ("shippingAddress", "billingAddress"):
        stored = (member[head] or {}).get(part)
        expected: Any = [cell] if part == "lines" else COUNTRIES.get(cell, cell)
        return bool(stored == expected)
    if field in ("address", "address.line2"):
        return cell in (member["address"] or "")
    if field not in member:
        return is_same_attribute(cell, member["attributes"].get(field.removeprefix("attributes.")))
    stored = member[field]
    match field:
        case "domain":
            return bool(stored == host(cell))
        case "phone":
            return digits(stored) == digits(cell)
        case "country":
            return bool(stored == COUNTRIES.get(cell, cell))
        case "revenue" | "employees" | "score":
            return Decimal(str(stored)) == number(cell)
        case "tags":
            return words(stored) == words(cell)
    return bool(stored == cell)


def is_same_attribute(cell: str, stored: Any) -> bool:
    match stored:
        case None:
            return cell == ""
        case bool():
            return TRUE.get(cell.lower()) is stored
        case int() | float():
            return Decimal(str(stored)) == number(cell)
        case list():
            return words(stored) == words(cell)
    return bool(stored == cell) or moment(stored) == moment(cell) is not None


def moment(text: str) -> datetime | None:
    """A day or a time in UTC; a day has no time."""
    for form in ("%Y-%m-%d", "%d.%m.%Y", "%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M:%S.%fZ", "%Y-%m-%dT%H:%M:%SZ"):
        try:
            return datetime.strptime(text, form)  # noqa: DTZ007 - both are in UTC
        except ValueError:
            continue
    return None


@pytest.mark.parametrize("layout", LAYOUTS, ids=lambda layout: layout.tool)
async def test_no_value_of_a_file_changes_silently(
    layout: Layout, product: Product, context: Context, viewer: Viewer
) -> None:
    async with working(context):
        chosen = CHOSEN.get(layout.tool, {})
        done = await imported(product, context, layout.text(ROWS), kind=layout.kind.name, chosen=chosen)
    assert (done["read"], done["added"], done["failed"], done["partial"]) == (ROWS, ROWS, 0, 0)

    fields = done["suggested"]
    nodes = (await product.run(MEMBERS, kind=layout.kind.name))["members"]["nodes"]
    key = next(field for field in ("externalId", "email", "domain") if field in fields.values())
    [column] = [name for name, field in fields.items() if field == key]
    members = {node[key]: node for node in nodes}
    assert len(members) == ROWS
    wrong = {
        (name, field, row[name]): members[host(row[column])].get(field)
        for row in rows_of(layout)
        for name, field in fields.items()
        if not is_same(field, row[name], members[host(row[column])])
    }
    assert wrong == {}
