"""The catalogue: what is offered, what is found, and that every example is a value the field takes."""

from seggraph.criteria.catalogue import WELL_KNOWN, AttributeDefinition, Catalogue, Group
from seggraph.criteria.checking.checker import check
from seggraph.criteria.json.parser import parse
from seggraph.criteria.operators import OPERATORS, Arity
from seggraph.vocabulary import AttributeType, MemberKind

EVERY_TYPE = [AttributeDefinition(type_.value.lower(), type_) for type_ in AttributeType]


def test_the_well_known_names_are_those_of_the_api() -> None:
    names = (
        "externalId name domain email phone country city address revenue employees industry score isTarget"
    )
    names += " firstName lastName salutation postalCode state"
    for address in ("shippingAddress", "billingAddress"):
        names += "".join(f" {address}.{part}" for part in ("lines", "postalCode", "city", "state", "country"))
    names += " createdAt updatedAt hasAddress"
    assert sorted(field.name for field in WELL_KNOWN) == sorted(names.split())


def test_hidden_attributes_work_but_are_not_offered() -> None:
    hidden = AttributeDefinition("plan", AttributeType.STRING, hidden=True)
    catalogue = Catalogue(MemberKind.PERSON, [hidden])
    assert catalogue.find("plan") is not None
    assert "plan" not in [field.name for field in catalogue.fields]
    assert catalogue.closest("plam") != "plan"


def test_an_attribute_never_replaces_a_well_known_field() -> None:
    catalogue = Catalogue(MemberKind.PERSON, [AttributeDefinition("email", AttributeType.NUMBER)])
    field = catalogue.find("email")
    assert field is not None
    assert (field.type, field.is_custom) == (AttributeType.STRING, False)


def test_labels_and_groups_are_there_for_builders() -> None:
    catalogue = Catalogue(
        MemberKind.PERSON, [AttributeDefinition("plan", AttributeType.STRING, "Plan", "Paid.")]
    )
    *_, plan = catalogue.fields
    assert (plan.label, plan.description, plan.group) == ("Plan", "Paid.", Group.CUSTOM)
    assert all(field.label and field.description for field in WELL_KNOWN)
    assert {field.group for field in catalogue.fields} == set(Group)


def test_every_example_is_a_value_of_its_field() -> None:
    catalogue = Catalogue(MemberKind.PERSON, EVERY_TYPE)
    for field in catalogue.fields:
        op = field.operators[0]
        given = {"values": [field.example]} if OPERATORS[op].arity is Arity.MANY else {"value": field.example}
        check(parse({"attribute": {"field": field.name, "op": op.value, **given}}), catalogue)
