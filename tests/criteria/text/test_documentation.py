"""docs/criteria-text.md: its first example is read, and it names every operator and every word that needs quotes."""

import re
from pathlib import Path

from seggraph.criteria.operators import OPERATORS
from seggraph.criteria.text import read_text, write_text
from seggraph.criteria.text.keywords import AGGREGATES, RESERVED
from tests.criteria.text.corpus import NAMES, ids_of

PAGE = (Path(__file__).parents[3] / "docs" / "criteria-text.md").read_text()


def test_the_first_example_is_in_the_one_spelling() -> None:
    example = re.findall(r"```text\n(.*?)```", PAGE, re.DOTALL)[0]
    assert write_text(read_text(example, ids_of), NAMES.get) == " ".join(example.split())


def test_nothing_is_left_out() -> None:
    assert [
        words for words in (*OPERATORS.keywords.values(), *AGGREGATES.values()) if words not in PAGE
    ] == []
    listed = re.search(r"if it is one of ([A-Z_, ]+)\.", PAGE)
    assert listed is not None
    assert listed.group(1).split(", ") == sorted(RESERVED)
