"""The catalogue in the schema: the fields that builders of criteria offer."""

from typing import Annotated

import strawberry
from strawberry.types import Info

from seggraph.api.base.context import caller_of
from seggraph.api.base.scalars import JSON
from seggraph.criteria import AttributeOp, Field, Group
from seggraph.services.catalogue import value_counts
from seggraph.transport.compiled.loading import awaits_loaders
from seggraph.vocabulary import AttributeType, MemberKind


@strawberry.type(description="A field that criteria can use.")
class CriteriaField:
    """An entry of the catalogue. What is known from members' data is read only when asked for."""

    name: str = strawberry.field(description="The name that criteria use.")
    label: str = strawberry.field(description="The name to show to people.")
    description: str = strawberry.field(description="What the field means.")
    type: AttributeType = strawberry.field(description="The type of the field's values.")
    group: Group = strawberry.field(description="The heading under which to show the field.")
    operators: list[AttributeOp] = strawberry.field(description="The operators that the field supports.")
    is_custom: bool = strawberry.field(description="Whether it is a custom attribute of the workspace.")
    hidden: bool = strawberry.field(
        description="Whether the field is listed only if hidden fields are requested."
    )
    is_personal: bool = strawberry.field(
        description="Whether the values are personal data. API keys with the scope"
        " READ_WITHOUT_PERSONAL_DATA do not see them, and cannot select or sort members by them."
    )
    kind: strawberry.Private[MemberKind]
    field: strawberry.Private[Field]

    @strawberry.field(
        description="An example value in the form that criteria take, from a member if possible."
    )
    @awaits_loaders
    async def example(self, info: Info) -> JSON:
        """Load the examples of the kind."""
        examples = await caller_of(info).loaders.catalogue.examples.load(self.kind)
        return JSON(examples.get(self.name, self.field.example))

    @strawberry.field(
        description="How many members have a value for the field; null for the address, which is not counted."
    )
    @awaits_loaders
    async def member_count(self, info: Info) -> int | None:
        """Load the counts of the kind."""
        name = value_counts.counted_name(self.field)
        counts = await caller_of(info).loaders.catalogue.counts.load(self.kind)
        return None if name is None else counts.get(name, 0)

    @staticmethod
    def of(field: Field, kind: MemberKind) -> "CriteriaField":
        """The entry of a field of a kind."""
        return CriteriaField(
            name=field.name,
            label=field.label,
            description=field.description,
            type=field.type,
            group=field.group,
            operators=list(field.operators),
            is_custom=field.is_custom,
            hidden=field.hidden,
            is_personal=field.is_personal,
            kind=kind,
            field=field,
        )


@strawberry.type
class CriteriaFieldQueries:
    """The query of the catalogue."""

    @strawberry.field(
        description="The fields that criteria for members of a kind can use, with their operators."
    )
    async def criteria_fields(
        self,
        info: Info,
        kind: Annotated[MemberKind, strawberry.argument(description="The kind of the members.")],
        search: Annotated[
            str | None,
            strawberry.argument(description="Return only fields whose name or label contains this text."),
        ] = None,
        include_hidden: Annotated[
            bool, strawberry.argument(description="Whether to return hidden attributes too; default false.")
        ] = False,
    ) -> list[CriteriaField]:
        """The catalogue, narrowed to the fields whose name or label holds a text."""
        catalogue = await caller_of(info).loaders.catalogue.by_kind.load(kind)
        if catalogue is None:
            return []
        wanted = (search or "").strip().casefold()
        return [
            CriteriaField.of(field, kind)
            for field in (catalogue.all_fields if include_hidden else catalogue.fields)
            if wanted in field.name.casefold() or wanted in field.label.casefold()
        ]
