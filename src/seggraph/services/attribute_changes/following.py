"""What follows a change of an attribute in its transaction: everything that names it, and computations."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from typing import Any, Final

import orjson

from seggraph.access import Viewer
from seggraph.context import Context
from seggraph.criteria import parse, to_json
from seggraph.criteria.renaming import renamed
from seggraph.database.unit_of_work import UnitOfWork
from seggraph.services.attribute_changes.uses import AttributeUse, UserType, renamed_template
from seggraph.services.criteria import documents
from seggraph.services.imports.mappings import ATTRIBUTE_PREFIX, FIELDS, Pair
from seggraph.services.segments import rows as segment_rows
from seggraph.vocabulary import MemberKind, SegmentStatus

WRITE: Final = {
    UserType.SEGMENT: """
        UPDATE segments SET criteria = $3, version = version + 1 WHERE workspace_id = $1 AND id = $2
    """,
    UserType.PLAYBOOK: """
        UPDATE playbooks SET criteria = $3, version = version + 1 WHERE workspace_id = $1 AND id = $2
    """,
    UserType.DESTINATION: """
        UPDATE destinations SET mapping = $3, version = version + 1 WHERE workspace_id = $1 AND id = $2
    """,
    UserType.IMPORT_TEMPLATE: "UPDATE import_templates SET mapping = $3 WHERE workspace_id = $1 AND id = $2",
}

EXPORTS_AT_WORK: Final = """
    SELECT e.id, e.columns, e.narrowed_to, coalesce(s.kind, (e.narrowed_to ->> 'kind')::smallint) AS kind
    FROM exports e LEFT JOIN segments s ON s.workspace_id = $1 AND s.id = e.segment_id
    WHERE e.workspace_id = $1 AND e.status = 'RUNNING' AND e.content = 'MEMBERS' ORDER BY e.id FOR UPDATE OF e
"""

WRITE_EXPORT: Final = """
    UPDATE exports SET columns = $3, narrowed_to = $4 WHERE workspace_id = $1 AND id = $2
"""

# Any segment that is filled by what asks about the attribute, visible or not.
FILLED: Final = """
    SELECT id FROM segments WHERE workspace_id = $1 AND status = 'ACTIVE' AND id = ANY($2)
    UNION
    SELECT s.id FROM sources o JOIN segments s ON s.id = o.segment_id
    WHERE o.workspace_id = $1 AND o.playbook_id = ANY($3) AND s.status = 'ACTIVE'
"""

UNUSED_INDEXES: Final = """
    UPDATE sort_indexes SET status = 'UNUSED', attempts = 0, retry_at = NULL
    WHERE workspace_id = $1 AND kind = $2 AND field = ANY($3)
"""


async def rename(
    context: Context,
    unit: UnitOfWork,
    viewer: Viewer,
    kind: MemberKind,
    uses: Sequence[AttributeUse],
    name: str,
    new_name: str,
) -> None:
    """Have everything that names an attribute name it anew; that segments are others now is published."""
    for use in uses:
        written = _renamed(use, kind, name, new_name)
        await unit.connection.execute(WRITE[use.type], viewer.workspace_id, use.id, written)
    edited = [
        segment_rows.updated(viewer.workspace_id, use.id) for use in uses if use.type is UserType.SEGMENT
    ]
    context.publish(unit, edited)
    for row in await unit.connection.fetch(EXPORTS_AT_WORK, viewer.workspace_id):
        columns, narrowed = row["columns"], orjson.loads(row["narrowed_to"])
        if columns is not None and row["kind"] == kind:
            called = [_column(new_name) if _attribute(one) == name else one for one in orjson.loads(columns)]
            columns = _json(list(dict.fromkeys(called)))
        if narrowed.get("where"):
            node = renamed(parse(narrowed["where"]), MemberKind(row["kind"]), kind, name, new_name)
            narrowed["where"] = to_json(node)
        await unit.connection.execute(WRITE_EXPORT, viewer.workspace_id, row["id"], columns, _json(narrowed))


def _renamed(use: AttributeUse, kind: MemberKind, name: str, new_name: str) -> str:
    """What names the attribute, as it is stored, with the new name."""
    if use.criteria is not None:
        return documents.stored(renamed(use.criteria, use.kind, kind, name, new_name))
    if use.type is UserType.DESTINATION:
        return _json(renamed_template(use.document, name, new_name))
    pairs: list[Pair] = use.document
    kept = [pair for pair in pairs if pair.attribute != name]
    moved = [replace(pair, field=_column(new_name)) for pair in pairs if pair.attribute == name]
    if any(pair.attribute == new_name for pair in kept):
        moved = []  # another column goes there already
    return _json([asdict(pair) for pair in sorted([*kept, *moved], key=_place_in(pairs))])


def _place_in(pairs: Sequence[Pair]) -> Callable[[Pair], int]:
    places = {pair.column: place for place, pair in enumerate(pairs)}
    return lambda pair: places[pair.column]


async def forget(unit: UnitOfWork, viewer: Viewer, uses: Sequence[AttributeUse], name: str) -> None:
    """Have templates of imports not name a deleted attribute any more."""
    for use in uses:
        if use.type is UserType.IMPORT_TEMPLATE:
            pairs = [asdict(pair) for pair in use.document if pair.attribute != name]
            await unit.connection.execute(WRITE[use.type], viewer.workspace_id, use.id, _json(pairs))


async def compute(
    context: Context, unit: UnitOfWork, viewer: Viewer, kind: MemberKind, uses: Sequence[AttributeUse]
) -> None:
    """Have the ACTIVE segments computed anew that ask about the attribute, by themselves or by a playbook."""
    ids = {type_: [use.id for use in uses if use.type is type_] for type_ in UserType}
    found = await unit.connection.fetch(
        FILLED, viewer.workspace_id, ids[UserType.SEGMENT], ids[UserType.PLAYBOOK]
    )
    held = await segment_rows.hold_any(unit, viewer.workspace_id, [row["id"] for row in found])
    for segment in held.values():
        if segment.status is SegmentStatus.ACTIVE:
            await segment_rows.compute(context, unit, viewer.workspace_id, segment.id, segment.status)


async def drop_indexes(unit: UnitOfWork, viewer: Viewer, kind: MemberKind, names: Sequence[str]) -> None:
    """Indexes for lists sorted by the attribute are made anew when they are asked for again."""
    await unit.connection.execute(UNUSED_INDEXES, viewer.workspace_id, kind, list(names))


def _attribute(column: str) -> str | None:
    return Pair("", column).attribute


def _column(name: str) -> str:
    """How a mapping and a list of columns call an attribute."""
    return ATTRIBUTE_PREFIX + name if name in FIELDS or name.startswith(ATTRIBUTE_PREFIX) else name


def _json(value: Any) -> str:
    return orjson.dumps(value).decode()
