"""The columns of exports: what there is to choose, and the SQL that writes each as a CSV cell or as JSON.

PostgreSQL writes the file itself (COPY), many times faster than rows that pass through Python. A cell is what
`cells.written` would make of the value, so that the file imports again unchanged.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum, IntEnum, auto
from typing import Final

from seggraph.errors import Duplicate, NotFound, Path, TooMany
from seggraph.services import cells
from seggraph.services.import_mappings import ATTRIBUTE_PREFIX, CONSENT_FIELDS, FIELDS
from seggraph.services.member_drafts import consent_column
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

    In the SQL `m` is members and `a` their addresses, `s` segments.
    """

    name: str
    form: Form
    sql: str = ""
    attribute: str | None = None

    def cell(self, place: str) -> str:
        """The SQL of the cell; `place` is the parameter with the attribute's name."""
        if self.attribute is None:
            return _cell(self.form, self.sql)
        if self.form is not Form.LIST:
            return _cell(self.form, f"(m.attributes ->> {place})")
        items = f"ARRAY(SELECT jsonb_array_elements_text(m.attributes -> {place}))"
        count = f"jsonb_array_length(m.attributes -> {place})"
        return f"CASE WHEN {count} = 0 THEN '[]' WHEN {count} > 0 THEN {_list(items)} END"

    def json(self, place: str) -> str:
        """The SQL of the JSON value; `place` as in `cell`."""
        return self.sql if self.attribute is None else f"m.attributes -> {place}"


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
    """A text as `cells.escaped` writes it."""
    could_run = r"E'^(?:[=+@\t\r\n-]|''(?:$|[=+@\t\r\n''-]))'"
    return f"CASE WHEN {value} = '' OR {value} ~ {could_run} THEN '''' || {value} ELSE {value} END"


def _list(value: str) -> str:
    """A list of texts as `cells.written` writes it: between semicolons if it can be, otherwise as JSON."""
    separator = cells.LIST_SEPARATOR
    return f"""
      CASE WHEN EXISTS (SELECT FROM unnest({value}) AS item WHERE item = '' OR item <> btrim(item, '{SPACES}')
        OR strpos(item, '{separator}') > 0 OR left(item, 1) IN ('[', '''', '{{'))
      THEN to_jsonb({value})::text ELSE {_text(f"array_to_string({value}, '{separator}')")} END
    """


def _names(column: str, enum: type[IntEnum]) -> str:
    whens = " ".join(f"WHEN {one.value} THEN '{one.name}'" for one in enum)
    return f"CASE {column} {whens} END"


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
        ExportColumn(name, Form.PLAIN, _names(f"m.{consent_column(channel)}", ConsentState))
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
    ExportColumn("kind", Form.PLAIN, _names("s.kind", MemberKind)),
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
    """The select list of one JSON object per row, attributes in a field of their own; see `csv_select`."""
    places = _places(columns, first)
    fields = [f'{one.json("")} AS "{one.name}"' for one in columns if one.attribute is None]
    attributes = [f"{place}, {one.json(place)}" for one in columns if (place := places.get(one.name))]
    if attributes:
        # A call has at most 100 arguments.
        starts = range(0, len(attributes), 50)
        parts = [f"jsonb_build_object({', '.join(attributes[start : start + 50])})" for start in starts]
        fields.append(f"jsonb_strip_nulls({' || '.join(parts)}) AS attributes")
    return ", ".join(fields), _parameters(columns)


def _places(columns: Sequence[ExportColumn], first: int) -> dict[str, str]:
    named = [column for column in columns if column.attribute is not None]
    return {column.name: f"${first + index}::text" for index, column in enumerate(named)}


def _parameters(columns: Sequence[ExportColumn]) -> list[str]:
    return [column.attribute for column in columns if column.attribute is not None]
