"""How columns are read: every value is what a person means by it, or else somebody is asked."""

import re
from typing import Any

import asyncpg
import pytest

from seggraph.access import Viewer
from seggraph.context import Context
from seggraph.errors import Ambiguous, ErrorCode, SeggraphError
from seggraph.services.imports import imports, templates
from seggraph.services.imports import runs as import_runs
from seggraph.services.imports.imports import ImportView, StartSettings
from seggraph.services.imports.mappings import Pair
from seggraph.services.imports.readings import ImportColumn
from seggraph.services.members import members, upserts
from seggraph.services.members.members import MemberView
from seggraph.vocabulary import AttributeType, ImportStatus, MemberKind
from tests.services.importing import counts, imported, uploaded

ACCOUNT, PERSON = MemberKind.ACCOUNT, MemberKind.PERSON


async def member(viewer: Viewer, external_id: str, kind: MemberKind = ACCOUNT) -> MemberView:
    found = await members.find_by_external_id(viewer, kind, external_id)
    assert found is not None
    return found


def column(view: ImportView, name: str) -> ImportColumn:
    return next(one for one in view.columns if one.name == name)


async def by_suggestions(
    context: Context, viewer: Viewer, data: str | bytes, kind: MemberKind = ACCOUNT, **more: Any
) -> ImportView:
    """A file that was imported as it is suggested."""
    view = await uploaded(context, viewer, data, kind)
    mapping = {one.column: one.field for one in view.suggestions}
    return await imported(context, viewer, data, mapping, kind, **more)


async def values(
    context: Context, viewer: Viewer, cells: list[str], delimiter: str = ",", **more: Any
) -> list[Any]:
    """What the cells of a column of a new attribute are stored as."""
    lines = [f'r{index}{delimiter}"{cell}"' for index, cell in enumerate(cells)]
    data = f"id{delimiter}x\n" + "\n".join(lines) + "\n"
    view = await imported(context, viewer, data, {"id": "externalId", "x": "x"}, **more)
    assert view.status is ImportStatus.COMPLETED, view.error_message
    return [(await member(viewer, f"r{index}")).attributes.get("x") for index in range(len(cells))]


@pytest.mark.parametrize(
    ("cells", "delimiter", "expected"),
    [
        (["1.234", "12.000", "131"], ";", [1234, 12000, 131]),
        (["1.234,56", "1.250"], ";", [1234.56, 1250]),
        (["12,5", "0,5"], ";", [12.5, 0.5]),
        (["1,250.50", "1,250"], ",", [1250.5, 1250]),
        (["1,250", "3"], ",", [1250, 3]),
        (["1 250,50", "12"], ";", [1250.5, 12]),
        (["1'250.50", "12"], ";", [1250.5, 12]),
        (["$1,250.50", "$3"], ",", [1250.5, 3]),
        (["1.250,00 €", "3,50 €"], ";", [1250, 3.5]),
        (["(1,250.50)", "3.25"], ",", [-1250.5, 3.25]),
        (["1.250,00-", "3,50"], ";", [-1250, 3.5]),
        (["12,34,567.50", "1"], ",", [1234567.5, 1]),
        (["$5", "€5"], ",", ["$5", "€5"]),
        (["02139", "12"], ",", ["02139", "12"]),
        (["12E5", "13"], ",", ["12E5", "13"]),
        (["+4930123456", "12"], ",", ["+4930123456", "12"]),
        (["12345678901234567890", "1"], ",", ["12345678901234567890", "1"]),
        (["NULL", "12", "--", "n/a"], ",", [None, 12, None, None]),
        (["Yes", "no", ""], ",", [True, False, None]),
        (["Ja", "Nein"], ";", [True, False]),
        (["no", "no"], ",", ["no", "no"]),
        (
            ["red;blue", "blue", "red;green", "green;blue"],
            ",",
            [["red", "blue"], ["blue"], ["red", "green"], ["green", "blue"]],
        ),
        (["02/23/26", "01/02/26"], ",", ["2026-02-23", "2026-01-02"]),
        (["23.02.2026", "01.02.2026"], ";", ["2026-02-23", "2026-02-01"]),
        (["Nov 26, 2025", "26 de noviembre de 2025", "26-Nov-2025"], ",", ["2025-11-26"] * 3),
        (["2020-04-14T22:33:28.000+0000"], ",", ["2020-04-14T22:33:28.000000Z"]),
        (["2020-04-14T22:33:28+02", "2020-04-14T22:33:28+02:00"], ",", ["2020-04-14T20:33:28.000000Z"] * 2),
        (
            ["2025-11-26 16:18", "2025-11-26T16:18:05"],
            ",",
            ["2025-11-26T16:18:00.000000Z", "2025-11-26T16:18:05.000000Z"],
        ),
        (["11/26/2025 4:18 PM"], ",", ["2025-11-26T16:18:00.000000Z"]),
    ],
)
async def test_the_column_says_what_its_cells_mean(
    context: Context, viewer: Viewer, cells: list[str], delimiter: str, expected: list[Any]
) -> None:
    assert await values(context, viewer, cells, delimiter) == expected


@pytest.mark.parametrize(
    ("cells", "setting", "choices"),
    [
        (["1.234", "12.000"], "decimal", {".": [1.234, 12], ",": [1234, 12000]}),
        (["1.5", "1,5"], "decimal", {}),
        (["03/04/2026"], "dateOrder", {"DMY": ["2026-04-03"], "MDY": ["2026-03-04"]}),
        (["01-02-2026"], "dateOrder", {"DMY": ["2026-02-01"], "MDY": ["2026-01-02"]}),
    ],
)
async def test_what_stays_open_is_asked_and_never_guessed(
    context: Context, viewer: Viewer, cells: list[str], setting: str, choices: dict[str, list[Any]]
) -> None:
    data = "id,x\n" + "".join(f'r{index},"{cell}"\n' for index, cell in enumerate(cells))
    view = await uploaded(context, viewer, data)
    seen = column(view, "x")

    assert [one.setting.value for one in seen.asked] == [setting]
    assert seen.confidence == 0.5
    with pytest.raises(Ambiguous, match=f"^x: .*Choose {setting} in columns") as raised:
        await imports.start(context, viewer, view.id, [Pair("id", "externalId"), Pair("x", "x")])
    assert (raised.value.code, raised.value.path) == (ErrorCode.AMBIGUOUS, ("columns",))
    assert (await imports.get(viewer, view.id)).status is ImportStatus.UPLOADED

    for choice, expected in choices.items():
        assert seen.interpret("x", {setting: choice}) == expected
        await upserts.upsert(context, viewer, ACCOUNT, [{"externalId": f"r{n}"} for n in range(len(cells))])
        name = f"attribute {choice}"
        chosen = {"x": {setting: choice}}
        await imported(context, viewer, data, {"id": "externalId", "x": name}, columns=chosen)
        assert [(await member(viewer, f"r{n}")).attributes[name] for n in range(len(cells))] == expected


async def test_one_column_settles_what_another_leaves_open(context: Context, viewer: Viewer) -> None:
    data = 'id,a,b,c,d\nr,1.250,"12,5",03/04/2026,23/04/2026\n'

    view = await uploaded(context, viewer, data)
    assert (column(view, "a").confidence, column(view, "c").confidence) == (0.8, 0.8)
    await by_suggestions(context, viewer, data)

    assert (await member(viewer, "r")).attributes == {
        "a": 1250,
        "b": 12.5,
        "c": "2026-04-03",
        "d": "2026-04-23",
    }


async def test_a_late_row_that_proves_an_assumption_wrong_stops_the_import_before_anything_is_stored(
    context: Context, viewer: Viewer, connection: asyncpg.Connection
) -> None:
    # given a file of which some rows in the middle are seen by nobody at first
    quiet = "".join(f"r{n};1.{n % 900 + 100}\n" for n in range(15_000))
    data = f"id;x\n{quiet}late;12.5\n" + "".join(f"s{n};1.{n % 900 + 100}\n" for n in range(15_000))
    view = await uploaded(context, viewer, data)
    assert column(view, "x").reading.decimal == ","

    view = await imported(context, viewer, data, {"id": "externalId", "x": "x"})

    assert view.status is ImportStatus.FAILED
    assert view.error_code == ErrorCode.AMBIGUOUS
    assert "later rows prove '.'" in (view.error_message or "")
    assert await connection.fetchval("SELECT count(*) FROM members") == 0


async def test_what_the_first_rows_do_not_show_is_settled_by_the_whole_file(
    context: Context, viewer: Viewer
) -> None:
    data = (
        "id,x\n"
        + "".join(f"r{n},{n}\n" for n in range(10_000))
        + 'late,"1,5"\n'
        + "".join(f"s{n},{n}\n" for n in range(10_000))
    )
    view = await uploaded(context, viewer, data)

    assert column(view, "x").reading.decimal == "."
    stored = await imported(context, viewer, data, {"id": "externalId", "x": "x"}, dry_run=True)

    assert stored.readings["x"].reading.decimal == ","
    assert stored.partial == 0


async def test_marks_of_a_spreadsheet_go_when_the_whole_column_has_them(
    context: Context, viewer: Viewer
) -> None:
    data = (
        "Customer ID,Email,Default Address Zip,Default Address Phone,Phone\n"
        "'9980000000001,a@example.com,'04616,'3158170000,'+573158170000\n"
    )

    await by_suggestions(context, viewer, data, PERSON)

    found = await member(viewer, "9980000000001", PERSON)
    assert found.phone == "+573158170000"
    assert (found.external_id, found.postal_code) == ("9980000000001", "04616")
    assert found.attributes == {"Default Address Phone": "3158170000"}


async def test_apostrophes_that_are_part_of_a_name_stay(context: Context, viewer: Viewer) -> None:
    await by_suggestions(context, viewer, "id,city,code\na,'s-Hertogenbosch,'12\nb,'t Hof,x\n")

    assert (await member(viewer, "a")).city == "'s-Hertogenbosch"
    assert (await member(viewer, "a")).attributes == {"code": "'12"}
    await by_suggestions(context, viewer, 'id,code\nc,"=""00123"""\nd,"=""7"""\n')
    assert (await member(viewer, "c")).attributes == {"code": "00123"}


async def test_codes_are_texts_though_they_are_digits(context: Context, viewer: Viewer) -> None:
    await by_suggestions(context, viewer, "Id,Name,BillingPostalCode\ne1,A,27215\n")
    await by_suggestions(context, viewer, "Id,Name,BillingPostalCode\ne3,C,02139\ne4,D,SW1A 1AA\n")

    codes = [(await member(viewer, one)).postal_code for one in ("e1", "e3", "e4")]
    assert codes == ["27215", "02139", "SW1A 1AA"]


async def test_codes_that_become_attributes_are_texts_too(context: Context, viewer: Viewer) -> None:
    await by_suggestions(context, viewer, "Id,Name,VAT Number\ne1,A,27215\n")
    await by_suggestions(context, viewer, "Id,Name,VAT Number\ne3,C,02139\ne4,D,SW1A 1AA\n")

    codes = [(await member(viewer, one)).attributes["VAT Number"] for one in ("e1", "e3", "e4")]
    assert codes == ["27215", "02139", "SW1A 1AA"]


async def test_a_number_does_not_take_what_it_would_change(context: Context, viewer: Viewer) -> None:
    await by_suggestions(context, viewer, "id,x\na,27215\n")

    view = await by_suggestions(context, viewer, "id,x,city\nb,02139,Cambridge\n")

    assert (counts(view), view.partial) == ({"read": 1, "added": 1}, 1)
    assert (await member(viewer, "b")).attributes == {}
    assert (await member(viewer, "b")).city == "Cambridge"


@pytest.mark.parametrize(
    ("word", "state"),
    [
        ("yes", "GRANTED"),
        ("no", "DENIED"),
        ("true", "GRANTED"),
        ("subscribed", "GRANTED"),
        ("unsubscribed", "DENIED"),
        ("cleaned", "DENIED"),
        ("opted_out", "DENIED"),
        ("pending", "UNKNOWN"),
        ("GRANTED", "GRANTED"),
    ],
)
async def test_consents_are_read_by_what_the_word_says(
    context: Context, viewer: Viewer, word: str, state: str
) -> None:
    data = f"id,Email Consent\na,{word}\n"
    view = await uploaded(context, viewer, data, PERSON)

    assert column(view, "Email Consent").interpreted == [state]
    await by_suggestions(context, viewer, data, PERSON)
    assert (await member(viewer, "a", PERSON)).consent_email.name == state


async def test_a_word_that_nobody_knows_is_asked_and_can_be_given_a_meaning(
    context: Context, viewer: Viewer
) -> None:
    data = "id,Email Consent\na,subscribed\nb,weg damit\n"
    view = await uploaded(context, viewer, data, PERSON)
    pairs = [Pair("id", "externalId"), Pair("Email Consent", "consentEmail")]

    with pytest.raises(Ambiguous, match="weg damit"):
        await imports.start(context, viewer, view.id, pairs)
    words = {"Email Consent": {"words": {"Weg damit": "DENIED"}}}
    await imported(
        context, viewer, data, {"id": "externalId", "Email Consent": "consentEmail"}, PERSON, columns=words
    )

    assert (await member(viewer, "b", PERSON)).consent_email.name == "DENIED"
    assert (await member(viewer, "a", PERSON)).consent_email.name == "GRANTED"


@pytest.mark.parametrize(
    ("cell", "tags"),
    [
        ('"ruta, gravel"', ["gravel", "ruta"]),
        ("a;b", ["a", "b"]),
        ("a|b", ["a", "b"]),
        ('"[""a, b"",""c""]"', ["a, b", "c"]),
    ],
)
async def test_the_separator_of_a_list_is_found(
    context: Context, viewer: Viewer, cell: str, tags: list[str]
) -> None:
    await by_suggestions(context, viewer, f"id,tags\na,{cell}\n")

    assert (await member(viewer, "a")).tags == tags


async def test_a_separator_can_be_chosen(context: Context, viewer: Viewer) -> None:
    data = 'id,tags\na,"Smith, John;Doe, Jane"\n'
    mapping = {"id": "externalId", "tags": "tags"}

    with pytest.raises(Ambiguous, match="separator"):
        await imported(context, viewer, data, mapping)
    await imported(context, viewer, data, mapping, columns={"tags": {"separator": ";"}})

    assert (await member(viewer, "a")).tags == ["Doe, Jane", "Smith, John"]


async def test_an_empty_column_makes_no_attribute(
    context: Context, viewer: Viewer, connection: asyncpg.Connection
) -> None:
    await by_suggestions(context, viewer, "Id,Name,LastCallDate\nf1,A,\n")
    assert await connection.fetch("SELECT name FROM attributes") == []

    await by_suggestions(context, viewer, "Id,Name,LastCallDate\nf1,A,2026-01-01\n")
    rows = await connection.fetch("SELECT name, type FROM attributes")
    assert [tuple(row) for row in rows] == [("LastCallDate", "DATE")]


@pytest.mark.parametrize("spelling", ["", "NULL", "\\N", "N/A"])
async def test_an_empty_cell_keeps_or_clears_as_it_is_chosen(
    context: Context, viewer: Viewer, spelling: str
) -> None:
    await upserts.upsert(
        context,
        viewer,
        ACCOUNT,
        [{"externalId": "p1", "name": "Old", "tags": ["t"], "employees": 5, "attributes": {"plan": "gold"}}],
    )
    data = f"id,name,employees,tags,plan\np1,{spelling},{spelling},{spelling},{spelling}\n"
    mapping = {"id": "externalId", "name": "name", "employees": "employees", "tags": "tags", "plan": "plan"}

    kept = await imported(context, viewer, data, mapping)
    assert counts(kept) == {"read": 1, "already_in": 1}

    clearing = {name: {"emptyClears": True} for name in ("name", "employees", "tags", "plan")}
    await imported(context, viewer, data, mapping, columns=clearing)
    after = await member(viewer, "p1")
    assert (after.name, after.employees, after.tags, after.attributes) == (None, None, [], {})


async def test_a_person_called_null_keeps_the_name(context: Context, viewer: Viewer) -> None:
    await by_suggestions(context, viewer, "id,name,country\na,Null,NA\n")

    assert ((await member(viewer, "a")).name, (await member(viewer, "a")).country) == ("Null", "NA")


async def test_what_counts_as_empty_can_be_chosen(context: Context, viewer: Viewer) -> None:
    data = "id,name\na,NULL\nb,keine\n"
    mapping = {"id": "externalId", "name": "name"}

    await imported(context, viewer, data, mapping, columns={"name": {"nulls": ["keine"]}})

    assert [(await member(viewer, one)).name for one in ("a", "b")] == ["NULL", None]


async def test_a_line_sep_says_the_delimiter(context: Context, viewer: Viewer) -> None:
    view = await uploaded(context, viewer, "sep=;\r\nid;name\r\na;A, Inc.\r\n")

    assert (view.delimiter, view.skip_lines) == (";", 1)
    assert [one.name for one in view.columns] == ["id", "name"]
    done = await by_suggestions(context, viewer, "sep=;\r\nid;name\r\na;A, Inc.\r\n;B\r\n")
    assert counts(done) == {"read": 2, "added": 1, "failed": 1}
    assert (await member(viewer, "a")).name == "A, Inc."


async def test_a_header_with_a_name_twice_is_a_header(context: Context, viewer: Viewer) -> None:
    view = await uploaded(
        context, viewer, "id,Email,Phone,Phone\n1,a@b.com,+4930123456,+4930999999\n", PERSON
    )

    assert view.has_header
    assert [one.name for one in view.columns] == ["id", "Email", "Phone", "Phone (2)"]


async def test_the_title_of_a_report_and_its_totals_are_no_rows(
    context: Context, viewer: Viewer, connection: asyncpg.Connection
) -> None:
    data = (
        'Account report\n"January 1, 2026 - January 31, 2026"\n\nAccount ID,Account Name,City\n'
        "a,TotalEnergies,Paris\nb,Total,Lyon\nTotal: 2,,\n"
    )
    view = await uploaded(context, viewer, data)
    assert (view.skip_lines, view.has_header) == (3, True)
    assert [one.name for one in view.columns] == ["Account ID", "Account Name", "City"]

    done = await imported(
        context,
        viewer,
        data.replace("Total: 2,,", ",Total,"),
        {"Account ID": "externalId", "Account Name": "name"},
    )

    assert counts(done) == {"read": 3, "added": 2, "ignored": 1}
    assert (await member(viewer, "b")).name == "Total"
    row = await connection.fetchrow("SELECT line, code FROM import_rejects WHERE import_id = $1", done.id)
    assert tuple(row) == (7, "TOTALS")


async def test_one_bad_value_rejects_its_row_if_that_is_chosen(context: Context, viewer: Viewer) -> None:
    data = "id,employees,city\na,many,Rome\nb,5,Bonn\n"
    mapping = {"id": "externalId", "employees": "employees", "city": "city"}

    strict = await imported(context, viewer, data, mapping, whole_rows=True)
    assert (counts(strict), strict.partial) == ({"read": 2, "added": 1, "failed": 1}, 0)

    usual = await imported(context, viewer, data, mapping)
    assert (counts(usual), usual.partial) == ({"read": 2, "added": 1, "already_in": 1}, 1)
    assert (await member(viewer, "a")).city == "Rome"


async def test_an_encoding_can_be_chosen(context: Context, viewer: Viewer) -> None:
    data = "id;name\na;Łódź\n".encode("windows-1250")

    view = await uploaded(context, viewer, data, encoding="Windows-1250")
    assert column(view, "name").samples == ["Łódź"]

    with pytest.raises(SeggraphError, match="none of utf-8") as raised:
        await uploaded(context, viewer, data, encoding="klingon")
    assert raised.value.path == ("encoding",)
    with pytest.raises(SeggraphError, match="not in shift-jis"):
        await uploaded(context, viewer, b"id\n\xff\xfe\xfd\n", encoding="shift-jis")


@pytest.mark.parametrize(
    ("choice", "path", "words"),
    [
        ({"decimal": "x"}, "decimal", "none of"),
        ({"dateOrder": "YDM"}, "dateOrder", "YMD, DMY or MDY"),
        ({"timeZone": "Mars/Olympus"}, "timeZone", "IANA"),
        ({"separator": "ab"}, "separator", "none of"),
        ({"words": {"x": "MAYBE"}}, "words", "means one of"),
        ({"words": "x"}, "words", "object"),
        ({"nulls": ["x"] * 21}, "nulls", "at most 20"),
    ],
)
async def test_a_choice_that_cannot_be_is_refused(
    context: Context, viewer: Viewer, choice: dict[str, Any], path: str, words: str
) -> None:
    view = await uploaded(context, viewer, "id,x\na,1\n")
    settings = StartSettings(choices=[("x", choice)])

    with pytest.raises(SeggraphError, match=words) as raised:
        await imports.start(context, viewer, view.id, [Pair("id", "externalId"), Pair("x", "x")], settings)

    assert raised.value.path[:3] == ("columns", 0, path)


async def test_an_attribute_that_exists_has_its_type_already(context: Context, viewer: Viewer) -> None:
    await by_suggestions(context, viewer, "id,x\na,1\n")
    view = await uploaded(context, viewer, "id,x\na,1\n")

    settings = StartSettings(choices=[("x", {"type": AttributeType.STRING}), ("gone", {})])
    with pytest.raises(SeggraphError) as raised:
        await imports.start(context, viewer, view.id, [Pair("id", "externalId"), Pair("x", "x")], settings)
    assert re.search("has no column 'gone'.*has the type NUMBER", str(raised.value))


async def test_a_mapping_is_suggested_again_for_a_file_of_the_same_shape(
    context: Context, viewer: Viewer
) -> None:
    data = "Kunde,Wert,Am\nk1,1.250,03/04/2026\n"
    mapping = {"Kunde": "externalId", "Wert": "revenue", "Am": "since"}
    chosen = {"Wert": {"decimal": ","}, "Am": {"dateOrder": "DMY"}}
    await imported(context, viewer, data, mapping, columns=chosen)

    # when the next file of the tool comes, with its columns in another order
    view = await uploaded(context, viewer, "WERT,Am,Kunde\n2.500,05/06/2026,k1\n")

    assert {one.column: (one.field, one.confidence) for one in view.suggestions} == {
        "Kunde": ("externalId", 1.0),
        "WERT": ("revenue", 1.0),
        "Am": ("since", 1.0),
    }
    assert column(view, "WERT").interpreted == ["2500"]
    assert [one.asked for one in view.columns] == [[], [], []]
    pairs = [Pair(one.column, one.field) for one in view.suggestions]
    await imports.start(context, viewer, view.id, pairs)
    await import_runs.run(context, view.id)
    after = await member(viewer, "k1")
    assert after.revenue == 2500
    assert after.attributes == {"since": "2026-06-05"}

    # and it can be forgotten
    [kept] = (await templates.get_many(viewer, range(1, 100))).values()
    assert (kept.uses, kept.kind) == (2, ACCOUNT)
    await templates.delete(context, viewer, kept.id)
    again = await uploaded(context, viewer, data)
    assert column(again, "Wert").asked
