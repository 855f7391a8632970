"""Criteria as text through the API: saved, read back, previewed, refused with line and column, completed."""

from typing import Any

import pytest

from tests.product import Product

CREATE = """
    mutation ($input: CreateSegmentInput!) {
      createSegment(input: $input) {
        segment { id criteria criteriaText criteriaSentence } errors { code message path }
      }
    }
"""
UPDATE = """
    mutation ($input: UpdateSegmentInput!) {
      updateSegment(input: $input) { segment { criteria criteriaText } errors { code message path } }
    }
"""
PREVIEW = """
    query ($input: PreviewSegmentInput!) {
      previewSegment(input: $input) { memberCount sentence errors { code message path } }
    }
"""
COMPLETE = """
    query ($text: String!, $cursor: Int!) {
      criteriaCompletions(kind: ACCOUNT, text: $text, cursor: $cursor) { kind text start end description }
    }
"""
MEMBERS = """
    mutation {
      upsertMembers(input: {kind: ACCOUNT, members: [
        {externalId: "a", country: "DE", attributes: {plan: "pro"}},
        {externalId: "b", country: "US", attributes: {plan: "free"}}
      ]}) { created }
    }
"""
GERMAN = {"attribute": {"field": "country", "op": "EQ", "value": "DE"}}


def draft(name: str, **criteria: Any) -> dict[str, Any]:
    return {"name": name, "kind": "ACCOUNT", "type": "DYNAMIC", **criteria}


async def create(product: Product, name: str, **criteria: Any) -> dict[str, Any]:
    answer = await product.run(CREATE, input=draft(name, **criteria))
    payload: dict[str, Any] = answer["createSegment"]
    return payload


async def test_text_is_saved_as_the_tree_and_read_back_in_its_one_spelling(product: Product) -> None:
    payload = await create(product, "German", criteriaText="country='DE' and not tags has any ('customer')")
    assert payload["errors"] == []
    assert payload["segment"]["criteria"] == {
        "all": [GERMAN, {"not": {"tags": {"op": "HAS_ANY", "values": ["customer"]}}}]
    }
    assert payload["segment"]["criteriaText"] == "country = 'DE' AND NOT TAGS HAS ANY ('customer')"
    assert payload["segment"]["criteriaSentence"].startswith('Members where Country is "DE" and ')

    update = {"id": payload["segment"]["id"], "criteriaText": "country IS SET"}
    updated = (await product.run(UPDATE, input=update))["updateSegment"]
    assert updated["errors"] == []
    assert updated["segment"] == {
        "criteria": {"attribute": {"field": "country", "op": "IS_SET"}},
        "criteriaText": "country IS SET",
    }


async def test_a_segment_without_criteria_has_no_text(product: Product) -> None:
    payload = await create(product, "Empty")
    assert payload["segment"]["criteriaText"] is None


async def test_preview_reads_text(product: Product) -> None:
    await product.run(MEMBERS)
    answer = await product.run(
        PREVIEW, input={"kind": "ACCOUNT", "criteriaText": "plan = 'pro' OR country = 'FR'"}
    )
    assert answer["previewSegment"]["errors"] == []
    assert answer["previewSegment"]["memberCount"] == 1


MISTAKES = [
    (
        "country = 'DE'\nAND contry = 'US'",
        "CRITERIA_INVALID",
        'Line 2, column 5: ACCOUNT has no field "contry"; did you mean country?',
    ),
    (
        "country = DE",
        "CRITERIA_INVALID",
        "Line 1, column 11: expected a value, found DE; texts stand in single quotes: 'DE'",
    ),
    (
        "NOT IN SEGMENT 'Nobody\0'",
        "CRITERIA_INVALID",
        'Line 1, column 16: no segment of this kind has the name "Nobody\ufffd"',
    ),
]


@pytest.mark.parametrize(("text", "code", "message"), MISTAKES)
async def test_mistakes_say_line_and_column(product: Product, text: str, code: str, message: str) -> None:
    error = {"code": code, "message": message, "path": ["criteriaText"]}
    payload = await create(product, "Wrong", criteriaText=text)
    assert payload == {"segment": None, "errors": [error]}
    preview = (await product.run(PREVIEW, input={"kind": "ACCOUNT", "criteriaText": text}))["previewSegment"]
    assert preview == {"memberCount": None, "sentence": None, "errors": [error]}
    # nothing was created
    assert (await create(product, "Wrong"))["errors"] == []


async def test_either_form_but_not_both(product: Product) -> None:
    error = {
        "code": "INVALID",
        "message": "Give the criteria as `criteria` or as `criteriaText`, not as both.",
        "path": ["criteriaText"],
    }
    both = {"criteria": GERMAN, "criteriaText": "country = 'DE'"}
    assert await create(product, "Both", **both) == {"segment": None, "errors": [error]}
    saved = (await create(product, "One", criteria=GERMAN))["segment"]
    updated = (await product.run(UPDATE, input={"id": saved["id"], **both}))["updateSegment"]
    assert updated == {"segment": None, "errors": [error]}
    preview = (await product.run(PREVIEW, input={"kind": "ACCOUNT", **both}))["previewSegment"]
    assert preview["errors"] == [error]


async def test_completions_know_the_workspace(product: Product) -> None:
    await product.run(MEMBERS)
    await create(product, "Ada's list", criteriaText="country = 'DE'")

    async def complete(text: str) -> list[dict[str, Any]]:
        answer = await product.run(COMPLETE, text=text, cursor=len(text))
        found: list[dict[str, Any]] = answer["criteriaCompletions"]
        return found

    assert await complete("pl") == [
        {"kind": "FIELD", "text": "plan", "start": 0, "end": 2, "description": "plan, STRING."}
    ]
    assert await complete("IN SEGMENT 'ada") == [
        {"kind": "SEGMENT", "text": "'Ada''s list'", "start": 11, "end": 15, "description": "A segment."}
    ]
    assert await complete("plan = 'p") == [
        {"kind": "VALUE", "text": "'pro'", "start": 7, "end": 9, "description": "1 member."}
    ]
    assert [one["text"] for one in await complete("country IN (")] == ["'DE'", "'US'"]
    assert [one["text"] for one in await complete("COUNT(RELATED 'd")] == ["'deals'"]
    assert await complete("COUNT(EVENT 'x") == []
    assert await complete("IN SEGMENT '\0") == []
    assert await complete("country = = ") == []
