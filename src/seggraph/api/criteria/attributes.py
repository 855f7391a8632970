"""The attribute catalogue in the schema: declaring and describing attributes, and the values that members have."""

from typing import Annotated

import strawberry
from strawberry.file_uploads import Upload
from strawberry.types import Info

from seggraph.api.base.context import caller_of
from seggraph.api.base.errors import ReportErrors, RowError, UserError
from seggraph.api.base.scalars import JSON
from seggraph.api.base.uploads import sent_file
from seggraph.api.criteria.fields import CriteriaField
from seggraph.criteria import AttributeDefinition
from seggraph.files.uploads import Read
from seggraph.services.catalogue import attributes, declarations, value_counts
from seggraph.services.catalogue.attributes import UNSET, Unset
from seggraph.vocabulary import AttributeType, MemberKind


@strawberry.type(description="A frequent value of a field, to choose from.")
class ValueSuggestion:
    """An answer of valueSuggestions."""

    value: JSON = strawberry.field(description="The value in the form that criteria take.")
    count: int = strawberry.field(description="How many members have the value.")
    exact: bool = strawberry.field(
        description="Whether the count is exact; false for a field with very many different values, whose"
        " counts are estimated from a sample."
    )


@strawberry.input(description="The custom attribute to create.")
class DeclareAttributeInput:
    """Input of declareAttribute."""

    kind: MemberKind = strawberry.field(description="The kind of the members that have the attribute.")
    name: str = strawberry.field(
        description="The name in `attributes` and in criteria: up to 100 characters."
    )
    type: AttributeType = strawberry.field(description="The type of the values.")
    label: str | None = strawberry.field(
        default=None, description="The name to show to people; default: the name."
    )
    description: str | None = strawberry.field(default=None, description="What the attribute means.")
    is_personal: bool = strawberry.field(
        default=False,
        description="Whether the values are personal data, which API keys with the scope"
        " READ_WITHOUT_PERSONAL_DATA do not see. Declaring it again with false does not remove the mark.",
    )


@strawberry.input(description="The changes of a custom attribute. A field that is absent stays as it is.")
class UpdateAttributeInput:
    """Input of updateAttribute."""

    kind: MemberKind = strawberry.field(description="The kind of the members that have the attribute.")
    name: str = strawberry.field(description="The name of the attribute.")
    type: AttributeType | None = strawberry.field(
        default=None,
        description="The type that you expect the attribute to have; another type is an error. changeAttribute"
        " changes it.",
    )
    label: str | None = strawberry.field(
        default=strawberry.UNSET, description="The name to show to people; null for the attribute's name."
    )
    description: str | None = strawberry.field(
        default=strawberry.UNSET, description="What the attribute means; null removes the description."
    )
    hidden: bool | None = strawberry.field(
        default=None,
        description="Whether criteriaFields leaves the attribute out by default. Criteria that use it still"
        " work.",
    )
    is_personal: bool | None = strawberry.field(
        default=None,
        description="Whether the values are personal data, which API keys with the scope"
        " READ_WITHOUT_PERSONAL_DATA do not see.",
    )


@strawberry.input(description="A custom attribute to declare.")
class AttributeDeclaration:
    """A row of declareAttributes."""

    kind: MemberKind | None = strawberry.field(
        default=None, description="The kind of the members; default: the `kind` of the input."
    )
    name: str = strawberry.field(description="The name: up to 100 characters.")
    type: AttributeType = strawberry.field(description="The type of the values.")
    label: str | None = strawberry.field(default=None, description="The name to show to people.")
    description: str | None = strawberry.field(default=None, description="What the attribute means.")
    is_personal: bool = strawberry.field(
        default=False, description="Whether the values are personal data. false does not remove the mark."
    )

    def row(self) -> dict[str, object]:
        """The row as the service takes it."""
        return {
            "kind": self.kind,
            "name": self.name,
            "type": self.type,
            "label": self.label,
            "description": self.description,
            "isPersonal": self.is_personal,
        }


@strawberry.input(description="Up to 1,000 custom attributes. Give `attributes` or `file`.")
class DeclareAttributesInput:
    """Input of declareAttributes."""

    attributes: list[AttributeDeclaration] | None = strawberry.field(
        default=None, description="The attributes to declare."
    )
    file: Upload | None = strawberry.field(
        default=None,
        description="A file in UTF-8 with the attributes: CSV whose first line has the columns kind, name, type, label,"
        " description, isPersonal, or a JSON list of objects with these keys.",
    )
    kind: MemberKind | None = strawberry.field(
        default=None, description="The kind of the members for rows that have none."
    )


@strawberry.type(description="The number of attributes by result, and the errors by row.")
class DeclareAttributesPayload:
    """Payload of declareAttributes."""

    created: int = strawberry.field(default=0, description="How many attributes were created.")
    updated: int = strawberry.field(
        default=0,
        description="How many were there with the same type, and got another label, description or mark.",
    )
    unchanged: int = strawberry.field(default=0, description="How many were there just so.")
    row_errors: list[RowError] = strawberry.field(
        default_factory=list, description="The rows that were not carried out; index counts from 0."
    )
    errors: list[UserError] = strawberry.field(
        default_factory=list, description="The errors because of which nothing was done; empty on success."
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
        description="The most frequent values of a field or of the tags, with how many members have each."
        " Names, ids, addresses, numbers and dates have no suggestions."
    )
    async def value_suggestions(
        self,
        info: Info,
        kind: Annotated[MemberKind, strawberry.argument(description="The kind of the members.")],
        field: Annotated[str, strawberry.argument(description="The name of the field, or `tags`.")],
        search: Annotated[
            str | None,
            strawberry.argument(description="Return only values that begin with this text; case is ignored."),
        ] = None,
        first: Annotated[
            int | None, strawberry.argument(description="How many values to return: up to 100, default 10.")
        ] = None,
    ) -> list[ValueSuggestion]:
        """Suggest values."""
        suggestions = await value_counts.suggest(
            caller_of(info).viewer, kind, field, search=search, first=first
        )
        return [
            ValueSuggestion(value=JSON(counted.value), count=counted.count, exact=counted.exact)
            for counted in suggestions
        ]


@strawberry.type
class AttributeMutations:
    """The mutations of the catalogue."""

    @strawberry.mutation(
        description="Create a custom attribute before its first value. If it exists with the same type, its"
        " label and description are updated.",
        extensions=[ReportErrors(AttributePayload)],
    )
    async def declare_attribute(self, info: Info, input: DeclareAttributeInput) -> AttributePayload:
        """Declare."""
        caller = caller_of(info)
        definition = AttributeDefinition(
            input.name,
            input.type,
            label=input.label or "",
            description=input.description or "",
            is_personal=input.is_personal,
        )
        field = await attributes.declare(caller.services, caller.viewer, input.kind, definition)
        return AttributePayload(attribute=CriteriaField.of(field, input.kind))

    @strawberry.mutation(
        description="Create many custom attributes, from a list or a file. Calling it again changes nothing. An error"
        " in a row keeps only that row from being carried out.",
        extensions=[ReportErrors(DeclareAttributesPayload)],
    )
    async def declare_attributes(self, info: Info, input: DeclareAttributesInput) -> DeclareAttributesPayload:
        """Declare many."""
        caller = caller_of(info)
        rows = None if input.attributes is None else [one.row() for one in input.attributes]

        async def sent() -> Read:
            return (await sent_file(input.file)).read

        report = await declarations.declare_given(
            caller.services, caller.viewer, rows, None if input.file is None else sent, input.kind
        )
        return DeclareAttributesPayload(
            created=report.created,
            updated=report.updated,
            unchanged=report.unchanged,
            row_errors=[RowError.of(error) for error in report.row_errors],
        )

    @strawberry.mutation(
        description="Change the label or description of a custom attribute, or hide it. changeAttribute"
        " changes its name and its type.",
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
            is_personal=input.is_personal,
        )
        return AttributePayload(attribute=CriteriaField.of(field, input.kind))


def _given(value: str | None) -> str | Unset | None:
    return UNSET if value is strawberry.UNSET else value
