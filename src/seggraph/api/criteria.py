"""Criteria in the schema: the input tree, and the catalogue of fields that builders offer."""

from collections.abc import Mapping
from enum import Enum
from typing import Any

import strawberry

from seggraph.api.scalars import JSON
from seggraph.criteria import AttributeOp, Catalogue, Field, Group, SetOp
from seggraph.vocabulary import AttributeType, Channel, ConsentState


@strawberry.input(description="A condition on one field or custom attribute.")
class AttributeCriteria:
    """The leaf for fields."""

    field: str = strawberry.field(description="The name of a well-known field or of a custom attribute.")
    op: AttributeOp = strawberry.field(
        description="The comparison; criteriaFields says which ones a field has."
    )
    value: JSON | None = strawberry.field(default=strawberry.UNSET, description="For operators of one value.")
    values: list[JSON] | None = strawberry.field(
        default=strawberry.UNSET, description="For operators of several; BETWEEN takes two."
    )


@strawberry.input(description="A condition on a member's tags.")
class TagCriteria:
    """The leaf for tags."""

    op: SetOp = strawberry.field(description="The comparison. No tags means that HAS_NONE is true.")
    values: list[str] = strawberry.field(description="The tags, compared exactly.")


@strawberry.input(description="A channel and what the member said about it.")
class ConsentInput:
    """The leaf for consents, and what setConsents and upsertMembers take."""

    channel: Channel = strawberry.field(description="The channel.")
    state: ConsentState = strawberry.field(description="What the member said.")


@strawberry.input(
    one_of=True,
    description="Criteria: a tree of all, any and not over conditions. Exactly one key is given in each node.",
)
class CriteriaInput:
    """A node. docs/criteria.md describes the language."""

    all: strawberry.Maybe[list["CriteriaInput"]] = strawberry.field(description="Every one of these holds.")
    any: strawberry.Maybe[list["CriteriaInput"]] = strawberry.field(
        description="At least one of these holds."
    )
    not_: strawberry.Maybe["CriteriaInput"] = strawberry.field(
        name="not", description="This does not hold: the complement within the kind."
    )
    attribute: strawberry.Maybe[AttributeCriteria] = strawberry.field(description="A condition on a field.")
    tags: strawberry.Maybe[TagCriteria] = strawberry.field(description="A condition on the tags.")
    consent: strawberry.Maybe[ConsentInput] = strawberry.field(
        description="What the member said about a channel."
    )


def document_of(criteria: CriteriaInput) -> dict[str, Any]:
    """The criteria as the JSON document that services take."""
    document = _plain(criteria)
    return document if isinstance(document, dict) else {}


def _plain(value: Any) -> Any:
    """Inputs as objects without the keys that were not given, enums by their names."""
    if isinstance(value, strawberry.Some):
        return _plain(value.value)
    if isinstance(value, Enum):
        return value.name
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, Mapping):
        return value
    if isinstance(value, CriteriaInput | AttributeCriteria | TagCriteria | ConsentInput):
        return {
            field.graphql_name or field.python_name: _plain(given)
            for field in value.__strawberry_definition__.fields  # type: ignore[union-attr]  # every input has one
            if (given := getattr(value, field.python_name)) is not strawberry.UNSET
            and not (given is None and isinstance(value, CriteriaInput))
        }
    return value


@strawberry.type(description="A field that criteria can ask about.")
class CriteriaField:
    """An entry of the catalogue."""

    name: str = strawberry.field(description="What criteria call it.")
    label: str = strawberry.field(description="What people call it.")
    description: str = strawberry.field(description="What it means.")
    type: AttributeType = strawberry.field(description="The type of its values.")
    group: Group = strawberry.field(description="The heading under which it is offered.")
    operators: list[AttributeOp] = strawberry.field(description="The comparisons it has.")
    example: JSON = strawberry.field(description="A value as criteria would give it.")
    is_custom: bool = strawberry.field(description="Whether the workspace defined it.")

    @staticmethod
    def of(field: Field) -> "CriteriaField":
        """The entry of a field."""
        return CriteriaField(
            name=field.name,
            label=field.label,
            description=field.description,
            type=field.type,
            group=field.group,
            operators=list(field.operators),
            example=JSON(field.example),
            is_custom=field.is_custom,
        )


def fields_of(catalogue: Catalogue, search: str | None) -> list[CriteriaField]:
    """The fields that are offered, narrowed to those whose name or label holds a text."""
    wanted = (search or "").strip().casefold()
    return [
        CriteriaField.of(field)
        for field in catalogue.fields
        if wanted in field.name.casefold() or wanted in field.label.casefold()
    ]
