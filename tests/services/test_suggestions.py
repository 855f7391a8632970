"""Which fields are suggested for the columns of files as the common tools write them."""

from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from seggraph.services.catalogue.columns import Appearance, look
from seggraph.services.imports.mappings import TARGETS
from seggraph.vocabulary import MemberKind
from tests.data.tool_layouts import LAYOUTS, Layout, measure

PERSON, ACCOUNT = MemberKind.PERSON, MemberKind.ACCOUNT


def seen(path: Path, text: str, kind: MemberKind) -> Appearance:
    path.write_text(text, encoding="utf-8")
    return look(path, "utf-8", kind, has_header=None)


def fields_of(appearance: Appearance) -> dict[str, str]:
    return {one.column: one.field for one in appearance.suggestions}


def test_the_columns_of_common_tools_get_their_fields(tmp_path: Path) -> None:
    def suggestions() -> Iterator[tuple[Layout, Mapping[str, str]]]:
        for layout in LAYOUTS:
            appearance = seen(tmp_path / "file.csv", layout.text(), layout.kind)
            assert (appearance.dialect.delimiter, appearance.dialect.has_header) == (layout.delimiter, True)
            assert [column.name for column in appearance.columns] == layout.names
            yield layout, fields_of(appearance)

    measured = measure(suggestions(), TARGETS.__contains__)

    assert measured.recall >= 0.95, measured.missed
    assert measured.precision >= 0.95, measured.wrong


@pytest.mark.parametrize(
    "header",
    [
        "Company Owner",
        "Account Rep",
        "Created By",
        "Assigned To",
        "Sales Rep Email",
        "Betreuer",
        "Owner.Email",
    ],
)
def test_the_address_of_a_colleague_is_not_that_of_the_member(tmp_path: Path, header: str) -> None:
    text = f"Company ID,Company Name,Website,{header}\nd1,Acme,acme1.example,rep@ours.example\n"

    assert fields_of(seen(tmp_path / "file.csv", text, ACCOUNT)) == {
        "Company ID": "externalId",
        "Company Name": "name",
        "Website": "domain",
        header: header,
    }


def test_an_address_that_many_rows_share_is_not_that_of_the_member(tmp_path: Path) -> None:
    rows = "".join(f"a{n},rep{n % 2}@ours.example\n" for n in range(10))

    assert fields_of(seen(tmp_path / "file.csv", f"id,Contact Email\n{rows}", ACCOUNT))["Contact Email"] == (
        "Contact Email"
    )


def test_the_company_of_a_person_is_not_the_name_of_the_person(tmp_path: Path) -> None:
    text = "Contact ID,First Name,Last Name,Company,Email\nc1,Ann,Example,Acme,c1@example.com\n"

    suggested = fields_of(seen(tmp_path / "file.csv", text, PERSON))

    assert (suggested["Contact ID"], suggested["Email"], suggested["Company"]) == (
        "externalId",
        "email",
        "Company",
    )
    assert fields_of(seen(tmp_path / "file.csv", "Company,Contact ID\nAcme,c1\n", ACCOUNT)) == {
        "Company": "name",
        "Contact ID": "Contact ID",
    }
