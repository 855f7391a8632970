"""Files in any dress: whatever the encoding, the delimiter and the quoting, every row arrives as it was."""

import asyncio
import csv
import io
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seggraph.errors import Invalid
from seggraph.files import uploads
from seggraph.files.columns import ColumnEvidence, sniff
from seggraph.files.csv_records import Dialect, Record, RecordReader
from seggraph.services.catalogue.columns import look
from seggraph.settings import Settings
from seggraph.values import csv_values, domains
from seggraph.vocabulary import AttributeType, MemberKind
from tests.effort import tries
from tests.services.importing import reading

pytestmark = pytest.mark.slow

ENCODINGS = {
    "utf-8": ("utf-8", b""),
    "utf-8 with a mark": ("utf-8", b"\xef\xbb\xbf"),
    "utf-16-le with a mark": ("utf-16-le", b"\xff\xfe"),
    "utf-16-be with a mark": ("utf-16-be", b"\xfe\xff"),
    "utf-16-le": ("utf-16-le", b""),
    "windows-1252": ("windows-1252", b""),
}
LETTERS = "abc XYZ,;\t|\"'\n=019äöüßé€"
rows_of_cells = st.integers(2, 5).flatmap(
    lambda width: st.lists(
        st.lists(st.text(LETTERS, max_size=12), min_size=width, max_size=width), min_size=1, max_size=30
    )
)


def read_back(data: bytes, delimiter: str, *, stop_after: int | None = None) -> tuple[list[Record], str]:
    """The records of an uploaded file, and its encoding; with a stop the reading is begun anew behind some."""
    with TemporaryDirectory() as folder:
        chosen = Settings(files_dir=Path(folder))
        stored = asyncio.run(uploads.store(chosen, reading(data)))
        path, dialect = Path(folder) / stored.name, Dialect(stored.stored_encoding, delimiter, True)
        with RecordReader(path, dialect) as reader:
            records = [record for _, record in zip(range(stop_after or 0), reader, strict=False)]
            position, line = reader.position, reader.line
        with RecordReader(path, dialect, position=position, line=line) as reader:
            return records + list(reader), stored.encoding


@settings(deadline=None, max_examples=tries(75, 500))
@given(
    rows=rows_of_cells,
    dress=st.sampled_from(sorted(ENCODINGS)),
    delimiter=st.sampled_from([",", ";", "\t", "|"]),
    quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL, csv.QUOTE_NONNUMERIC]),
    end=st.sampled_from(["\r\n", "\n"]),
    stop_after=st.integers(0, 30),
)
def test_every_row_arrives_as_it_was_also_when_reading_is_interrupted(
    rows: list[list[str]], dress: str, delimiter: str, quoting: int, end: str, stop_after: int
) -> None:
    header = [f"Größe {index}" for index in range(len(rows[0]))]
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter, quoting=quoting, lineterminator=end).writerows([header, *rows])  # type: ignore[arg-type]
    encoding, mark = ENCODINGS[dress]

    records, _ = read_back(mark + text.getvalue().encode(encoding), delimiter, stop_after=stop_after)

    assert [record.cells for record in records] == [header, *rows]
    assert [record.problem for record in records] == [None] * len(records)
    lines = text.getvalue().split(end if end == "\r\n" else "\n")
    assert records[0].line == 1
    assert all(one.line < other.line <= len(lines) * 20 for one, other in pairwise(records))


@pytest.mark.parametrize("dress", ENCODINGS)
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_the_look_of_a_file_is_found_out(tmp_path: Path, dress: str, delimiter: str) -> None:
    encoding, mark = ENCODINGS[dress]
    lines = [["Website", "Name", "Größe"], ["acme.com", "Müller, Söhne; Co", "1"], ["b.com", 'a "b"\nc', "2"]]
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter).writerows(lines)
    chosen = Settings(files_dir=tmp_path)

    stored = asyncio.run(uploads.store(chosen, reading(mark + text.getvalue().encode(encoding))))
    seen = look(tmp_path / stored.name, stored.stored_encoding, MemberKind.ACCOUNT, has_header=None)

    assert stored.encoding == {"utf-8 with a mark": "utf-8-sig"}.get(dress, encoding)
    assert (seen.dialect.delimiter, seen.dialect.has_header) == (delimiter, True)
    assert [column.name for column in seen.columns] == ["Website", "Name", "Größe"]
    assert [(one.column, one.field) for one in seen.suggestions] == [
        ("Website", "domain"),
        ("Name", "name"),
        ("Größe", "Größe"),
    ]


def test_a_file_of_carriage_returns_has_lines() -> None:
    records, _ = read_back(b"id,name\ra,1\rb,2\r", ",")

    assert [record.cells for record in records] == [["id", "name"], ["a", "1"], ["b", "2"]]


def test_one_broken_byte_does_not_change_the_encoding() -> None:
    records, encoding = read_back("id\nMünchen\nKöln\n".encode() + b"a\xff\n", ",")

    assert encoding == "utf-8"
    assert [record.cells for record in records[1:]] == [["München"], ["Köln"], ["a\udcff"]]


@given(st.text(max_size=20) | st.from_regex(r"[=+@'-]?[+]?[0-9 ().-]{0,6}[a-z]?", fullmatch=True))
def test_a_text_is_written_so_that_it_reads_the_same_and_cannot_run(text: str) -> None:
    written = csv_values.escape(text)

    assert csv_values.unescape(written) == text
    assert not written or written[0] not in "=+-@\t\r\n" or written.strip("+0123456789 ()./-") == ""


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=8), max_size=5))
def test_a_list_is_written_so_that_it_reads_the_same(items: list[str]) -> None:
    assert csv_values.parse_list(csv_values.format_value(items)) == items


@pytest.mark.parametrize("cell", ["'s-Hertogenbosch", "O'Neill", "don't", "'Allo"])
def test_apostrophes_of_words_stay(cell: str) -> None:
    assert csv_values.unescape(cell) == cell


@pytest.mark.parametrize(
    ("column", "type_"),
    [
        (["1", "2.5", "-3e4", ""], AttributeType.NUMBER),
        (["007", "1"], AttributeType.STRING),
        (["true", "FALSE"], AttributeType.BOOLEAN),
        (["2026-01-31", "2025-12-01"], AttributeType.DATE),
        (["2026-02-31"], AttributeType.STRING),
        (["2026-01-31T09:30:00Z"], AttributeType.DATETIME),
        (["03/04/2026"], AttributeType.DATE),
        (["1", "x"], AttributeType.STRING),
        (["", " "], AttributeType.STRING),
        ([], AttributeType.STRING),
    ],
)
def test_the_type_of_a_column_is_the_narrowest_that_fits(column: list[str], type_: AttributeType) -> None:
    evidence = ColumnEvidence()
    for cell in column:
        evidence.see(cell)

    assert sniff(["some"], [evidence], ",")[0].reading.type is type_


@pytest.mark.parametrize(
    ("text", "domain"),
    [
        ("acme.com", "acme.com"),
        (" ACME.com. ", "acme.com"),
        ("https://user:pw@www.Acme.com:8443/a?b#c", "acme.com"),
        ("//cdn.acme.com/x", "cdn.acme.com"),
        ("www.acme.co.uk", "acme.co.uk"),
        ("www.com", "www.com"),
        ("BÜCHER.example", "xn--bcher-kva.example"),
        ("xn--bcher-kva.example", "xn--bcher-kva.example"),
        ("straße.de", "xn--strae-oqa.de"),
    ],
)
def test_domains_have_one_form(text: str, domain: str) -> None:
    assert domains.normalise(text) == domain


@pytest.mark.parametrize(
    "text",
    ["", "acme", "127.0.0.1", "http://", "a b.com", "ada@acme.com", "x" * 64 + ".com", "-a.com", "a..com"],
)
def test_what_is_no_domain_is_refused(text: str) -> None:
    with pytest.raises(Invalid, match="no domain"):
        domains.normalise(text)
