"""Whatever names the well-known fields of members a second time equals the table of them."""

import dataclasses
import re
from collections.abc import Iterable

import asyncpg
from graphql import GraphQLInputObjectType, GraphQLObjectType

from seggraph.member_fields import BY_NAME, CONSENTS, FIELDS, MemberField, MemberTable, Suggestions
from seggraph.member_fields.field_types import INSTANT
from seggraph.services.members.drafts import clean
from seggraph.services.members.members import Addresses, MemberView
from seggraph.vocabulary import Channel
from tests.api.schema_walk import SCHEMA

NOT_FIELDS_OF_MEMBERS = {"hasAddress"}
"""Fields that only criteria know."""


def expected_type(field: MemberField) -> str:
    """The type of a field in the type `Member`."""
    return field.type.graphql + ("!" if field.required else "")


def names(fields: Iterable[MemberField]) -> set[str]:
    return {field.name for field in fields}


def test_members_have_the_fields_of_the_table() -> None:
    type_ = SCHEMA.type_map["Member"]
    assert isinstance(type_, GraphQLObjectType)
    shown = [field for field in FIELDS if field.consent is None and field.name not in NOT_FIELDS_OF_MEMBERS]

    assert {
        field.name: (str(type_.fields[field.name].type), type_.fields[field.name].description)
        for field in shown
    } == {field.name: (expected_type(field), field.description) for field in shown}
    others = {
        "id",
        "kind",
        "attributes",
        "consents",
        "segments",
        "segmentIntervals",
        "related",
        "events",
        "value",
    }
    assert type_.fields.keys() == names(shown) | others


def test_inputs_of_members_have_the_fields_that_can_be_set() -> None:
    type_ = SCHEMA.type_map["MemberInput"]
    assert isinstance(type_, GraphQLInputObjectType)
    settable = [field for field in FIELDS if field.clean is not None]

    assert type_.fields.keys() == names(settable) | {"attributes", "consents"}
    assert {
        field.name: (str(type_.fields[field.name].type), type_.fields[field.name].description)
        for field in settable
    } == {
        field.name: (
            field.type.graphql + ("!" if field.name == "externalId" else ""),
            field.input_description or field.description,
        )
        for field in settable
    }


def test_rows_are_cleaned_by_the_table() -> None:
    draft, problems = clean(
        {field.name: None for field in FIELDS if field.clean and field.name != "externalId"}
    )

    assert problems == []
    stored = {field.column for field in FIELDS if field.clean and field.name != "externalId"}
    assert draft.columns.keys() | draft.addresses.keys() == stored
    assert draft.addresses.keys() == {field.column for field in FIELDS if field.is_address}


def test_views_read_the_columns_of_the_table() -> None:
    read = {field.name for field in dataclasses.fields(MemberView)} - {"id", "kind", "ordinal", "attributes"}
    addresses = {field.name for field in dataclasses.fields(Addresses)}

    assert read == {field.column for field in FIELDS if not field.is_address} - {"has_address"}
    assert addresses == {field.column for field in FIELDS if field.is_address}


LONG_NAMES = {"timestamptz": "timestamp with time zone"}

COLUMNS = """
    SELECT attname, format_type(atttypid, NULL) FROM pg_attribute
    WHERE attrelid = $1::regclass AND attnum > 0 AND NOT attisdropped
"""


async def test_the_database_has_the_columns_of_the_table_with_their_types(
    connection: asyncpg.Connection,
) -> None:
    own = {"id", "workspace_id", "kind", "ordinal", "attributes", "version", "member_id", "postal_digest"}
    for table in MemberTable:
        types = dict(await connection.fetch(COLUMNS, table.value))
        columns = {
            field.column: LONG_NAMES.get(field.type.sql, field.type.sql)
            for field in FIELDS
            if field.table is table
        }

        assert {column: types[column] for column in columns} == columns
        assert types.keys() - columns.keys() <= own


async def test_the_database_counts_and_searches_the_fields_that_say_so(
    connection: asyncpg.Connection,
) -> None:
    function: str = await connection.fetchval("SELECT pg_get_functiondef('count_member_values'::regproc)")
    index: str = await connection.fetchval("SELECT pg_get_indexdef('members_search'::regclass)")

    counted = {field.column for field in FIELDS if field.suggestions is Suggestions.COUNTED}
    assert {column for column in counted if f"'{column}', " in function} == counted
    searched = [field.column for field in FIELDS if field.is_searched]
    assert re.findall(r"COALESCE\((\w+),", index) == searched


def test_each_name_column_and_alias_stands_once() -> None:
    aliases = [alias for field in FIELDS for alias in field.aliases.split()]

    assert len(BY_NAME) == len(FIELDS)
    assert len({(field.table, field.column) for field in FIELDS}) == len(FIELDS)
    assert len(set(aliases)) == len(aliases)
    assert list(CONSENTS.values()) == list(Channel)


def test_rows_of_the_table_are_whole() -> None:
    for field in FIELDS:
        assert field.label, field.name
        assert field.description.endswith("."), field.name
        assert (field.group is None) == (field.example is None), field.name
        assert field.group is None or field.type.attribute is not None, field.name
        assert bool(field.aliases) == field.is_imported, field.name
        assert field.is_imported or field.default is not None or field.type is INSTANT, field.name
