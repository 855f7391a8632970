"""The filters of lists: attributes that are equal to values, joined by `and`. That is what identity providers send."""

from typing import Any, Final

from scim2_models import InvalidFilterException, ScimFilter
from scim2_models.path import CompareOperator, Comparison, FilterNode, LogicalExpr, LogicalOperator, ValuePath

from seggraph.scim.resources import Group, User, number_of
from seggraph.values.attribute_values import storable_text

MAX_FILTER: Final = 1_000
"""Most characters of a filter."""

TYPES: Final[dict[type[User] | type[Group], dict[str, type]]] = {
    User: {
        "id": str,
        "userName": str,
        "externalId": str,
        "displayName": str,
        "emails": str,
        "active": bool,
    },
    Group: {"id": str, "displayName": str, "externalId": str},
}
"""The attributes that a list may be narrowed by, with the types of their values."""

ID_TYPES: Final[dict[type[User] | type[Group], str]] = {User: "User", Group: "DirectoryGroup"}


def equalities(model: type[User] | type[Group], text: str | None) -> list[tuple[str, Any]]:
    """The attributes and values of a filter. Raises InvalidFilterException for any other filter."""
    if text is None:
        return []
    if len(text) > MAX_FILTER:
        raise InvalidFilterException(detail=f"A filter has at most {MAX_FILTER} characters.")
    return [_equality(model, node) for node in _joined(ScimFilter[model](text).ast)]  # type: ignore[valid-type]


def _joined(node: FilterNode) -> list[FilterNode]:
    """The terms that must all be true."""
    if isinstance(node, LogicalExpr) and node.op is LogicalOperator.and_:
        return [one for term in node.terms for one in _joined(term)]
    return [node]


def _equality(model: type[User] | type[Group], node: FilterNode) -> tuple[str, Any]:
    name, value = "", None
    if (
        isinstance(node, Comparison)
        and node.op is CompareOperator.eq
        and node.attr_path.sub_attr in (None, "value")
    ):
        name, value = node.attr_path.attr, node.value
    elif isinstance(node, ValuePath) and node.attr_path.attr.lower() == "emails":
        # of the addresses only one is kept, so which type it has does not matter
        values = [
            one.value
            for one in _joined(node.val_filter)
            if isinstance(one, Comparison) and one.attr_path.attr.lower() == "value"
        ]
        name, value = ("emails", values[0]) if len(values) == 1 else ("", None)
    known = {known.lower(): known for known in TYPES[model]}
    found = known.get(name.lower())
    is_text = not isinstance(value, str) or storable_text(value, MAX_FILTER)
    if found is None or not isinstance(value, TYPES[model][found]) or not is_text:
        raise InvalidFilterException(
            detail=f"A filter compares by eq, joined by and: {', '.join(TYPES[model])}."
        )
    return (found, number_of(ID_TYPES[model], str(value)) or 0) if found == "id" else (found, value)
