"""Mistakes in the text: where, what was found, what was expected, and what may help."""

import pytest

from seggraph.criteria import AttributeDefinition, Catalogue, check, to_json
from seggraph.criteria.text import read, read_text
from seggraph.criteria.text.expectations import ANY_CONDITION, ANY_OPERATOR
from seggraph.errors import (
    CriteriaError,
    CriteriaSyntaxError,
    ErrorCode,
    Problems,
    SeggraphError,
)
from seggraph.vocabulary import AttributeType, MemberKind
from tests.criteria.text.corpus import ids_of

START = ("NOT", "(", "a field", ANY_CONDITION)
UNITS = ("YEARS", "MONTHS", "WEEKS", "DAYS", "HOURS", "MINUTES", "SECONDS")
CASES: list[tuple[str, int, int, str, tuple[str, ...], str]] = [
    # text, line, column, found, expected, hint
    ("", 1, 1, "the end", START, ""),
    ("  \n ", 2, 2, "the end", START, ""),
    ("a = 1 AND", 1, 10, "the end", START, ""),
    ("a = 1 AND OR", 1, 11, "OR", START, "a field of that name stands in double quotes: \"OR\""),
    ("a = 1\nAN b = 2", 2, 1, "AN", ("AND", "OR", "the end"), "did you mean AND?"),
    ("(a = 1", 1, 7, "the end", ("AND", "OR", ")"), ""),
    ("a = 1)", 1, 6, ")", ("AND", "OR", "the end"), ""),
    ("country = US", 1, 11, "US", ("a value",), "texts stand in single quotes: 'US'"),
    ('country = "US"', 1, 11, '"US"', ("a value",), "texts stand in single quotes: 'US'"),
    ("country = 'US", 1, 11, "'US", ("a value",), "the quote that opens here is never closed"),
    ("country = ‘US’", 1, 11, "‘", ("a value",), "write straight quotes: 'text' or \"field\""),
    ("country IN 'US'", 1, 12, "'US'", ("LAST", "NEXT", "("), "lists stand in parentheses: ('US')"),
    ("country IN ()", 1, 13, ")", ("a value",), ""),
    ("country IN ('US' 'DE')", 1, 18, "'DE'", (",", ")"), ""),
    ("country CONTANS 'x'", 1, 9, "CONTANS", (ANY_OPERATOR,), "did you mean CONTAINS?"),
    ("country", 1, 8, "the end", (ANY_OPERATOR,), ""),
    ("country NOT 'x'", 1, 13, "'x'", ("IN", "CONTAINS", "IN LAST"), ""),
    ("country IS NIT SET", 1, 12, "NIT", ("SET", "NOT SET"), "did you mean NOT?"),
    ("a BETWEEN 1 OR 2", 1, 13, "OR", ("AND",), ""),
    ("a = 1; b = 2", 1, 6, ";", ("AND", "OR", "the end"), ""),
    ("a = \u200b1", 1, 5, "U+200B", ("a value",), ""),
    ("createdAt IN LAST 30", 1, 21, "the end", UNITS, ""),
    ("createdAt IN LAST 30 DYAS", 1, 22, "DYAS", UNITS, "did you mean DAYS?"),
    ("createdAt IN LAST 1.5 DAYS", 1, 19, "1.5", ("a length of time like 30 DAYS",), ""),
    ("createdAt IN LAST 1 DAY 2 WEEKS", 1, 27, "WEEKS", ("HOURS", "MINUTES", "SECONDS"), ""),
    ("tags = 'vip'", 1, 6, "=", ("HAS ANY", "HAS ALL", "HAS NONE"), ""),
    ("TAGS HAS ANY (vip)", 1, 15, "vip", ("a tag in single quotes",), "texts stand in single quotes: 'vip'"),
    ("CONSENT(mail) IS GRANTED", 1, 9, "mail", ("EMAIL", "DIRECT_MAIL", "SMS", "PHONE", "PUSH"), "did you mean EMAIL?"),
    ("IN SEGMENT Customers", 1, 12, "Customers", ("the name of a segment in single quotes",),
     "texts stand in single quotes: 'Customers'"),
    ("COUNT(EVENT 'a' LAST 3 DAYS) > 1", 1, 17, "LAST", ("IN LAST", "FROM", "TO", "WHERE", ")"), ""),
    ("COUNT(EVENT 'a')", 1, 17, "the end", ("=", "!=", ">", ">=", "<", "<=", "BETWEEN"), ""),
    ("COUNT(EVENT 'a' WHERE a = 1 OR b = 2) > 1", 1, 29, "OR", ("AND", ")"), ""),
    ("SUM(RELATED 'deals') > 1", 1, 5, "RELATED", ("EVENT", "a field"),
     "a field of that name stands in double quotes: \"RELATED\""),
    ("COUNT(RELATED 'deals') BETWEEN 1 AND 2", 1, 24, "BETWEEN", ("=", "!=", ">", ">=", "<", "<="), ""),
    ("COUNT(RELATED 'deals') > 1.5", 1, 26, "1.5", ("a whole number",), ""),
    ("SAMPLE 10", 1, 10, "the end", ("%",), ""),
    ("SEQUENCE('a', 'b')", 1, 10, "'a'", ("EVENT",), ""),
]  # fmt: skip


@pytest.mark.parametrize(("text", "line", "column", "found", "expected", "hint"), CASES)
def test_says_where_what_and_what_else(
    text: str, line: int, column: int, found: str, expected: tuple[str, ...], hint: str
) -> None:
    with pytest.raises(CriteriaSyntaxError) as caught:
        read_text(text, ids_of)
    error = caught.value
    assert error.span is not None
    assert (error.span.line, error.span.column, error.found, error.expected) == (
        line,
        column,
        found,
        expected,
    )
    assert error.code == ErrorCode.CRITERIA_SYNTAX
    assert error.message.startswith(f"Line {line}, column {column}: expected ")
    _, _, said = error.message.partition(f", found {found}")
    assert said == (f"; {hint}" if hint else "")


VALUE, LARGE, DEEP = ErrorCode.CRITERIA_BAD_VALUE, ErrorCode.CRITERIA_TOO_LARGE, ErrorCode.CRITERIA_TOO_DEEP
REFUSED = [
    ("a = 1 AND IN SEGMENT 'Nobody'", VALUE, 'Line 1, column 22: no segment of this kind has the name "Nobody"'),
    ("IN SEGMENT 'Twice'", VALUE, 'Line 1, column 12: several segments have the name "Twice"'),
    ("a = 1 OR\n b = " + "9" * 31, VALUE, "Line 2, column 2: a number must be below 10^30, on either side of zero"),
    ("a = " + "9" * 61, VALUE, "Line 1, column 5: a number has at most 60 characters"),
    ("a = 1e999", VALUE, "Line 1, column 1: a number must be finite"),
    ("NOT a = '" + "x" * 1001 + "'", VALUE,
     "Line 1, column 5: a text may have at most 1,000 characters, this one has 1,001"),
    ("a = 1 AND SAMPLE 101%", VALUE, "Line 1, column 11: a share is a number from 0 to 100, not 101"),
    ("SEQUENCE(EVENT 'a')", VALUE,
     "Line 1, column 1: a sequence has two steps or more; for one event use `event`"),
    (" OR ".join(["a = 1"] * 501), LARGE, "Line 1, column 1: more than 500 conditions; split the criteria"),
    (f"a IN ({', '.join(['1'] * 1001)})", LARGE,
     "Line 1, column 1: more than 1000 values; use a tag or an attribute"),
    ("x" * 20_001, LARGE, "Line 1, column 20001: the text goes on after 20,000 characters; give JSON instead"),
    ("NOT " * 21 + "a = 1", DEEP, "Line 1, column 81: groups are nested deeper than 20; merge or flatten some of them"),
    ("(" * 4000, DEEP,
     "Line 1, column 42: more than 40 parentheses and NOTs inside one another; flatten some of them"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "code", "message"), REFUSED)
def test_refuses_what_no_criteria_can_hold(text: str, code: ErrorCode, message: str) -> None:
    with pytest.raises(CriteriaError) as caught:
        read_text(text, ids_of)
    assert (caught.value.code, caught.value.message) == (code, message)


def test_what_the_checker_finds_is_explained_by_line_and_column() -> None:
    catalogue = Catalogue(MemberKind.PERSON, [AttributeDefinition("plan", AttributeType.STRING)])
    reading = read("plan = 'pro' AND (\n  contry = 'US' OR NOT\n  score CONTAINS 'x')")
    with pytest.raises(Problems) as caught:
        check(reading.node, catalogue)
    explained = reading.explained(caught.value, path=("criteriaText",))
    assert isinstance(explained, Problems)
    assert [(one.code, one.path) for one in explained.problems] == [
        (ErrorCode.CRITERIA_UNKNOWN_FIELD, ("criteriaText",)),
        (ErrorCode.CRITERIA_BAD_OPERATOR, ("criteriaText",)),
    ]
    assert (
        explained.problems[0].message
        == 'Line 2, column 3: PERSON has no field "contry"; did you mean country?'
    )
    assert explained.problems[1].message.startswith("Line 3, column 3: score is a NUMBER and has no CONTAINS")


@pytest.mark.parametrize(
    ("text", "places"),
    [
        ("a ? 1 AND b = 2 AND c = = 3", [2, 24]),
        ("(a ? 1 OR b = 2) AND NOT (c < > 3)", [3, 30]),
        ("COUNT(EVENT 'x' WHRE y = 1 AND z = 2) > 1 OR country IN 'DE' OR ok = 1", [16, 56]),
        ("ALL(a ? 1, b = 2, c ? 3)", [6, 20]),
        ("a BETWEEN x AND 3 AND b ? 2", [10, 24]),
        ("a ? 1 AND (b = 2", [2]),  # the end is what it is because of the first mistake, perhaps
        ("a = 1 AND OR b = 2 AND c ? 1", [10, 25]),
        ("a = 1) AND b ? 2", [5]),
    ],
)
def test_all_wrong_conditions_are_reported_in_their_order(text: str, places: list[int]) -> None:
    with pytest.raises(SeggraphError) as raised:
        read(text)
    found = raised.value.problems if isinstance(raised.value, Problems) else [raised.value]
    assert [
        problem.span and problem.span.start for problem in found if isinstance(problem, CriteriaError)
    ] == places


def test_reading_stops_after_fifty_mistakes() -> None:
    with pytest.raises(Problems) as raised:
        read(" AND ".join(["a ? 1"] * 80))
    assert len(raised.value.problems) == 50


def test_an_error_that_is_not_about_criteria_stays_itself() -> None:
    error = SeggraphError("elsewhere")
    assert read("a = 1").explained(error) is error


@pytest.mark.parametrize(
    "text",
    [
        "'" + "''" * 9_000,
        "a = '" + "x" * 19_000,
        "NOT " * 5_000,
        "(" * 20_000,
        "ALL(" * 5_000,
        "a " * 10_000,
        "a=1 AND " * 2_500,
        "COUNT(RELATED 'a' WHERE " * 800,
        "9" * 20_000,
        "\n" * 20_000,
        "‘" * 20_000,
        "a IN (" + "1," * 9_000,
        "x = 1 OR " * 499 + "x",
    ],
)
@pytest.mark.timeout(20)  # far more than it takes, and far less than what is quadratic in the text would
def test_hostile_texts_are_refused_at_once(text: str) -> None:
    with pytest.raises(CriteriaError):
        read_text(text)


def test_the_largest_text_is_read() -> None:
    node = read_text(" AND ".join(f"field{index} = 'value {index}'" for index in range(500)))
    assert len(to_json(node)["all"]) == 500
