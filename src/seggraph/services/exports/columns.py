"""The columns of exports: what there is to choose, and the SQL that writes each as a CSV cell or as JSON.

PostgreSQL writes the file itself (COPY), many times faster than rows that pass through Python. A cell is what
`csv_values.format_value` would make of the value, so that the file imports again unchanged.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum, IntEnum, auto
from typing import Final

from seggraph.errors import Duplicate, NotFound, Path, TooMany
from seggraph.files import csv_values
from seggraph.services.imports.mappings import ATTRIBUTE_PREFIX, CONSENT_FIELDS, FIELDS
from seggraph.services.members.drafts import consent_column
from seggraph.vocabulary import AttributeType, ConsentState, MemberKind

MAX_COLUMNS: Final = 600

SPACES: Final = "".join(chr(code) for code in range(0x3001) if chr(code).isspace())
"""What `str.strip` takes away."""


class Form(Enum):
    """How a value becomes a cell."""

    TEXT = auto()
    LIST = auto()
    FLAG = auto()
    NUMBER = auto()
    PLAIN = auto()


@dataclass(frozen=True, slots=True)
class ExportColumn:
    """A column that can be chosen: a field by its SQL, or a custom attribute of members by its name.

    In the SQL `m` is members and `a` their addresses, `s` segments. With `names` the SQL is the number of one of them.
    """

    name: str
    form: Form
    sql: str = ""
    attribute: str | None = None
    names: type[IntEnum] | None = None

    def cell(self, place: str) -> str:
        """The SQL of the cell; `place` is the parameter with the attribute's name."""
        if self.names is not None:
            return _chosen(self.sql, {one.value: one.name for one in self.names})
        if self.attribute is None:
            return _cell(self.form, self.sql)
        if self.form is not Form.LIST:
            return _cell(self.form, f"(m.attributes ->> {place})")
        items = f"ARRAY(SELECT jsonb_array_elements_text(m.attributes -> {place}))"
        count = f"jsonb_array_length(m.attributes -> {place})"
        return f"CASE WHEN {count} = 0 THEN '[]' WHEN {count} > 0 THEN {_list(items)} END"

    def json(self, before: str) -> str:
        """The SQL of the text of a field's name and JSON value, after `before`; not for attributes."""
        start = f'{before}"{self.name}":'
        null = f"{start}null"
        if self.names is not None:
            return _chosen(self.sql, {one.value: f'{start}"{one.name}"' for one in self.names}, null)
        if self.form is Form.FLAG:
            return f"CASE {self.sql} WHEN true THEN '{start}true' WHEN false THEN '{start}false' ELSE '{null}' END"
        return f"coalesce('{start}' || to_json({self.sql})::text, '{null}')"


def _cell(form: Form, value: str) -> str:
    match form:
        case Form.TEXT:
            return _text(value)
        case Form.LIST:
            return f"CASE WHEN {value} = '{{}}' THEN '' ELSE {_list(value)} END"
        case Form.FLAG:
            return f"CASE WHEN {value} THEN 'true' ELSE 'false' END"
        case Form.NUMBER:
            plain = r"'^-?[0-9]+(?:\.[0-9]{1,18})?$'"
            return f"CASE WHEN {value} ~ {plain} THEN {value} ELSE {value}::float8::text END"
        case Form.PLAIN:
            return value


def _text(value: str) -> str:
    """A text as `csv_values.escape` writes it."""
    could_run = r"E'^(?:[=+@\t\r\n-]|''(?:$|[=+@\t\r\n''-]))'"
    return f"CASE WHEN {value} = '' OR {value} ~ {could_run} THEN '''' || {value} ELSE {value} END"


def _list(value: str) -> str:
    """A list of texts as `csv_values.format_value` writes it: between semicolons if it can be, otherwise as JSON."""
    separator = csv_values.LIST_SEPARATOR
    return f"""
      CASE WHEN EXISTS (SELECT FROM unnest({value}) AS item WHERE item = '' OR item <> btrim(item, '{SPACES}')
        OR strpos(item, '{separator}') > 0 OR left(item, 1) IN ('[', '''', '{{'))
      THEN to_jsonb({value})::text ELSE {_text(f"array_to_string({value}, '{separator}')")} END
    """


def _chosen(column: str, texts: Mapping[int, str], otherwise: str | None = None) -> str:
    whens = " ".join(f"WHEN {number} THEN '{text}'" for number, text in texts.items())
    rest = "" if otherwise is None else f"ELSE '{otherwise}'"
    return f"CASE {column} {whens} {rest} END"


def _instant(column: str) -> str:
    return f"to_char({column} AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')"


WELL_KNOWN: Final = (
    ExportColumn("externalId", Form.TEXT, "m.external_id"),
    ExportColumn("name", Form.TEXT, "m.name"),
    ExportColumn("domain", Form.TEXT, "m.domain"),
    ExportColumn("email", Form.TEXT, "m.email"),
    ExportColumn("phone", Form.TEXT, "m.phone"),
    ExportColumn("country", Form.TEXT, "m.country"),
    ExportColumn("city", Form.TEXT, "m.city"),
    ExportColumn("industry", Form.TEXT, "m.industry"),
    ExportColumn("revenue", Form.PLAIN, "trim_scale(m.revenue)"),
    ExportColumn("employees", Form.PLAIN, "m.employees"),
    ExportColumn("score", Form.PLAIN, "m.score"),
    ExportColumn("isTarget", Form.FLAG, "m.is_target"),
    ExportColumn("tags", Form.LIST, "m.tags"),
    *(
        ExportColumn(name, Form.PLAIN, f"m.{consent_column(channel)}", names=ConsentState)
        for name, channel in CONSENT_FIELDS.items()
    ),
    ExportColumn("address", Form.TEXT, "a.address"),
    ExportColumn("shippingAddress", Form.PLAIN, "a.shipping_address"),
    ExportColumn("billingAddress", Form.PLAIN, "a.billing_address"),
)
"""The fields of members that a file has unless told otherwise: those that an import takes."""

INSTANTS: Final = (
    ExportColumn("createdAt", Form.PLAIN, _instant("m.created_at")),
    ExportColumn("updatedAt", Form.PLAIN, _instant("m.updated_at")),
)
"""Fields that are there for the asking."""

SEGMENT_COLUMNS: Final = (
    ExportColumn("name", Form.TEXT, "s.name"),
    ExportColumn("description", Form.TEXT, "s.description"),
    ExportColumn("kind", Form.PLAIN, "s.kind", names=MemberKind),
    ExportColumn("type", Form.PLAIN, "s.type"),
    ExportColumn("status", Form.PLAIN, "s.status"),
    ExportColumn("purpose", Form.PLAIN, "s.purpose"),
    ExportColumn("origin", Form.PLAIN, "s.origin"),
    ExportColumn("visibility", Form.PLAIN, "s.visibility"),
    ExportColumn("memberCount", Form.PLAIN, "s.member_count"),
    ExportColumn("reachStatus", Form.PLAIN, "s.reach_status"),
    ExportColumn("reachTotal", Form.PLAIN, "s.reach_total"),
    ExportColumn("reachEmail", Form.PLAIN, "s.reach_email"),
    ExportColumn("reachDirectMail", Form.PLAIN, "s.reach_direct_mail"),
    ExportColumn("reachSms", Form.PLAIN, "s.reach_sms"),
    ExportColumn("reachPhone", Form.PLAIN, "s.reach_phone"),
    ExportColumn("reachPush", Form.PLAIN, "s.reach_push"),
    ExportColumn("asOf", Form.PLAIN, _instant("s.as_of")),
    ExportColumn("createdBy", Form.TEXT, "(SELECT name FROM users u WHERE u.id = s.created_by_id)"),
    ExportColumn("createdAt", Form.PLAIN, _instant("s.created_at")),
    ExportColumn("lastAction", Form.PLAIN, "s.last_action"),
    ExportColumn(
        "lastModifiedBy", Form.TEXT, "(SELECT name FROM users u WHERE u.id = s.last_modified_by_id)"
    ),
    ExportColumn("lastModifiedAt", Form.PLAIN, _instant("s.last_modified_at")),
)
"""The columns of a list of segments."""

_FORMS: Final = {
    AttributeType.STRING: Form.TEXT,
    AttributeType.STRING_LIST: Form.LIST,
    AttributeType.NUMBER: Form.NUMBER,
}


def of_members(types: Mapping[str, AttributeType], names: Sequence[str] | None) -> list[ExportColumn]:
    """The columns of members with these names, or all that import again; `types` are the attributes that there are.

    Raises NotFound, Duplicate and TooMany with the path of the name.
    """
    attributes = [_attribute(name, types[name]) for name in sorted(types)]
    by_full_name = {f"{ATTRIBUTE_PREFIX}{column.attribute}": column for column in attributes}
    return _choose(
        names, [*WELL_KNOWN, *attributes], {column.name: column for column in INSTANTS} | by_full_name
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
    is_ambiguous = name in FIELDS or name.startswith(ATTRIBUTE_PREFIX)
    shown = ATTRIBUTE_PREFIX + name if is_ambiguous else name
    return ExportColumn(shown, _FORMS.get(type_, Form.PLAIN), attribute=name)


def csv_select(columns: Sequence[ExportColumn], first: int) -> tuple[str, list[str]]:
    """The select list of the cells, and the values of its parameters, the first of which is $`first`."""
    places = _places(columns, first)
    return ", ".join(column.cell(places.get(column.name, "")) for column in columns), _parameters(columns)


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
