"""Changes of attributes in the schema: what one would do, beginning it, taking it back and going on with it."""

from typing import Annotated, Self

import strawberry
from strawberry.types import Info

from seggraph.api.base import ids
from seggraph.api.base.context import caller_of
from seggraph.api.base.errors import ReportErrors
from seggraph.api.base.scalars import JSON, as_int
from seggraph.api.members.bulk_edits import BulkEdit, BulkEditIdInput, BulkEditPayload
from seggraph.services.attribute_changes import changes, effects
from seggraph.services.attribute_changes.drafts import AttributeChangeDraft, LostValue
from seggraph.services.attribute_changes.effects import ChangePreview, UseEffect
from seggraph.services.attribute_changes.uses import UserType
from seggraph.vocabulary import AttributeChangeType, AttributeType, MemberKind, NotConvertible

TYPE_NAMES = {
    UserType.SEGMENT: "Segment",
    UserType.PLAYBOOK: "Playbook",
    UserType.DESTINATION: "Destination",
    UserType.IMPORT_TEMPLATE: "ImportTemplate",
}
"""The types of the objects that can use an attribute, in the schema."""


@strawberry.input(description="What to do with a custom attribute. Give exactly one field.")
class AttributeChangeInput:
    """A part of ChangeAttributeInput and an argument of attributeChangePreview."""

    to_type: AttributeType | None = strawberry.field(
        default=None, description="Give the attribute this type, and convert its values."
    )
    new_name: str | None = strawberry.field(
        default=None,
        description="Give the attribute this name. Criteria, playbooks, import templates, mappings of destinations"
        " and running exports follow.",
    )
    merge_into: str | None = strawberry.field(
        default=None,
        description="Give the values to this attribute of the same type, and delete the attribute. Everything that"
        " names it follows.",
    )
    delete: bool | None = strawberry.field(
        default=None, description="true: delete the attribute and its values. Nothing may use it."
    )


@strawberry.input(description="The custom attribute to change, and how.")
class ChangeAttributeInput:
    """Input of changeAttribute."""

    kind: MemberKind = strawberry.field(description="The kind of the members that have the attribute.")
    name: str = strawberry.field(description="The name of the attribute.")
    change: AttributeChangeInput = strawberry.field(description="What to do with it.")
    not_convertible: NotConvertible = strawberry.field(
        default=NotConvertible.REFUSE,
        description="What to do if values have no equal value of the new type.",
    )
    this_wins: bool = strawberry.field(
        default=False,
        description="For mergeInto: whether a member that has values of both attributes keeps the value of `name`."
        " By default it keeps the other one.",
    )
    allow_broken: bool = strawberry.field(
        default=False,
        description="Whether to change the type although criteria are not valid after it. Segments with such"
        " criteria keep their members and have an error until the criteria are edited.",
    )

    def draft(self) -> AttributeChangeDraft:
        """The change as the service takes it."""
        return _draft(
            self.kind,
            self.name,
            self.change,
            not_convertible=self.not_convertible,
            this_wins=self.this_wins,
            allow_broken=self.allow_broken,
        )


@strawberry.type(description="A value that a change of an attribute cannot keep.")
class LostAttributeValue:
    """A part of AttributeChangePreview."""

    value: JSON = strawberry.field(description="The value of the attribute that is changed.")
    other: JSON | None = strawberry.field(
        description="For a merge: the different value that the same members have in the other attribute."
    )
    count: int = strawberry.field(description="How many members have it.")
    external_id: str = strawberry.field(description="The external id of one of these members.")

    @classmethod
    def of(cls, lost: LostValue) -> Self:
        """The value as the service reads it."""
        return cls(
            value=JSON(lost.value),
            other=None if lost.other is None else JSON(lost.other),
            count=as_int(lost.count),
            external_id=lost.external_id,
        )


@strawberry.type(description="A segment, playbook, destination or import template that uses an attribute.")
class AttributeUse:
    """A part of AttributeChangePreview."""

    type: str = strawberry.field(
        description="The type of the object: Segment, Playbook, Destination or ImportTemplate."
    )
    id: strawberry.ID | None = strawberry.field(
        description="The global id of the object; null if you may not see it."
    )
    name: str | None = strawberry.field(description="Its name; null if you may not see it.")
    member_count_before: int | None = strawberry.field(
        description="How many members its criteria match now; null if that was not evaluated. At most 20 uses are."
    )
    member_count_after: int | None = strawberry.field(
        description="How many members its criteria would match after the change; null if that was not evaluated."
    )
    problem: str | None = strawberry.field(
        description="Why its criteria would not be valid after the change; null if they would be."
    )

    @classmethod
    def of(cls, effect: UseEffect) -> Self:
        """The use as the service reads it."""
        use, type_ = effect.use, TYPE_NAMES[effect.use.type]
        return cls(
            type=type_,
            id=ids.encode(type_, use.id) if use.visible else None,
            name=use.name if use.visible else None,
            member_count_before=effect.before,
            member_count_after=effect.after,
            problem=effect.problem
            if use.visible or effect.problem is None
            else "Its criteria would not be valid.",
        )


@strawberry.type(description="What a change of an attribute would do. Nothing is changed.")
class AttributeChangePreview:
    """The answer of attributeChangePreview."""

    change: AttributeChangeType = strawberry.field(description="What the change does.")
    member_count: int = strawberry.field(description="How many members have the attribute.")
    kept_count: int = strawberry.field(
        description="How many of the values are kept: converted to an equal value, or moved."
    )
    lost_count: int = strawberry.field(
        description="How many values cannot be kept: they have no equal value of the new type, or the member has a"
        " different value in the attribute that they are merged into."
    )
    lost_values: list[LostAttributeValue] = strawberry.field(
        description="The most frequent of these values, up to 20."
    )
    uses: list[AttributeUse] = strawberry.field(description="What uses the attribute.")
    warnings: list[str] = strawberry.field(description="What the change cannot repair.")

    @classmethod
    def of(cls, preview: ChangePreview) -> Self:
        """The preview as the service makes it."""
        values = preview.values
        return cls(
            change=preview.planned.changing.change,
            member_count=as_int(values.held),
            kept_count=as_int(values.held - values.lost),
            lost_count=as_int(values.lost),
            lost_values=[LostAttributeValue.of(lost) for lost in preview.lost_values],
            uses=[AttributeUse.of(effect) for effect in preview.effects],
            warnings=preview.warnings,
        )


@strawberry.type
class AttributeChangeQueries:
    """The query of changes of attributes."""

    @strawberry.field(
        description="What changeAttribute would do: which values cannot be kept, and what uses the attribute, with"
        " the numbers of members before and after."
    )
    async def attribute_change_preview(
        self,
        info: Info,
        kind: Annotated[MemberKind, strawberry.argument(description="The kind of the members.")],
        name: Annotated[str, strawberry.argument(description="The name of the attribute.")],
        change: Annotated[
            AttributeChangeInput, strawberry.argument(description="What would be done with it.")
        ],
        this_wins: Annotated[
            bool,
            strawberry.argument(description="For mergeInto: whether the values of `name` would be kept."),
        ] = False,
    ) -> AttributeChangePreview:
        """Preview a change."""
        caller = caller_of(info)
        draft = _draft(kind, name, change, this_wins=this_wins)
        return AttributeChangePreview.of(await effects.preview(caller.services, caller.viewer, draft))


@strawberry.type
class AttributeChangeMutations:
    """The mutations of changes of attributes."""

    @strawberry.mutation(
        description="Change the type or the name of a custom attribute, merge it into another one, or delete it."
        " All readers see the change at once; a worker changes the stored values in the background. `bulkEdit` shows"
        " its progress. Segments that use the attribute are computed again.",
        extensions=[ReportErrors(BulkEditPayload)],
    )
    async def change_attribute(self, info: Info, input: ChangeAttributeInput) -> BulkEditPayload:
        """Change an attribute."""
        caller = caller_of(info)
        view = await changes.begin_change(caller.services, caller.viewer, input.draft())
        return BulkEditPayload(bulk_edit=BulkEdit.of(view))

    @strawberry.mutation(
        description="Take back a change of an attribute that is running or failed. `bulkEdit` restores the values,"
        " except those that were removed. For a deletion, `bulkEdit` is null: the attribute keeps the values that it"
        " still has. A merge cannot be taken back.",
        extensions=[ReportErrors(BulkEditPayload)],
    )
    async def cancel_attribute_change(self, info: Info, input: BulkEditIdInput) -> BulkEditPayload:
        """Take a change back."""
        caller = caller_of(info)
        view = await changes.cancel(caller.services, caller.viewer, ids.decode("BulkEdit", input.id))
        return BulkEditPayload(bulk_edit=BulkEdit.of_optional(view))

    @strawberry.mutation(
        description="Go on with a change of an attribute that failed, in a new bulk edit.",
        extensions=[ReportErrors(BulkEditPayload)],
    )
    async def resume_attribute_change(self, info: Info, input: BulkEditIdInput) -> BulkEditPayload:
        """Go on with a change."""
        caller = caller_of(info)
        view = await changes.resume(caller.services, caller.viewer, ids.decode("BulkEdit", input.id))
        return BulkEditPayload(bulk_edit=BulkEdit.of(view))


def _draft(
    kind: MemberKind,
    name: str,
    change: AttributeChangeInput,
    *,
    not_convertible: NotConvertible = NotConvertible.REFUSE,
    this_wins: bool = False,
    allow_broken: bool = False,
) -> AttributeChangeDraft:
    return AttributeChangeDraft(
        kind,
        name,
        to_type=change.to_type,
        new_name=change.new_name,
        merge_into=change.merge_into,
        delete=bool(change.delete),
        not_convertible=not_convertible,
        this_wins=this_wins,
        allow_broken=allow_broken,
    )
