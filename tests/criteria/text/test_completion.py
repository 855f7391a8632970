"""What is offered at a cursor, which stands where the bar is."""

import pytest

from seggraph.criteria import AttributeDefinition, Catalogue
from seggraph.criteria.text import Completion, CompletionKind, complete, read_text, spot_at
from seggraph.criteria.text.expectations import Sort
from seggraph.member_fields import BY_NAME
from seggraph.vocabulary import AttributeType, MemberKind

CATALOGUE = Catalogue(
    MemberKind.ACCOUNT,
    [
        AttributeDefinition("plan", AttributeType.STRING, "Plan"),
        AttributeDefinition("renewal date", AttributeType.DATE, "Renewal", "When the contract ends."),
        AttributeDefinition("languages", AttributeType.STRING_LIST),
        AttributeDefinition("secret", AttributeType.STRING, hidden=True),
    ],
    related={MemberKind.DEAL: [AttributeDefinition("stage", AttributeType.STRING)]},
)
BEGINNINGS = [
    *(
        "NOT",
        "(",
        "ALL(",
        "ANY(",
        "COUNT(",
        "SUM(",
        "AVG(",
        "MIN(",
        "MAX(",
        "DISTINCT_DAYS(",
        "FIRST_AT(",
        "LAST_AT(",
    ),
    *("CONSENT(", "SEQUENCE(", "TAGS", "IN SEGMENT", "SAMPLE"),
]
FIELDS = [
    f'"{field.name}"' if "." in field.name else field.name
    for field in CATALOGUE.fields
    if " " not in field.name
]


def offered(marked: str, values: list[tuple[CompletionKind, str, str]] | None = None) -> list[Completion]:
    text, cursor = marked.replace("|", ""), marked.index("|")
    place = spot_at(text, cursor)
    return [] if place is None else complete(place, CATALOGUE, values=values or [])


CASES: list[tuple[str, list[str]]] = [
    ("|", [*FIELDS[:-2], "languages", "plan", '"renewal date"', *BEGINNINGS]),
    ("cou|", ["country", "COUNT("]),
    ("isTarget = TRUE AND em|", ["email", "employees"]),
    ("NOT I|", ["isTarget", "industry", "IN SEGMENT"]),
    ('"ren|', ['"renewal date"']),
    ("sec|", []),
    ("isTarget |", ["=", "!=", "IS SET", "IS NOT SET"]),
    ("score B|", ["BETWEEN"]),
    ("country IS |", ["SET", "NOT SET"]),
    ("country IS NOT S|", ["SET"]),
    ("country NOT |", ["IN", "CONTAINS"]),
    ("createdAt NOT |", ["IN LAST"]),
    ("createdAt IN |", ["LAST", "NEXT"]),
    ("languages |", ["HAS ANY", "HAS ALL", "HAS NONE", "IS SET", "IS NOT SET"]),
    ("isTarget = |", ["TRUE", "FALSE"]),
    ("isTarget = t|", ["TRUE"]),
    ('"renewal date" > |', ["2026-01-31"]),
    ("createdAt IN LAST 30 |", ["YEARS", "MONTHS", "WEEKS", "DAYS", "HOURS", "MINUTES", "SECONDS"]),
    ("createdAt IN LAST 30 d|", ["DAYS"]),
    ("isTarget = TRUE |", ["AND", "OR"]),
    ("(isTarget = TRUE |", ["AND", "OR", ")"]),
    ("CONSENT(|", ["EMAIL", "DIRECT_MAIL", "SMS", "PHONE", "PUSH"]),
    ("CONSENT(EMAIL) IS |", ["UNKNOWN", "GRANTED", "DENIED"]),
    ("TAGS |", ["HAS ANY", "HAS ALL", "HAS NONE"]),
    ("COUNT(|", ["RELATED", "EVENT"]),
    ("COUNT(EVENT 'order' |", ["IN LAST", "FROM", "TO", "WHERE", ")"]),
    ("COUNT(EVENT 'order' WHERE |", []),
    ("COUNT(EVENT 'order') |", ["=", "!=", ">", ">=", "<", "<=", "BETWEEN"]),
    ("COUNT(RELATED 'deals' WHERE stag|", ["stage"]),
    ("COUNT(RELATED 'deals' WHERE stage |", ["=", "!=", "IN", "NOT IN", "CONTAINS", "NOT CONTAINS", "STARTS WITH",
                                             "ENDS WITH", "IS SET", "IS NOT SET"]),
    ("COUNT(RELATED 'nothing' WHERE sta|", []),
    ("SAMPLE 10% |", ["SEED", "AND", "OR"]),
    ("country = 'US' |AND plan = 'x'", ["AND", "OR"]),
    ("= = |", []),
    ("country = 'US' plan |", []),
    ("country = ‘|", []),
]  # fmt: skip


@pytest.mark.parametrize(("marked", "texts"), CASES)
def test_offers(marked: str, texts: list[str]) -> None:
    assert sorted(one.text for one in offered(marked)) == sorted(texts)


def test_says_what_it_replaces_and_means() -> None:
    assert offered("score > 1 AND coun|tr = 'US'") == [
        Completion(
            CompletionKind.FIELD, "country", 14, 20, "Country, STRING. " + BY_NAME["country"].description
        ),
        Completion(CompletionKind.KEYWORD, "COUNT(", 14, 20, "How many events, or related members."),
    ]
    assert offered('"renewal |')[0] == Completion(
        CompletionKind.FIELD, '"renewal date"', 0, 9, "Renewal, DATE. When the contract ends."
    )
    assert offered("country N|")[:1] == [
        Completion(CompletionKind.OPERATOR, "NOT IN", 8, 9, "Is set and is none of.")
    ]


def test_names_that_the_caller_gives_are_quoted_and_narrowed() -> None:
    segments = [
        (CompletionKind.SEGMENT, "Ada's list", "A segment."),
        (CompletionKind.SEGMENT, "Customers", "A segment."),
    ]
    place = spot_at("IN SEGMENT 'ad", 14)
    assert place is not None
    assert place.expectation_of(Sort.SEGMENT) is not None
    assert place.expectation_of(Sort.EVENT) is None
    assert place.typed == "ad"
    assert offered("IN SEGMENT 'ad|", segments) == [
        Completion(CompletionKind.SEGMENT, "'Ada''s list'", 11, 14, "A segment.")
    ]
    assert [one.text for one in offered("IN SEGMENT |", segments)] == ["'Ada''s list'", "'Customers'"]


def test_a_place_knows_whose_value_is_looked_for() -> None:
    place = spot_at("country IN ('US', 'D", 20)
    assert place is not None
    assert place.value_of is not None
    assert (place.value_of.field, place.typed, place.start, place.end) == ("country", "D", 18, 20)


@pytest.mark.parametrize(("text", "cursor"), [("a", -1), ("a", 2), ("x" * 20_001, 5)])
def test_there_is_nothing_outside_a_text(text: str, cursor: int) -> None:
    assert spot_at(text, cursor) is None


def test_what_is_offered_can_be_read() -> None:
    text = ""
    for typed, wanted in [("co", "country"), (" N", "NOT IN"), (" ", "("), ("'US') ", "AND"), (" Isn", None)]:
        text += typed
        found = {one.text: one for one in offered(text + "|")}
        if wanted is None:
            assert found == {}
            break
        one = found[wanted]
        text = text[: one.start] + one.text + text[one.end :]
    assert read_text(text.removesuffix(" AND Isn")) == read_text("country NOT IN ('US')")
