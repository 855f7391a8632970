"""Custom attributes as people manage them: declaring one before its first value, labelling and hiding it."""

from collections.abc import Collection
from typing import Final

import asyncpg

from seggraph.access import Viewer, require_personal_data, require_write
from seggraph.context import Context
from seggraph.criteria import AttributeDefinition, Field
from seggraph.database.unit_of_work import UnitOfWork, begin
from seggraph.errors import BadTransition, Invalid, NameTaken, NotFound, SeggraphError, TooLong, TooMany
from seggraph.services.audit import audit
from seggraph.services.catalogue import attribute_names, catalogues
from seggraph.values.attribute_values import storable_text
from seggraph.vocabulary import AttributeType, AuditAction, AuditSubject, MemberKind

MAX_LABEL: Final = 200
MAX_DESCRIPTION: Final = 2_000

DESCRIBE: Final = """
    UPDATE attributes SET label = CASE WHEN $4 THEN $5 ELSE label END,
      description = CASE WHEN $6 THEN $7 ELSE description END, hidden = coalesce($8, hidden),
      is_personal = coalesce($9, is_personal)
    WHERE workspace_id = $1 AND kind = $2 AND name = $3
"""


class Unset:
    """The type of UNSET."""


UNSET: Final = Unset()
"""A value that was not given, and so stays as it is."""


async def declare(
    context: Context,
    viewer: Viewer,
    kind: MemberKind,
    definition: AttributeDefinition,
) -> Field:
    """Create an attribute before its first value; declaring it again with the same type describes it anew.

    Raises Forbidden, Required, TooLong and Invalid (the name, the label, the description), NameTaken when it has
    another type, TooMany when the kind has as many attributes as it may.
    """
    require_write(viewer)
    name = definition.name
    try:
        attribute_names.require_name(name)
    except SeggraphError as problem:
        problem.path = ("name",)
        raise
    label = _text(definition.label, MAX_LABEL, "label")
    description = _text(definition.description, MAX_DESCRIPTION, "description")
    async with begin() as unit:
        wanted = {name: definition.type}
        known = await catalogues.create(unit.connection, viewer.workspace_id, kind, wanted)
        if name not in known and (going := await _going(unit.connection, viewer, kind)) and name in going:
            message = f"{name} is being renamed, merged or deleted; declare it when that is over."
            raise BadTransition(message, path=("name",))
        if name not in known:
            limit = catalogues.MAX_ATTRIBUTES
            raise TooMany(f"{kind.name} has {limit} attributes already, which is the most.", path=("name",))
        if known[name] is not definition.type:
            message = f"There is an attribute {name} of the type {known[name]}; changeAttribute changes it."
            raise NameTaken(message, path=("type",))
        personal = True if definition.is_personal else None  # describing it anew never unmarks it
        arguments = (label is not None, label, description is not None, description, None, personal)
        await unit.connection.execute(DESCRIBE, viewer.workspace_id, kind, name, *arguments)
        return await _noted(unit, viewer, kind, name, AuditAction.CREATED)


async def update(
    context: Context,
    viewer: Viewer,
    kind: MemberKind,
    name: str,
    *,
    type_: AttributeType | None = None,
    label: str | Unset | None = UNSET,
    description: str | Unset | None = UNSET,
    hidden: bool | None = None,
    is_personal: bool | None = None,
) -> Field:
    """Change what people see of an attribute; null clears a label or a description.

    A hidden attribute is not offered any more; its values stay, and criteria that use it still work. Raises
    Forbidden, NotFound, TooLong, Invalid: the type that is given, if any, must be the attribute's own. Who may not
    see personal data cannot say that an attribute is none.
    """
    require_write(viewer)
    if is_personal is False:
        require_personal_data(viewer, path=("isPersonal",))
    texts = (
        not isinstance(label, Unset),
        None if isinstance(label, Unset) else _text(label, MAX_LABEL, "label"),
        not isinstance(description, Unset),
        None if isinstance(description, Unset) else _text(description, MAX_DESCRIPTION, "description"),
    )
    async with begin() as unit:
        before = await _get(unit.connection, viewer, kind, name)
        if type_ is not None and type_ is not before.type:
            message = f"{name} has the type {before.type}; changeAttribute gives it another one."
            raise Invalid(message, path=("type",))
        await unit.connection.execute(DESCRIBE, viewer.workspace_id, kind, name, *texts, hidden, is_personal)
        return await _noted(unit, viewer, kind, name, AuditAction.EDITED, before)


async def _noted(
    unit: UnitOfWork,
    viewer: Viewer,
    kind: MemberKind,
    name: str,
    action: AuditAction,
    before: Field | None = None,
) -> Field:
    """The attribute as the unit leaves it, with an entry in the audit log."""
    after = await _get(unit.connection, viewer, kind, name)
    audited = ("type", "label", "description", "hidden", "is_personal")
    was = None if before is None else audit.described(before, *audited)
    subject = audit.Subject(AuditSubject.ATTRIBUTE, name=f"{kind.name} {name}")
    await audit.record(unit, viewer, action, subject, was, audit.described(after, *audited))
    return after


async def _going(connection: asyncpg.Connection, viewer: Viewer, kind: MemberKind) -> Collection[str]:
    """The names of the attributes that are on their way out of the catalogue."""
    return (await catalogues.read_types(connection, viewer.workspace_id, kind)).going


async def _get(connection: asyncpg.Connection, viewer: Viewer, kind: MemberKind, name: str) -> Field:
    catalogue = await catalogues.load(connection, viewer.workspace_id, kind)
    field = catalogue.find(name)
    if field is None:
        shown = attribute_names.shown(name)
        raise NotFound(f"{kind.name} has no attribute {shown!r}: declare it first.", path=("name",))
    if not field.is_custom:
        raise Invalid(f"{name} is a field of every member, and stays as it is.", path=("name",))
    return field


def _text(value: str | None, limit: int, what: str) -> str | None:
    """A trimmed text, or None for an empty one."""
    trimmed = (value or "").strip()
    if len(trimmed) > limit:
        raise TooLong(f"A {what} has at most {limit} characters; this one has {len(trimmed)}.", path=(what,))
    if not storable_text(trimmed, limit):
        raise Invalid(f"A {what} has no NUL characters and no lone surrogates.", path=(what,))
    return trimmed or None
