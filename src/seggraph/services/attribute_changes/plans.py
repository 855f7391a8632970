"""Plans of changes of attributes: whether one is possible, what it does to members, and what names the attribute."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

import asyncpg

from seggraph.access import Viewer
from seggraph.criteria import AttributeDefinition
from seggraph.errors import Invalid, NameTaken, NotFound
from seggraph.services.attribute_changes import drafts, uses
from seggraph.services.attribute_changes.drafts import AttributeChangeDraft
from seggraph.services.attribute_changes.uses import AttributeUse
from seggraph.services.catalogue import attribute_names, catalogues
from seggraph.services.catalogue.catalogues import Definitions
from seggraph.services.members.attribute_changing import AttributeChanging, UseBefore
from seggraph.vocabulary import AttributeChangeType, MemberKind

# What a transaction changed that began before the values were looked at may be committed after that.
BEFORE_NOW: Final = (
    "SELECT clock_timestamp() - interval '1 minute', (SELECT time_zone FROM workspaces WHERE id = $1)"
)


@dataclass(frozen=True, slots=True)
class Planned:
    """A change that is possible: what it does to members, the attribute as it is, and what names it."""

    changing: AttributeChanging
    before: AttributeDefinition
    uses: Sequence[AttributeUse]
    alter: Callable[[Definitions], None] = field(compare=False)
    """What makes the catalogue after it of the one before."""


async def plan(connection: asyncpg.Connection, viewer: Viewer, draft: AttributeChangeDraft) -> Planned:
    """What a change would do. Raises NotFound, Required, Invalid, NameTaken."""
    change = draft.change
    _, zone = await connection.fetchrow(BEFORE_NOW, viewer.workspace_id)
    attributes = await catalogues.read_types(connection, viewer.workspace_id, draft.kind)
    type_ = attributes.types.get(draft.name)
    if type_ is None:
        shown = attribute_names.shown(draft.name)
        raise NotFound(f"{draft.kind.name} has no attribute {shown!r}.", path=("name",))
    changing = AttributeChanging(change, draft.name, zone=zone, from_type=type_)
    if change is AttributeChangeType.CONVERT:
        if draft.to_type is type_:
            raise Invalid(f"{draft.name} has the type {type_} already.", path=("change", "toType"))
        changing = replace(changing, to_type=draft.to_type)
    elif change is AttributeChangeType.RENAME and draft.new_name is not None:
        drafts.require_new_name(draft.new_name, "newName")
        if draft.new_name in attributes.types or draft.new_name in attributes.going:
            message = f"There is an attribute {draft.new_name!r} already; merge this one into it."
            raise NameTaken(message, path=("change", "newName"))
        changing = replace(changing, name=draft.new_name, former=draft.name)
    elif change is AttributeChangeType.MERGE and draft.merge_into is not None:
        _require_mergeable(draft, type_, attributes)
        changing = replace(changing, name=draft.merge_into, former=draft.name, prefer_former=draft.this_wins)
    return await planned(connection, viewer, draft.kind, changing, draft.name)


def _require_mergeable(
    draft: AttributeChangeDraft, type_: str, attributes: catalogues.AttributeTypes
) -> None:
    target = attributes.types.get(draft.merge_into or "")
    path = ("change", "mergeInto")
    if target is None:
        shown = attribute_names.shown(draft.merge_into or "")
        raise NotFound(f"{draft.kind.name} has no attribute {shown!r}.", path=path)
    if draft.merge_into == draft.name:
        raise Invalid("An attribute is merged into another one.", path=path)
    if target != type_:
        message = (
            f"{draft.name} has the type {type_} and {draft.merge_into} {target}: change one of them first."
        )
        raise Invalid(message, path=path)


async def planned(
    connection: asyncpg.Connection, viewer: Viewer, kind: MemberKind, changing: AttributeChanging, name: str
) -> Planned:
    """A change with what names the attribute, which is called `name` so far."""
    known: list[AttributeDefinition] = []

    def alter(definitions: Definitions) -> None:
        known[:] = definitions[kind]
        definitions[kind] = altered(definitions[kind], changing)

    await catalogues.load(connection, viewer.workspace_id, kind, alter)
    before = next(definition for definition in known if definition.name == name)
    found = await uses.find(connection, viewer, kind, name)
    counts = [UseBefore(use.id, use.member_count) for use in found if use.member_count is not None]
    return Planned(replace(changing, uses=counts), before, found, alter)


def altered(
    definitions: Sequence[AttributeDefinition], changing: AttributeChanging
) -> list[AttributeDefinition]:
    """The attributes of the kind after a change."""
    goes = changing.name if changing.change is AttributeChangeType.DELETE else changing.former
    after = [definition for definition in definitions if definition.name != goes]
    if changing.change is AttributeChangeType.RENAME:
        gone = next(definition for definition in definitions if definition.name == goes)
        after.append(replace(gone, name=changing.name))
    return [
        replace(definition, type=changing.to_type or definition.type, change=changing.document)
        if definition.name == changing.name
        else definition
        for definition in after
    ]
