"""The columns of exports: what there is to choose, and the SQL that writes each as a CSV cell or as JSON.

PostgreSQL writes the file itself (COPY), many times faster than rows that pass through Python. A cell is what
`csv_values.format_value` would make of the value, so that the file imports again unchanged.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Final, TypeAlias

from seggraph import member_fields
from seggraph.errors import Duplicate, NotFound, Path, TooMany
from seggraph.member_fields import FIELDS, CellForm, MemberField
from seggraph.services.imports.mappings import ATTRIBUTE_PREFIX, PLACES, TARGETS
from seggraph.values import csv_values
from seggraph.vocabulary import AttributeType, ConsentState, ExportFormat, MemberKind

MAX_COLUMNS: Final = 600

SPACES: Final = "".join(chr(code) for code in range(0x3001) if chr(code).isspace())
"""What `str.strip` takes away."""


@dataclass(frozen=True, slots=True)
class ExportColumn:
    """A column that can be chosen: a field by its SQL, or a custom attribute of members by its name.

    In the SQL `m` is members and `a` their addresses, `s` segments. With `names` the SQL is the number of one of them.
    """

    name: str
    form: CellForm
    sql: str = ""
    attribute: str | None = None
    names: type[IntEnum] | None = None

    def cell(self, place: str, text: "Written") -> str:
        """The SQL of the cell; `place` is the parameter with the attribute's name, `text` writes a text."""
        if self.names is not None:
            return _chosen(self.sql, {value.value: value.name for value in self.names})
        if self.attribute is None:
            return _cell(self.form, self.sql, text)
        if self.form is not CellForm.LIST:
            return _cell(self.form, f"(m.attributes ->> {place})", text)
        items = f"ARRAY(SELECT jsonb_array_elements_text(m.attributes -> {place}))"
        count = f"jsonb_array_length(m.attributes -> {place})"
        return f"CASE WHEN {count} = 0 THEN '[]' WHEN {count} > 0 THEN {_list(items, text)} END"

    def json(self, before: str) -> str:
        """The SQL of the text of a field's name and JSON value, after `before`; not for attributes."""
        start = f'{before}"{self.name}":'
        null = f"{start}null"
        if self.names is not None:
            return _chosen(self.sql, {value.value: f'{start}"{value.name}"' for value in self.names}, null)
        if self.form is CellForm.FLAG:
            return f"CASE {self.sql} WHEN true THEN '{start}true' WHEN false THEN '{start}false' ELSE '{null}' END"
        return f"coalesce('{start}' || to_json({self.sql})::text, '{null}')"


Written: TypeAlias = Callable[[str], str]
"""What makes the SQL of a cell of the SQL of a text."""


def _cell(form: CellForm, value: str, text: Written) -> str:
    match form:
        case CellForm.TEXT:
            return text(value)
        case CellForm.LIST:
            return f"CASE WHEN {value} = '{{}}' THEN '' ELSE {_list(value, text)} END"
        case CellForm.FLAG:
            return f"CASE WHEN {value} THEN 'true' ELSE 'false' END"
        case CellForm.NUMBER:
            plain = r"'^-?[0-9]+(?:\.[0-9]{1,18})?$'"
            return f"CASE WHEN {value} ~ {plain} THEN {value} ELSE {value}::float8::text END"
        case _:
            return value


def _protected(value: str) -> str:
    """A text as `csv_values.escape` writes it."""
    could_run = rf"E'^(?:(?!{csv_values.PHONE}$)[=+@\t\r\n-]|''(?:$|[=+@\t\r\n''-]))'"
    return f"CASE WHEN {value} = '' OR {value} ~ {could_run} THEN '''' || {value} ELSE {value} END"


def _plain(value: str) -> str:
    return value


WRITTEN: Final[Mapping[ExportFormat, Written]] = {
    ExportFormat.CSV: _protected,
    ExportFormat.PLAIN_CSV: _plain,
}
"""How the formats with cells write texts."""


def _list(value: str, text: Written) -> str:
    """A list of texts as `csv_values.format_value` writes it: between semicolons if it can be, otherwise as JSON."""
    separator = csv_values.LIST_SEPARATOR
    return f"""
      CASE WHEN EXISTS (SELECT FROM unnest({value}) AS item WHERE item = '' OR item <> btrim(item, '{SPACES}')
        OR item ~ '[{csv_values.LIST_SIGNS}]' OR left(item, 1) IN ('[', '''', '{{'))
      THEN to_jsonb({value})::text ELSE {text(f"array_to_string({value}, '{separator}')")} END
    """


def _chosen(column: str, texts: Mapping[int, str], otherwise: str | None = None) -> str:
    whens = " ".join(f"WHEN {number} THEN '{text}'" for number, text in texts.items())
    rest = "" if otherwise is None else f"ELSE '{otherwise}'"
    return f"CASE {column} {whens} {rest} END"


def _who(role: str) -> str:
    """The name of the user or of the API key that did something to a segment."""
    return f"""coalesce((SELECT coalesce(w.name, u.name) FROM users u
        LEFT JOIN workspace_users w ON w.workspace_id = s.workspace_id AND w.user_id = u.id WHERE u.id = s.{role}_id),
      (SELECT name FROM api_keys k WHERE k.workspace_id = s.workspace_id AND k.id = s.{role}_key_id))"""  # noqa: S608


def _instant(column: str) -> str:
    return f"to_char({column} AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')"


def _value(field: MemberField) -> str:
    """The SQL of a field's value, as it is written."""
    column = f"{'a' if field.is_address else 'm'}.{field.column}"
    match field.type.cell:
        case CellForm.DECIMAL:
            return f"trim_scale({column})"
        case CellForm.INSTANT:
            return _instant(column)
    return column


def _well_known(field: MemberField) -> ExportColumn:
    names = ConsentState if field.type.cell is CellForm.CONSENT else None
    return ExportColumn(field.name, field.type.cell, _value(field), names=names)


WELL_KNOWN: Final = tuple(_well_known(field) for field in FIELDS if field.is_imported)
"""The fields of members that a file has unless columns are chosen: those that an import takes."""

INSTANTS: Final = tuple(_well_known(field) for field in FIELDS if field.type.cell is CellForm.INSTANT)
"""Fields that a file has only when they are asked for."""

PARTS: Final = tuple(
    ExportColumn(part.name, CellForm.TEXT, part.sql) for part in member_fields.PARTS.values()
)
"""Parts of addresses, which a file has only when they are asked for: the addresses are there as a whole."""

SEGMENT_COLUMNS: Final = (
    ExportColumn("name", CellForm.TEXT, "s.name"),
    ExportColumn("description", CellForm.TEXT, "s.description"),
    ExportColumn("kind", CellForm.PLAIN, "s.kind", names=MemberKind),
    ExportColumn("type", CellForm.PLAIN, "s.type"),
    ExportColumn("status", CellForm.PLAIN, "s.status"),
    ExportColumn("purpose", CellForm.PLAIN, "s.purpose"),
    ExportColumn("origin", CellForm.PLAIN, "s.origin"),
    ExportColumn("visibility", CellForm.PLAIN, "s.visibility"),
    ExportColumn("memberCount", CellForm.PLAIN, "s.member_count"),
    ExportColumn("reachStatus", CellForm.PLAIN, "s.reach_status"),
    ExportColumn("reachTotal", CellForm.PLAIN, "s.reach_total"),
    ExportColumn("reachEmail", CellForm.PLAIN, "s.reach_email"),
    ExportColumn("reachDirectMail", CellForm.PLAIN, "s.reach_direct_mail"),
    ExportColumn("reachSms", CellForm.PLAIN, "s.reach_sms"),
    ExportColumn("reachPhone", CellForm.PLAIN, "s.reach_phone"),
    ExportColumn("reachPush", CellForm.PLAIN, "s.reach_push"),
    ExportColumn("asOf", CellForm.PLAIN, _instant("s.as_of")),
    ExportColumn("createdBy", CellForm.TEXT, _who("created_by")),
    ExportColumn("createdAt", CellForm.PLAIN, _instant("s.created_at")),
    ExportColumn("lastAction", CellForm.PLAIN, "s.last_action"),
    ExportColumn("lastModifiedBy", CellForm.TEXT, _who("last_modified_by")),
    ExportColumn("lastModifiedAt", CellForm.PLAIN, _instant("s.last_modified_at")),
)
"""The columns of a list of segments."""

_FORMS: Final = {
    AttributeType.STRING: CellForm.TEXT,
    AttributeType.STRING_LIST: CellForm.LIST,
    AttributeType.NUMBER: CellForm.NUMBER,
}


def of_members(types: Mapping[str, AttributeType], names: Sequence[str] | None) -> list[ExportColumn]:
    """The columns of members with these names, or all that import again; `types` are the attributes that there are.

    Raises NotFound, Duplicate and TooMany with the path of the name.
    """
    attributes = [_attribute(name, types[name]) for name in sorted(types)]
    by_full_name = {f"{ATTRIBUTE_PREFIX}{column.attribute}": column for column in attributes}
    return _choose(
        names,
        [*WELL_KNOWN, *attributes],
        {column.name: column for column in (*INSTANTS, *PARTS)} | by_full_name,
    )


def of_segments(names: Sequence[str] | None) -> list[ExportColumn]:
    """The columns of segments with these names, or all. Raises NotFound, Duplicate and TooMany."""
    return _choose(names, SEGMENT_COLUMNS, {})


def _choose(
    names: Sequence[str] | None, usual: Sequence[ExportColumn], more: Mapping[str, ExportColumn]
) -> list[ExportColumn]:
    if names is None:
        return list(usual)
    if not 0 < len(names) <= MAX_COLUMNS:
        raise TooMany(f"Choose 1 to {MAX_COLUMNS} columns.", path=("columns",))
    known = {**more, **{column.name: column for column in usual}}
    chosen: list[ExportColumn] = []
    for index, name in enumerate(names):
        path: Path = ("columns", index)
        if name not in known:
            fields = ", ".join(name for name, column in known.items() if column.attribute is None)
            raise NotFound(
                f"There is no column {name[:100]!r}. There are the attributes and {fields}.", path=path
            )
        if known[name] in chosen:
            raise Duplicate(f"The column {name!r} is there already.", path=path)
        chosen.append(known[name])
    return chosen


def _attribute(name: str, type_: AttributeType) -> ExportColumn:
    """The column of a custom attribute, under the name that a mapping gives it."""
    is_ambiguous = name in TARGETS or name in PLACES or name.startswith(ATTRIBUTE_PREFIX)
    shown = ATTRIBUTE_PREFIX + name if is_ambiguous else name
    return ExportColumn(shown, _FORMS.get(type_, CellForm.PLAIN), attribute=name)


def csv_select(columns: Sequence[ExportColumn], first: int, text: Written) -> tuple[str, list[str]]:
    """The select list of the cells, and the values of its parameters, the first of which is $`first`."""
    places = _places(columns, first)
    cells = (column.cell(places.get(column.name, ""), text) for column in columns)
    return ", ".join(cells), _parameters(columns)


def json_select(columns: Sequence[ExportColumn], first: int) -> tuple[str, list[str]]:
    """The SQL of one JSON object per row, attributes in a field of their own; see `csv_select`.

    It is put together from texts: row_to_json finds out anew for every value how its type is written.
    """
    places = _places(columns, first)
    fields = [column for column in columns if column.attribute is None]
    parts = [column.json("," if index else "{") for index, column in enumerate(fields)]
    if places:
        parts.append(
            f"""'{"," if fields else "{"}"attributes":' || {_attributes(list(places.values()))}::text"""
        )
    return f"{_joined(parts)} || '}}'", _parameters(columns)


def _attributes(places: Sequence[str]) -> str:
    """The SQL of a JSON object with those of the attributes that a member has."""
    pairs = [f"{place}, m.attributes -> {place}" for place in places]
    # A call has at most 100 arguments.
    starts = range(0, len(pairs), 50)
    parts = [f"jsonb_build_object({', '.join(pairs[start : start + 50])})" for start in starts]
    return f"(CASE WHEN m.attributes = '{{}}' THEN '{{}}' ELSE jsonb_strip_nulls({' || '.join(parts)}) END)"


def _joined(parts: Sequence[str]) -> str:
    """The SQL of the texts behind each other; in halves, for `||` copies what is on its left."""
    if len(parts) == 1:
        return parts[0]
    middle = len(parts) // 2
    return f"({_joined(parts[:middle])} || {_joined(parts[middle:])})"


def _places(columns: Sequence[ExportColumn], first: int) -> dict[str, str]:
    named = [column for column in columns if column.attribute is not None]
    return {column.name: f"${first + index}::text" for index, column in enumerate(named)}


def _parameters(columns: Sequence[ExportColumn]) -> list[str]:
    return [column.attribute for column in columns if column.attribute is not None]
