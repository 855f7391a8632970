"""The attribute catalogue in the schema: declaring and describing attributes, and the values that members have."""

from typing import Annotated

import strawberry
from strawberry.types import Info

from seggraph.api.base.context import caller_of
from seggraph.api.base.errors import ReportErrors, UserError
from seggraph.api.base.scalars import JSON
from seggraph.api.criteria.fields import CriteriaField
from seggraph.criteria import AttributeDefinition
from seggraph.services.catalogue import attributes, value_counts
from seggraph.services.catalogue.attributes import UNSET, Unset
from seggraph.vocabulary import AttributeType, MemberKind


@strawberry.type(description="A value of a field, for people who choose one.")
class ValueSuggestion:
    """An answer of valueSuggestions."""

    value: JSON = strawberry.field(description="The value as criteria take it.")
    count: int = strawberry.field(description="How many members have it.")
    exact: bool = strawberry.field(
        description="False for a field with very many different values, whose counts are estimated from a sample."
    )


@strawberry.input(description="The custom attribute to create.")
class DeclareAttributeInput:
    """Input of declareAttribute."""

    kind: MemberKind = strawberry.field(description="The kind of the members that have the attribute.")
    name: str = strawberry.field(
        description="The name in `attributes` and in criteria: up to 100 characters. It cannot be changed"
        " later."
    )
    type: AttributeType = strawberry.field(description="The type of the values. It cannot be changed later.")
    label: str | None = strawberry.field(
        default=None, description="The name to show to people; default: the name."
    )
    description: str | None = strawberry.field(default=None, description="What the attribute means.")


@strawberry.input(description="What to change of a custom attribute. What is absent stays as it is.")
class UpdateAttributeInput:
    """Input of updateAttribute."""

    kind: MemberKind = strawberry.field(description="The kind of the members that have it.")
    name: str = strawberry.field(description="Its name.")
    type: AttributeType | None = strawberry.field(
        default=None, description="Its type, if you want to be told when it has another: it never changes."
    )
    label: str | None = strawberry.field(
        default=strawberry.UNSET, description="What people call it; null for its name."
    )
    description: str | None = strawberry.field(
        default=strawberry.UNSET, description="What it means; null for nothing."
    )
    hidden: bool | None = strawberry.field(
        default=None, description="Whether criteriaFields leaves it out. Criteria that use it still work."
    )


@strawberry.type(description="The custom attribute as the mutation left it, or the errors.")
class AttributePayload:
    """Payload of declareAttribute and updateAttribute."""

    attribute: CriteriaField | None = strawberry.field(
        default=None, description="The attribute as it is in the catalogue now; null if there are errors."
    )
    errors: list[UserError] = strawberry.field(
        default_factory=list, description="The errors in the input; empty on success."
    )


@strawberry.type
class AttributeQueries:
    """The queries about values."""

    @strawberry.field(
        description="The most frequent values of a field or of tags, and how many members have each. "
        "Names, ids, addresses, numbers and dates have no suggestions."
    )
    async def value_suggestions(
        self,
        info: Info,
        kind: Annotated[MemberKind, strawberry.argument(description="The kind of the members.")],
        field: Annotated[str, strawberry.argument(description="The field, or tags.")],
        search: Annotated[
            str | None, strawberry.argument(description="How the values begin, in any case.")
        ] = None,
        first: Annotated[
            int | None, strawberry.argument(description="How many values, at most 100; 10 unless given.")
        ] = None,
    ) -> list[ValueSuggestion]:
        """Suggest values."""
        found = await value_counts.suggest(caller_of(info).viewer, kind, field, search=search, first=first)
        return [ValueSuggestion(value=JSON(one.value), count=one.count, exact=one.exact) for one in found]


@strawberry.type
class AttributeMutations:
    """The mutations of the catalogue."""

    @strawberry.mutation(
        description="Create a custom attribute before its first value. Again with the same type describes it anew.",
        extensions=[ReportErrors(AttributePayload)],
    )
    async def declare_attribute(self, info: Info, input: DeclareAttributeInput) -> AttributePayload:
        """Declare."""
        caller = caller_of(info)
        definition = AttributeDefinition(
            input.name, input.type, label=input.label or "", description=input.description or ""
        )
        field = await attributes.declare(caller.services, caller.viewer, input.kind, definition)
        return AttributePayload(attribute=CriteriaField.of(field, input.kind))

    @strawberry.mutation(
        description="Label, describe, hide or show a custom attribute. Its name and type never change.",
        extensions=[ReportErrors(AttributePayload)],
    )
    async def update_attribute(self, info: Info, input: UpdateAttributeInput) -> AttributePayload:
        """Update."""
        caller = caller_of(info)
        field = await attributes.update(
            caller.services,
            caller.viewer,
            input.kind,
            input.name,
            type_=input.type,
            label=_given(input.label),
            description=_given(input.description),
            hidden=input.hidden,
        )
        return AttributePayload(attribute=CriteriaField.of(field, input.kind))


def _given(value: str | None) -> str | Unset | None:
    return UNSET if value is strawberry.UNSET else value
