"""What a member is after an upsert: what was stored, with what a draft says. Plain functions over values."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from seggraph.member_fields import ATTRIBUTES
from seggraph.member_fields.addresses import merged, reaches
from seggraph.services.members.drafts import MemberDraft

NAMES_OF_PEOPLE: Final = frozenset({"name", "first_name", "last_name"})
"""The columns that decide what the name is."""


def new_row(draft: MemberDraft, ordinal: int) -> dict[str, Any]:
    """What a member is created with: nothing that it has anyway."""
    row = {column: value for column, value in draft.columns.items() if value is not None}
    row["external_id"] = draft.external_id
    row["ordinal"] = ordinal
    row["attributes"] = {name: value for name, value in draft.attributes.items() if value is not None}
    if "name" not in row and (name := full_name(row)) is not None:
        row["name"] = name
    if (draft.addresses or draft.address_parts) and any(map(reaches, addresses_of({}, draft).values())):
        row["has_address"] = True
    return row


def name_of(before: Mapping[str, Any], draft: MemberDraft, after: Mapping[str, Any]) -> str | None:
    """The name after an update: what is given, or else the first and last name, unless another was given before."""
    given: str | None = draft.columns.get("name")
    if given is not None:
        return given
    is_own = "name" not in draft.columns and before["name"] not in (None, full_name(before))
    kept: str | None = before["name"]
    return kept if is_own else full_name(after)


def full_name(row: Mapping[str, Any]) -> str | None:
    """The first and the last name."""
    return " ".join(filter(None, (row.get("first_name"), row.get("last_name")))) or None


def addresses_of(before: Mapping[str, Any], draft: MemberDraft) -> dict[str, Any]:
    """The addresses of a member after a draft, by column."""
    after = {**before, **draft.addresses}
    for column, parts in draft.address_parts.items():
        after[column] = merged(after.get(column), parts)
    return after


def merged_attributes(before: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """The attributes of a member after a draft; None takes one away."""
    return {name: value for name, value in {**before, **given}.items() if value is not None}


def differing(columns: Iterable[str], before: Mapping[str, Any], after: Mapping[str, Any]) -> set[str]:
    """The names of what differs: columns, and single attributes."""
    names = {column for column in columns if column != ATTRIBUTES and before[column] != after[column]}
    if before["attributes"] != after["attributes"]:
        old, new = before["attributes"], after["attributes"]
        names |= {f"attributes.{name}" for name in old.keys() | new.keys() if old.get(name) != new.get(name)}
    return names
