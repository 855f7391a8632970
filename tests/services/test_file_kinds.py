"""Files that are no CSV files, or hardly: each is refused with what to do, or read rightly."""

import io
import zipfile
from pathlib import Path

import pytest

from seggraph.errors import Invalid, SeggraphError, TooMany
from seggraph.files import uploads
from seggraph.files.csv_records import Dialect, RecordReader
from seggraph.files.layout import find_table
from seggraph.files.uploads import Sink
from seggraph.services.campaigns import report_columns
from seggraph.settings import Settings
from tests.services.importing import reading


def zipped(*names: str) -> bytes:
    """A zip archive with files of these names."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in names:
            archive.writestr(name, "<x/>" * 20)
    return out.getvalue()


KINDS: dict[str, tuple[bytes, tuple[str, ...]]] = {
    "xlsx": (
        zipped("[Content_Types].xml", "_rels/.rels", "xl/workbook.xml"),
        (".xlsx", "save the sheet as CSV"),
    ),
    "ods": (zipped("mimetype", "content.xml"), (".ods", "save the sheet as CSV")),
    "numbers": (zipped("Index/Document.iwa", "preview.jpg"), ("Numbers", "Export to")),
    "docx": (zipped("[Content_Types].xml", "word/document.xml"), ("Word", "CSV")),
    "zip": (zipped("accounts.csv"), ("zip archive", "unpack")),
    "xls": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, (".xls", "save the sheet as CSV")),
    "html as xls": (
        b"\xef\xbb\xbf \n<HTML><table><tr><td>id</td></tr></table>",
        ("web page", "save the sheet as CSV"),
    ),
    "table as xls": (b"<table border=1><tr><th>id</th></tr></table>", ("web page", "save the sheet as CSV")),
    "xml as xls": (b'<?xml version="1.0"?><Workbook/>', ("XML", "save the sheet as CSV")),
    "pdf": (b"%PDF-1.7\n%\xe2\xe3", ("PDF", "Export it as CSV")),
    "parquet": (b"PAR1\x15\x04", ("Parquet", "write it as CSV")),
    "gzip": (b"\x1f\x8b\x08" + b"x" * 100, ("gzip", "unpack")),
}


@pytest.mark.parametrize("kind", KINDS)
async def test_another_kind_of_file_is_refused_with_what_to_do(tmp_path: Path, kind: str) -> None:
    data, words = KINDS[kind]
    settings = Settings(files_dir=tmp_path)
    with pytest.raises(Invalid) as refused:
        await uploads.store(settings, reading(data))
    assert refused.value.path == ("file",)
    assert all(word in refused.value.message for word in words), refused.value.message
    assert not any(tmp_path.iterdir()), "nothing of it stays"  # noqa: ASYNC240 - an empty folder


def stored(tmp_path: Path, data: bytes) -> Path:
    path = tmp_path / "some.csv"
    with path.open("wb") as file:
        sink = Sink(file)
        sink.write(data)
        sink.finish()
    return path


def no_name(name: str) -> bool:
    return name == "id"


@pytest.mark.parametrize("rows", [1, 150])
def test_a_million_columns_are_refused_and_not_held(tmp_path: Path, rows: int) -> None:
    path = stored(tmp_path, (b"a," * 1_000_000 + b"z\n") + b"1,2\n" * rows)
    assert path.stat().st_size > 2_000_000
    found = find_table(path, "utf-8", has_header=True, is_known_name=no_name)
    assert max(map(len, found.records)) == 1_001, "no more of a row is held than shows that it is too wide"
    as_stored = uploads.StoredFile("some.csv", 1, "", "utf-8", "utf-8")
    with pytest.raises(TooMany):
        report_columns.look(path, as_stored, {"x": "campaign"}, (), 10)


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"id\na\nb\n", [["id"], ["a"], ["b"]]),
        (b"id\ra\rb\r", [["id"], ["a"], ["b"]]),
        (b"id,n\r\na,1\nb,2\r\nc,3", [["id", "n"], ["a", "1"], ["b", "2"], ["c", "3"]]),
        (b'id,n\r\na,"x\ry"\nb,2\r\n', [["id", "n"], ["a", "x\ry"], ["b", "2"]]),
    ],
)
def test_one_column_and_mixed_line_ends_are_read(
    tmp_path: Path, data: bytes, expected: list[list[str]]
) -> None:
    path = stored(tmp_path, data)
    with RecordReader(path, Dialect("utf-8", ",", has_header=True)) as reader:
        records = list(reader)
    assert [record.cells for record in records] == expected
    assert not any(record.problem for record in records)


def test_a_line_end_inside_a_row_is_an_error_of_this_row(tmp_path: Path) -> None:
    path = stored(tmp_path, b"id,n\r\na,1\nb,2\rc,3\r\nd,4\n")
    with RecordReader(path, Dialect("utf-8", ",", has_header=True)) as reader:
        records = list(reader)
    assert [(record.line, record.cells) for record in records] == [
        (1, ["id", "n"]),
        (2, ["a", "1"]),
        (3, []),
        (4, ["d", "4"]),
    ]
    assert "one kind of line ends" in (records[2].problem or "")


def test_a_truncated_file_is_an_error_and_no_short_import(tmp_path: Path) -> None:
    path = stored(tmp_path, b'id,name\na,1\nb,"cut of')
    with (
        RecordReader(path, Dialect("utf-8", ",", has_header=True)) as reader,
        pytest.raises(SeggraphError, match="never closed"),
    ):
        list(reader)
