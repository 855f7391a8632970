"""The generated members: the same for the same seed, believable, and valid input of the API."""

import re
from datetime import UTC, date, datetime
from decimal import Decimal
from itertools import islice
from statistics import median
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from seggraph.criteria import AttributeDefinition, Catalogue, check, parse
from seggraph.criteria.naive import NaiveMember, matches
from seggraph.criteria.operators.cases import Stored
from seggraph.demo import members as demo_data
from seggraph.demo.segments import EXAMPLE_SEGMENTS, ExampleSegment
from seggraph.demo.words import COUNTRIES
from seggraph.vocabulary import AttributeType, Channel, ConsentState, MemberKind

AS_OF = date(2026, 3, 1)
MEMBER_INPUT = (
    "externalId, name, firstName, lastName, salutation, domain, email, phone, country, city, postalCode, state, "
    "address, shippingAddress, billingAddress, revenue, employees, industry, score, isTarget, attributes, "
    "tags, consents"
)


def accounts(count: int, *, seed: int = 7, as_of: date = AS_OF) -> list[dict[str, Any]]:
    return list(demo_data.accounts(seed, count, as_of=as_of))


def people(count: int, *, seed: int = 7, account_count: int = 1000) -> list[dict[str, Any]]:
    return list(demo_data.people(seed, count, account_count, as_of=AS_OF))


@pytest.fixture(scope="module")
def members() -> dict[MemberKind, list[dict[str, Any]]]:
    """2,000 of each kind."""
    return {MemberKind.ACCOUNT: accounts(2000), MemberKind.PERSON: people(2000)}


def test_a_member_is_the_same_however_many_are_made() -> None:
    assert accounts(10) == accounts(300)[:10]
    assert people(10, account_count=1000) == people(300, account_count=2000)[:10]
    assert list(islice(demo_data.accounts(7, 10**9, as_of=AS_OF), 3)) == accounts(3)


def test_another_seed_makes_other_members() -> None:
    names = {member["name"] for member in accounts(50)}

    assert not names & {member["name"] for member in accounts(50, seed=8)[:5]}
    assert accounts(5, seed=-7) != accounts(5, seed=7)


def test_a_known_seed_makes_a_known_member() -> None:
    """A change here changes every seeded workspace and benchmark: let it be on purpose."""
    first = accounts(1, seed=1)[0]

    assert first["externalId"] == "acc-000001"
    assert (first["name"], first["domain"]) == ("Sparrowfield Grid LLC", "sparrowfield-grid.example")
    assert (first["country"], first["city"], first["employees"]) == ("US", "San Francisco", 53)


def test_as_of_moves_dates_and_nothing_else() -> None:
    now, later = accounts(200), accounts(200, as_of=date(2027, 3, 1))

    for before, after in zip(now, later, strict=True):
        assert before["name"] == after["name"]
        assert before["attributes"]["plan"] == after["attributes"]["plan"]
        assert before["attributes"]["lastSeenAt"] < after["attributes"]["lastSeenAt"]


@pytest.mark.parametrize("kind", [MemberKind.ACCOUNT, MemberKind.PERSON])
def test_every_member_has_the_keys_of_the_input_and_attributes_of_their_types(
    members: dict[MemberKind, list[dict[str, Any]]], kind: MemberKind
) -> None:
    for member in members[kind]:
        assert ", ".join(member) == MEMBER_INPUT
        for name, value in member["attributes"].items():
            stored(demo_data.ATTRIBUTES[kind][name], value)  # raises for a value of another type
    used = {name for member in members[kind] for name in member["attributes"]}
    assert used == set(demo_data.ATTRIBUTES[kind])


def test_every_type_of_attribute_occurs() -> None:
    types = {type_ for attributes in demo_data.ATTRIBUTES.values() for type_ in attributes.values()}

    assert types == set(AttributeType)


@pytest.mark.parametrize("kind", [MemberKind.ACCOUNT, MemberKind.PERSON])
def test_external_ids_are_unique_and_nothing_is_in_the_future(
    members: dict[MemberKind, list[dict[str, Any]]], kind: MemberKind
) -> None:
    today = AS_OF.isoformat()

    assert len({member["externalId"] for member in members[kind]}) == 2000
    for member in members[kind]:
        attributes = member["attributes"]
        assert attributes["signedUpAt"][:10] <= attributes["lastSeenAt"][:10] < today


def test_places_are_real_and_go_together(members: dict[MemberKind, list[dict[str, Any]]]) -> None:
    cities = {country.code: {city for city, _ in country.cities} for country in COUNTRIES}

    for member in (*members[MemberKind.ACCOUNT], *members[MemberKind.PERSON]):
        assert member["city"] in cities[member["country"]]
        if member["address"]:
            assert member["address"].endswith(f"{member['city']}, {member['country']}")


def test_addresses_lie_in_the_reserved_domain(members: dict[MemberKind, list[dict[str, Any]]]) -> None:
    for member in (*members[MemberKind.ACCOUNT], *members[MemberKind.PERSON]):
        assert re.fullmatch(r"[a-z]+(-[a-z]+)*\.example", member["domain"])
        if member["email"]:
            assert re.fullmatch(r"[a-z.-]+@" + re.escape(member["domain"]), member["email"])
        if member["phone"]:
            assert re.fullmatch(r"\+[1-9]\d{8,14}", member["phone"])


def test_size_revenue_and_plan_go_together(members: dict[MemberKind, list[dict[str, Any]]]) -> None:
    found = members[MemberKind.ACCOUNT]
    by_plan = {
        plan: median(member["employees"] for member in found if member["attributes"]["plan"] == plan)
        for plan in ("starter", "team", "business", "enterprise")
    }

    assert by_plan["starter"] < by_plan["team"] < by_plan["business"] < by_plan["enterprise"]
    assert all(isinstance(member["revenue"], Decimal) and member["revenue"] >= 1000 for member in found)
    assert 50 < median(member["employees"] for member in found) < 200
    assert max(member["employees"] for member in found) > 5000
    assert all(
        ("renewalDate" in member["attributes"]) == (member["attributes"]["plan"] != "free")
        for member in found
    )


def test_people_work_at_accounts_that_exist(members: dict[MemberKind, list[dict[str, Any]]]) -> None:
    employers = {account["externalId"]: account for account in members[MemberKind.ACCOUNT]}

    for person in members[MemberKind.PERSON]:
        employer = employers[person["attributes"]["accountExternalId"]]
        assert (person["domain"], person["country"]) == (employer["domain"], employer["country"])
        assert person["industry"] == employer["industry"]


def test_people_need_an_account() -> None:
    with pytest.raises(ValueError, match="at least one account"):
        people(1, account_count=0)


@pytest.mark.parametrize("kind", [MemberKind.ACCOUNT, MemberKind.PERSON])
def test_some_cannot_be_reached_and_consents_are_mixed(
    members: dict[MemberKind, list[dict[str, Any]]], kind: MemberKind
) -> None:
    found = members[kind]
    states = {consent["state"] for member in found for consent in member["consents"]}

    assert states == {state.name for state in ConsentState}
    for key in ("email", "phone", "address"):
        share = sum(member[key] is not None for member in found) / len(found)
        assert 0.5 < share < 0.95, key
    assert any(not member["tags"] for member in found)
    assert any(len(member["tags"]) > 1 for member in found)


@pytest.mark.parametrize("example", EXAMPLE_SEGMENTS, ids=lambda example: example.name)
def test_an_example_segment_is_valid_and_selects_some_but_not_all(
    members: dict[MemberKind, list[dict[str, Any]]], example: ExampleSegment
) -> None:
    types = demo_data.ATTRIBUTES[example.kind]
    catalogue = Catalogue(example.kind, [AttributeDefinition(name, type_) for name, type_ in types.items()])
    tree = check(parse(example.criteria), catalogue)
    as_of = datetime(AS_OF.year, AS_OF.month, AS_OF.day, tzinfo=UTC)

    count = sum(
        matches(tree, naive(member, example.kind), as_of=as_of, zone=ZoneInfo("UTC"))
        for member in members[example.kind]
    )

    assert 5 <= count <= 600


def test_example_names_are_unique() -> None:
    assert len({example.name.casefold() for example in EXAMPLE_SEGMENTS}) == len(EXAMPLE_SEGMENTS)


def naive(member: dict[str, Any], kind: MemberKind) -> NaiveMember:
    """A generated member as the naive evaluator wants it."""
    plain = ("name", "domain", "email", "country", "city", "revenue", "employees", "industry", "score")
    return NaiveMember(
        fields={key: member[key] for key in plain if member[key] is not None},
        attributes={
            name: stored(demo_data.ATTRIBUTES[kind][name], value)
            for name, value in member["attributes"].items()
        },
        tags=frozenset(member["tags"]),
        consents={
            Channel[consent["channel"]]: ConsentState[consent["state"]] for consent in member["consents"]
        },
    )


def stored(type_: AttributeType, value: object) -> Stored:
    """The value of an attribute from its JSON form. Raises for a value of another type."""
    match type_, value:
        case AttributeType.STRING, str(text):
            return text
        case AttributeType.NUMBER, int() | float() as number if not isinstance(number, bool):
            return Decimal(number)
        case AttributeType.BOOLEAN, bool(flag):
            return flag
        case AttributeType.DATE, str(text):
            return date.fromisoformat(text)
        case AttributeType.DATETIME, str(text) if re.fullmatch(r"[\d-]{10}T[\d:]{8}\.\d{6}Z", text):
            return datetime.fromisoformat(text)
        case AttributeType.STRING_LIST, list(items):
            return tuple(items)
        case _:
            raise TypeError(f"{value!r} is no {type_}")
