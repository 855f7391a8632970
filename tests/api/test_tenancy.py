"""Nothing crosses a workspace: whatever takes an id, now and later, answers as if a foreign one did not exist."""

import json
import re
from collections.abc import AsyncIterator
from typing import Any

import pytest
from graphql import (
    GraphQLArgument,
    GraphQLEnumType,
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNamedType,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLType,
    build_schema,
    get_named_type,
    is_leaf_type,
    is_required_argument,
    is_required_input_field,
)

from seggraph.api import ids
from seggraph.api.schema import build_schema as build_product_schema
from seggraph.services.policy import Viewer
from tests.conftest import new_viewer
from tests.product import Product, Server

INSTANT = re.compile(r"\d{4}-\d\d-\d\dT[\d:.]+Z")
SCHEMA = build_schema(build_product_schema().as_str())
PLAIN: dict[str, Any] = {"String": "x", "Int": 1, "Boolean": True, "Float": 1.0, "JSON": "x", "Decimal": "1"}
PLAIN |= {"DateTime": "2026-01-01T00:00:00Z", "Date": "2026-01-01", "Duration": "P1D"}

SECRET = """
    mutation {
      createSegment(input: {name: "Classified", kind: ACCOUNT, type: STATIC}) { segment { id } }
      upsertMembers(input: {kind: ACCOUNT, members: [{externalId: "classified", name: "Classified"}]}) { created }
    }
"""
REST = """
    { viewer { user { id } workspace { id } } memberByExternalId(kind: ACCOUNT, externalId: "classified") { id } }
"""


def takes_id(type_: GraphQLType, seen: frozenset[str] = frozenset()) -> bool:
    """Whether an argument of a type has an id anywhere in it."""
    named = get_named_type(type_)
    if str(named) == "ID":
        return True
    if not isinstance(named, GraphQLInputObjectType) or named.name in seen:
        return False
    return any(takes_id(field.type, seen | {named.name}) for field in named.fields.values())


def takes_file(type_: GraphQLType) -> bool:
    named = get_named_type(type_)
    if isinstance(named, GraphQLInputObjectType):
        return any(get_named_type(field.type).name == "Upload" for field in named.fields.values())
    return named.name == "Upload"


def fields_with_ids() -> list[tuple[str, str]]:
    """Every query and mutation that takes an id; files come another way than JSON."""
    return [
        (root.name, name)
        for root in (SCHEMA.query_type, SCHEMA.mutation_type)
        if root is not None
        for name, field in root.fields.items()
        if any(takes_id(argument.type) for argument in field.args.values())
        and not any(takes_file(argument.type) for argument in field.args.values())
    ]


def value_of(type_: GraphQLType, name: str, given: dict[str, str]) -> Any:
    """A value of a type, in which every id is one of the given ones and only what must be is there besides."""
    match type_:
        case GraphQLNonNull():
            return value_of(type_.of_type, name, given)
        case GraphQLList():
            return [value_of(type_.of_type, name, given)]
        case GraphQLEnumType():
            return next(iter(type_.values))
        case GraphQLInputObjectType() if type_.name == "CriteriaInput":
            if "segment" in type_.fields:
                return {"segment": {"op": "IN", "id": given["Segment"]}}
            return {"attribute": {"field": "country", "op": "IS_SET"}}
        case GraphQLInputObjectType() if type_.is_one_of:
            simple = next(
                one for one, field in type_.fields.items() if is_leaf_type(get_named_type(field.type))
            )
            return {simple: value_of(type_.fields[simple].type, simple, given)}
        case GraphQLInputObjectType():
            return {
                field_name: value_of(field.type, field_name, given)
                for field_name, field in type_.fields.items()
                if is_needed(field)
            }
    if str(type_) == "ID":
        fitting = [kind for kind in given if kind.lower() in name.lower()]
        return given[fitting[0]] if fitting else given["id"]
    return PLAIN[str(type_)]


def is_needed(part: GraphQLArgument | GraphQLInputField) -> bool:
    is_required = (
        is_required_argument(part) if isinstance(part, GraphQLArgument) else is_required_input_field(part)
    )
    return is_required or takes_id(part.type)


def selection(type_: GraphQLNamedType, depth: int = 2) -> str:
    """All leaves of a type, and of the objects in it, for which no argument is needed."""
    if is_leaf_type(type_):
        return ""
    parts = ["__typename"]
    if isinstance(type_, GraphQLObjectType | GraphQLInterfaceType):
        for name, field in type_.fields.items():
            named = get_named_type(field.type)
            if not any(map(is_required_argument, field.args.values())) and (depth or is_leaf_type(named)):
                parts.append(name + selection(named, depth - 1))
    return " { " + " ".join(parts) + " }"


def call(root: str, name: str, given: dict[str, str]) -> tuple[str, dict[str, Any]]:
    """The operation that calls a field with these ids, and its variables."""
    type_ = SCHEMA.type_map[root]
    assert isinstance(type_, GraphQLObjectType)
    field = type_.fields[name]
    needed = {name: argument for name, argument in field.args.items() if is_needed(argument)}
    variables = {name: value_of(argument.type, name, given) for name, argument in needed.items()}
    declared = ", ".join(f"${name}: {argument.type}" for name, argument in needed.items())
    passed = ", ".join(f"{name}: ${name}" for name in needed)
    chosen = selection(get_named_type(field.type), 1)
    return (
        f"{'query' if root == 'Query' else 'mutation'} ({declared}) {{ {name}({passed}){chosen} }}",
        variables,
    )


@pytest.fixture
async def client(server: Server, viewer: Viewer) -> AsyncIterator[Product]:
    async with server.sign_in(viewer) as product:
        yield product


async def test_ids_of_another_workspace_are_as_if_they_did_not_exist(client: Product, server: Server) -> None:
    # given the ids of everything in another workspace, and ids that nobody has
    async with server.sign_in(await new_viewer("Other")) as other:
        made, rest = await other.run(SECRET), await other.run(REST)
        user = rest["viewer"]["user"]["id"]
        foreign = {
            "Segment": made["createSegment"]["segment"]["id"],
            "Member": rest["memberByExternalId"]["id"],
        }
        foreign |= {
            "User": user,
            "hiddenFrom": user,
            "createdBy": user,
            "Workspace": rest["viewer"]["workspace"]["id"],
        }
        before = await other.run(SECRET.replace("Classified", "Second").replace("classified", "second"))
    nobody = {name: ids.encode((ids.split(id_) or ("", 0))[0], 10**17) for name, id_ in foreign.items()}
    fields = fields_with_ids()
    assert {("Query", "node"), ("Query", "members"), ("Mutation", "updateSegment")} <= set(fields)

    for root, name in fields:
        for kind in ("Segment", "Member", "User", "Workspace"):
            # when any field is called with the one and with the other
            answers = []
            for given in (foreign, nobody, dict.fromkeys(foreign, "rubbish")):
                query, variables = call(root, name, given | {"id": given[kind]})
                answer = await client.raw(query, **variables)
                codes = [error["extensions"]["code"] for error in answer.get("errors", ())]
                text = json.dumps(answer)
                # then none is an accident, and none tells what is there
                assert "INTERNAL" not in codes, (query, variables, answer)
                assert "FORBIDDEN" not in text, (query, variables, answer)
                assert "lassified" not in text, (query, variables, answer)
                if any(code.startswith(("GRAPHQL", "BAD_USER", "BAD_REQUEST")) for code in codes):
                    raise AssertionError((query, variables, answer))  # this test asked wrongly
                for id_ in given.values():
                    text = text.replace(id_, "ID")
                text = INSTANT.sub("NOW", text)  # previews say as of when they are
                answers.append(json.loads(text))
            # and both are answered the same
            assert answers[0] == answers[1], (name, kind)

    # and nothing has changed there
    assert before["createSegment"]["segment"] is not None
    async with server.sign_in(
        await new_viewer("", workspace_id=(ids.split(foreign["Workspace"]) or ("", 0))[1])
    ) as other:
        assert await other.run(REST) == rest
        kept = await other.run(
            "query ($id: ID!) { segment(id: $id) { name status version } segments { totalCount } }",
            id=foreign["Segment"],
        )
    assert kept == {
        "segment": {"name": "Classified", "status": "DRAFT", "version": 1},
        "segments": {"totalCount": 2},
    }
