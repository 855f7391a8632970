"""docs/criteria.md: its examples are criteria, and it names every operator, field, limit and code."""

import json
import re
from pathlib import Path

from seggraph.criteria import AttributeDefinition, Catalogue, check, describe, parse
from seggraph.criteria.catalogue import WELL_KNOWN
from seggraph.criteria.json.parser import NODES
from seggraph.criteria.operators import OPERATORS, AttributeOp, CompareOp, EventAggregate, InOp
from seggraph.errors import ErrorCode
from seggraph.vocabulary import AttributeType, MemberKind

PAGE = (Path(__file__).parents[2] / "docs" / "criteria.md").read_text()
CATALOGUE = Catalogue(
    MemberKind.PERSON,
    [
        AttributeDefinition("renewalDate", AttributeType.DATE),
        AttributeDefinition("birthday", AttributeType.DATE),
        AttributeDefinition("status", AttributeType.STRING),
    ],
)


def test_every_example_is_good_and_the_first_sentence_is_true() -> None:
    examples = [json.loads(text) for text in re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL)]
    sentences = [describe(check(parse(example), CATALOGUE)) for example in examples]
    assert len(sentences) == 9
    assert f"> {sentences[0]}\n" in PAGE


def test_nothing_is_left_out() -> None:
    names = [f'"{node}"' for node in NODES] + [f"`{field.name}`" for field in WELL_KNOWN]
    codes = [code for code in ErrorCode if code.startswith("CRITERIA_")]
    assert [
        word
        for word in (*names, *AttributeOp, *CompareOp, *EventAggregate, *InOp, *codes)
        if word not in PAGE
    ] == []


def test_the_table_of_operators_is_that_of_the_code() -> None:
    head, _, *rows = re.search(r"(\| operator \| takes.*?)\n\n", PAGE, re.DOTALL).group(1).splitlines()  # type: ignore[union-attr]
    types = [AttributeType(cell.strip()) for cell in head.split("|")[3:-1]]
    documented = {
        (type_, AttributeOp(op))
        for row in rows
        for type_, cell in zip(types, row.split("|")[3:-1], strict=True)
        for op in row.split("|")[1].strip().split(", ")
        if cell.strip()
    }
    assert documented == {(type_, op) for type_ in AttributeType for op in OPERATORS.of_type(type_)}
