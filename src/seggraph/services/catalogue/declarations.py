"""Declaring many attributes at once, as a list or as a file; doing it again changes nothing."""

import csv
import io
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import orjson

from seggraph.access import Viewer, require_write
from seggraph.context import Context
from seggraph.criteria import AttributeDefinition, Catalogue
from seggraph.errors import Invalid, Required, SeggraphError, TooMany
from seggraph.files.uploads import Read
from seggraph.row_errors import RowError
from seggraph.services.catalogue import attributes, catalogues
from seggraph.vocabulary import AttributeType, MemberKind

MAX_ROWS: Final = 1_000
MAX_BYTES: Final = 2 * 1024 * 1024
COLUMNS: Final = ("kind", "name", "type", "label", "description", "isPersonal")
"""The columns of a CSV file, and the keys of the objects of a JSON file."""
TRUE: Final = frozenset({"true", "yes", "1"})
FALSE: Final = frozenset({"false", "no", "0", ""})

Declaration = Mapping[str, Any]
"""An attribute to declare, by the names of COLUMNS; values are texts, members of enums, or truth values."""


@dataclass(slots=True)
class DeclarationReport:
    """What became of each row: created + updated + unchanged + rows with errors = rows."""

    created: int = 0
    updated: int = 0
    unchanged: int = 0
    row_errors: list[RowError] = field(default_factory=list)


async def declare_given(
    context: Context,
    viewer: Viewer,
    rows: Sequence[Declaration] | None,
    sent_file: Callable[[], Awaitable[Read]] | None,
    kind: MemberKind | None = None,
) -> DeclarationReport:
    """Declare the attributes of rows, or of a file, which is read only for who may declare any.

    Raises Forbidden, TooMany, Required unless one of them is given, and what reading the file raises.
    """
    require_write(viewer)
    if rows is None and sent_file is not None:
        rows = await read_file(await sent_file())
    elif rows is None or sent_file is not None:
        raise Required("Give attributes or a file.", path=("attributes",))
    return await declare_all(context, viewer, rows, kind)


async def declare_all(
    context: Context, viewer: Viewer, rows: Sequence[Declaration], kind: MemberKind | None = None
) -> DeclarationReport:
    """Declare the attributes of the rows; those that are there already with the same type are described anew.

    `kind` is of rows that say none. Raises Forbidden, TooMany.
    """
    require_write(viewer)
    if len(rows) > MAX_ROWS:
        raise TooMany(f"Declare at most {MAX_ROWS} attributes at once.", path=("attributes",))
    report = DeclarationReport()
    known = await catalogues.load_many(viewer, list(MemberKind))
    seen: set[tuple[MemberKind, str]] = set()
    for index, row in enumerate(rows):
        try:
            of_kind, definition = _read(row, kind)
            if (of_kind, definition.name) in seen:
                raise Invalid("An earlier row declares this attribute.", path=("name",))
            seen.add((of_kind, definition.name))
            await _declare(context, viewer, known[of_kind], of_kind, definition, report)
        except SeggraphError as problem:
            report.row_errors.append(RowError(index, problem.code, problem.message, problem.path))
    return report


async def _declare(
    context: Context,
    viewer: Viewer,
    known: Catalogue,
    kind: MemberKind,
    definition: AttributeDefinition,
    report: DeclarationReport,
) -> None:
    found = known.find(definition.name)
    if found is None or not found.is_custom:
        await attributes.declare(context, viewer, kind, definition)
        report.created += 1
        return
    is_same = (
        found.type is definition.type
        and definition.label.strip() in ("", found.label)
        and definition.description.strip() in ("", found.description)
        and (found.is_personal or not definition.is_personal)
    )
    if is_same:
        report.unchanged += 1
        return
    await attributes.declare(context, viewer, kind, definition)
    report.updated += 1


def _read(row: Declaration, kind: MemberKind | None) -> tuple[MemberKind, AttributeDefinition]:
    """The kind and the attribute of a row. Raises Required and Invalid with the path in it."""
    unknown = [key for key in row if key not in COLUMNS]
    if unknown:
        message = f"There is no column {str(unknown[0])[:100]!r}. There are {', '.join(COLUMNS)}."
        raise Invalid(message, path=(str(unknown[0])[:100],))
    of_kind = row.get("kind") or kind
    if of_kind is None:
        raise Required("Say of which kind the members are.", path=("kind",))
    if not row.get("type"):
        raise Required("An attribute needs a type.", path=("type",))
    definition = AttributeDefinition(
        _text(row, "name"),
        _member(AttributeType, row["type"], "type"),
        label=_text(row, "label"),
        description=_text(row, "description"),
        is_personal=_flag(row.get("isPersonal")),
    )
    return _member(MemberKind, of_kind, "kind"), definition


def _text(row: Declaration, name: str) -> str:
    value = row.get(name)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise Invalid(f"A {name} is a text.", path=(name,))
    return value


def _member(enum: Any, value: Any, path: str) -> Any:
    """A member of an enum, or by its name in whatever case."""
    if isinstance(value, enum):
        return value
    name = value.strip().upper() if isinstance(value, str) else None
    if name not in enum.__members__:
        raise Invalid(
            f"There is no {path} {str(value)[:40]!r}: give {', '.join(enum.__members__)}.", path=(path,)
        )
    return enum[name]


def _flag(value: Any) -> bool:
    said = str(value if value is not None else "").strip().lower()
    if said not in TRUE | FALSE:
        raise Invalid("Whether it is personal is true or false.", path=("isPersonal",))
    return said in TRUE


async def read_file(read: Read) -> list[Declaration]:
    """The rows of a file: CSV with a header, or a JSON list of objects. Raises Invalid and TooMany."""
    content = b""
    while part := await read(64 * 1024):
        content += part
        if len(content) > MAX_BYTES:
            raise TooMany(f"A file of attributes has at most {MAX_BYTES:,} bytes.", path=("file",))
    return rows_of(content)


def rows_of(content: bytes) -> list[Declaration]:
    """The rows of the content of a file. Raises Invalid."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Invalid("The file is not in UTF-8.", path=("file",)) from error
    if text.lstrip().startswith(("[", "{")):
        return _json_rows(text)
    header = text.partition("\n")[0]
    delimiter = max(",;\t", key=header.count)
    try:
        reader = csv.DictReader(io.StringIO(text), delimiter=delimiter, strict=True, restkey="more")
        if not reader.fieldnames or "name" not in reader.fieldnames:
            raise Invalid(f"The first line names the columns: {', '.join(COLUMNS)}.", path=("file",))
        return list(reader)
    except csv.Error as error:
        raise Invalid(f"The file is not CSV: {error}.", path=("file",)) from error


def _json_rows(text: str) -> list[Declaration]:
    try:
        found = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise Invalid(f"The file is not JSON: {error}.", path=("file",)) from error
    if not isinstance(found, list) or not all(isinstance(row, dict) for row in found):
        raise Invalid("The JSON is a list of objects, one for each attribute.", path=("file",))
    return found
