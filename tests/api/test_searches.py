"""Searches find what people look for: words in any order, external ids, any case."""

import sys
import unicodedata

import asyncpg

from seggraph.services.members.lists import folded
from tests.product import Product

UPSERT = """
    mutation ($members: [MemberInput!]!) {
      upsertMembers(input: {kind: ACCOUNT, members: $members}) { created }
    }
"""
FOUND = """
    query ($search: String) {
      members(kind: ACCOUNT, search: $search) { totalCount nodes { externalId } }
      sorted: members(kind: ACCOUNT, search: $search, orderBy: {field: "name"}) { nodes { externalId } }
    }
"""
MEMBERS = [
    {"externalId": "ACC-000001", "name": "GmbH Wrenbridge & Söhne", "domain": "wren.example"},
    {"externalId": "ACC-000010", "name": "Wrenbridge Ltd", "email": "info@other.example"},
    {"externalId": "σ", "name": "ΣΟΦΊΑΣ 100%"},
    {"externalId": "e", "name": "Cafe\u0301 İstanbul"},
]


FINDS: list[tuple[str, set[str]]] = [
    ("wrenbridge gmbh", {"ACC-000001"}),
    ("  GMBH   WREN.EXAMPLE  ", {"ACC-000001"}),
    ("söhne wren", {"ACC-000001"}),
    ("SO\u0308HNE", {"ACC-000001"}),
    ("wrenbridge", {"ACC-000001", "ACC-000010"}),
    ("wrenbridge wrenbridge", {"ACC-000001", "ACC-000010"}),
    ("wrenbridge nobody", set()),
    ("ACC-000001", {"ACC-000001"}),
    ("ACC-00000", set()),
    ("other ltd", {"ACC-000010"}),
    ("σοφίας", {"σ"}),
    ("ΣΟΦΊΑ", {"σ"}),
    ("100%", {"σ"}),
    ("1__%", set()),
    ("café", {"e"}),
    ("istanbul", {"e"}),
    ("İSTANBUL", {"e"}),
    ("", {"ACC-000001", "ACC-000010", "σ", "e"}),
]


async def test_a_search_finds_members(product: Product) -> None:
    await product.run(UPSERT, members=MEMBERS)

    for search, expected in FINDS:
        found = await product.run(FOUND, search=search)
        assert {one["externalId"] for one in found["members"]["nodes"]} == expected, search
        assert {one["externalId"] for one in found["sorted"]["nodes"]} == expected, search
        assert found["members"]["totalCount"] == len(expected), search


async def test_python_folds_as_the_database_does(connection: asyncpg.Connection) -> None:
    # of what both know: their versions of Unicode differ
    known = [
        character
        for character in map(chr, range(1, sys.maxunicode + 1))
        if unicodedata.category(character) not in ("Cs", "Cn", "Co")
    ]
    rows = await connection.fetch(
        "SELECT c, seggraph_folded(c) AS folded FROM unnest($1::text[]) AS c", known
    )

    assert [row["c"] for row in rows if folded(row["c"]) != row["folded"] and row["c"] != "\u0307"] == []
