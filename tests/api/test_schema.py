"""The schema keeps what clients were promised, describes everything it has, and is the one in schema.graphql."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    is_introspection_type,
    is_specified_scalar_type,
    parse,
    print_ast,
)
from graphql.language import (
    EnumTypeDefinitionNode,
    FieldDefinitionNode,
    InputObjectTypeDefinitionNode,
    InterfaceTypeDefinitionNode,
    ObjectTypeDefinitionNode,
    ScalarTypeDefinitionNode,
)

from seggraph.api.nodes import NODES
from tests.api.schema_walk import SCHEMA

ROOT = Path(__file__).parent.parent.parent
PROMISED = parse((ROOT / "tests/api/promised.graphql").read_text(encoding="utf-8"))

FOUNDATION = {
    "Query": "node nodes viewer segment segments member memberByExternalId members criteriaFields previewSegment",
    "Mutation": (
        "createSegment updateSegment activateSegment recalculateSegment upsertMembers tagMembers setConsents"
        " createApiKey revokeApiKey"
    ),
    "Subscription": "segmentEvents",
    "Segment": (
        "id name description kind type status purpose origin visibility hiddenFrom version revision criteria"
        " criteriaSentence memberCount reach members sources syncInterval nextSyncAt freshness createdBy createdAt"
        " lastAction lastModifiedBy lastModifiedAt"
    ),
    "Reach": "status total email directMail sms phone push asOf progress error",
    "Freshness": "asOf lagSeconds pendingChanges computedRevision requestedRevision",
    "SegmentPreview": "memberCount reach sample sentence errors",
    "Member": (
        "id kind externalId name domain email phone country city address shippingAddress billingAddress revenue"
        " employees industry score attributes tags consents isTarget createdAt updatedAt"
    ),
    "CriteriaInput": "all any not attribute tags consent",
}
"""What the foundation has, wherever the promise goes further."""

Shape = dict[str, str]
"""Types by dotted names: a field, an argument, an input field, or a value of an enum."""


def promised() -> Iterator[tuple[str, Shape]]:
    """Every promised type, and what it consists of."""
    for node in PROMISED.definitions:
        match node:
            case ScalarTypeDefinitionNode():
                yield node.name.value, {}
            case EnumTypeDefinitionNode():
                yield node.name.value, {value.name.value: "" for value in node.values or ()}
            case ObjectTypeDefinitionNode() | InterfaceTypeDefinitionNode() | InputObjectTypeDefinitionNode():
                shape: Shape = {}
                for field in node.fields or ():
                    name = field.name.value
                    shape[name] = print_ast(field.type)
                    if isinstance(field, FieldDefinitionNode):
                        for argument in field.arguments or ():
                            shape[f"{name}.{argument.name.value}"] = print_ast(argument.type)
                yield node.name.value, shape


def shape_of(type_: GraphQLNamedType) -> Shape:
    """What a type of the schema consists of."""
    match type_:
        case GraphQLEnumType():
            return dict.fromkeys(type_.values, "")
        case GraphQLInputObjectType():
            return {name: str(field.type) for name, field in type_.fields.items()}
        case GraphQLObjectType() | GraphQLInterfaceType():
            shape = {name: str(field.type) for name, field in type_.fields.items()}
            return shape | {
                f"{name}.{argument}": str(given.type)
                for name, field in type_.fields.items()
                for argument, given in field.args.items()
            }
    return {}


PROMISES = dict(promised())
PRESENT = sorted(name for name in PROMISES if name in SCHEMA.type_map)


@pytest.mark.parametrize("name", PRESENT)
def test_what_is_there_has_the_promised_type(name: str) -> None:
    actual = shape_of(SCHEMA.type_map[name])
    # `RunError`, `Warning` and the like are promised by name only; what both have must agree
    common = PROMISES[name].keys() & actual.keys()

    assert {part: actual[part] for part in common} == {part: PROMISES[name][part] for part in common}


@pytest.mark.parametrize("name", sorted(FOUNDATION))
def test_the_foundation_is_there(name: str) -> None:
    missing = set(FOUNDATION[name].split()) - shape_of(SCHEMA.type_map[name]).keys()

    assert missing == set()


@pytest.mark.parametrize(
    "name",
    [name for name in PRESENT if name not in FOUNDATION and name not in ("ExplainedNode", "SegmentEvent")],
)
def test_other_promised_types_are_whole(name: str) -> None:
    assert PROMISES[name].keys() - shape_of(SCHEMA.type_map[name]).keys() == set()


def test_arguments_of_the_foundation_are_whole() -> None:
    later = {"previewSegment.diff"}
    for name, fields in FOUNDATION.items():
        wanted = {part for part in PROMISES[name] if "." in part and part.partition(".")[0] in fields.split()}
        assert wanted - later - shape_of(SCHEMA.type_map[name]).keys() == set(), name


def test_criteria_are_a_one_of() -> None:
    criteria = SCHEMA.type_map["CriteriaInput"]

    assert isinstance(criteria, GraphQLInputObjectType)
    assert criteria.is_one_of


@pytest.mark.parametrize("implementation", ["Segment", "Member", "User", "Workspace", "ApiKey", "Playbook"])
def test_objects_with_ids_are_nodes(implementation: str) -> None:
    type_ = SCHEMA.type_map[implementation]

    assert isinstance(type_, GraphQLObjectType)
    assert "Node" in {interface.name for interface in type_.interfaces}


def test_every_node_is_found_by_its_id() -> None:
    node = SCHEMA.type_map["Node"]

    assert isinstance(node, GraphQLInterfaceType)
    assert {type_.name for type_ in SCHEMA.get_possible_types(node)} == NODES.keys()


def test_errors_in_payloads_are_an_interface() -> None:
    assert isinstance(SCHEMA.type_map["UserError"], GraphQLInterfaceType)


def test_mutations_take_one_input_and_answer_with_errors() -> None:
    assert SCHEMA.mutation_type is not None
    for name, field in SCHEMA.mutation_type.fields.items():
        assert list(field.args) == ["input"], name
        payload = SCHEMA.type_map[str(field.type).rstrip("!")]
        assert shape_of(payload)["errors"] == "[UserError!]!", name


OLD_WORDS = re.compile(
    r"\b(hands?|moves?|shifts?|spread|whoever|whom|those who|anew|unless given|is no more)\b",
    re.IGNORECASE,
)
"""Words that descriptions had to be solved for; docs/glossary.md has the ones to use."""


def descriptions() -> Iterator[tuple[str, str | None]]:
    """The coordinate and the description of everything that the schema defines."""
    for type_ in SCHEMA.type_map.values():
        if is_introspection_type(type_) or is_specified_scalar_type(type_):
            continue
        yield type_.name, type_.description
        match type_:
            case GraphQLInputObjectType() | GraphQLEnumType():
                parts = type_.fields if isinstance(type_, GraphQLInputObjectType) else type_.values
                yield from ((f"{type_}.{name}", part.description) for name, part in parts.items())
            case GraphQLObjectType() | GraphQLInterfaceType():
                for name, field in type_.fields.items():
                    yield f"{type_}.{name}", field.description
                    for argument, given in field.args.items():
                        yield f"{type_}.{name}({argument}:)", given.description


def flaws(description: str | None) -> Iterator[str]:
    """What is wrong with a description."""
    text = description or ""
    if len(text.split()) < 3:
        yield "has fewer than three words"
    if not text.endswith("."):
        yield "does not end with a period"
    if old := OLD_WORDS.search(text):
        yield f"says {old[0]!r}"


def test_everything_is_described() -> None:
    flawed = {coordinate: found for coordinate, text in descriptions() if (found := list(flaws(text)))}

    assert flawed == {}


@pytest.mark.parametrize("text", [None, "", "The name.", "The name of it", "Members added by hand."])
def test_a_poor_description_is_found(text: str | None) -> None:
    assert list(flaws(text)) != []
