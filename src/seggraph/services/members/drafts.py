"""What a client says about one member, cleaned: the columns to set, attributes to merge, addresses to store.

A field that is absent stays as it is; null clears it. Each mistake names its field.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from seggraph.errors import Invalid, Problems, SeggraphError, TooMany
from seggraph.member_fields import (
    ATTRIBUTES,
    FIELDS,
    PARTS,
    MemberField,
    PartField,
    addresses,
    consent_column,
)
from seggraph.member_fields.cleaning import clean_external_id
from seggraph.row_errors import RefusedValue
from seggraph.services.catalogue import attribute_names
from seggraph.services.catalogue.catalogues import MAX_ATTRIBUTES
from seggraph.vocabulary import Channel, ConsentState


@dataclass(slots=True)
class MemberDraft:
    """A cleaned row: what to set. `attributes` are as the client gave them; their types are checked later.

    `address_parts` has, by column, the parts of address objects to set apart from the others; None takes one away.
    """

    external_id: str
    columns: dict[str, Any] = field(default_factory=dict)
    attributes: dict[str, Any] = field(default_factory=dict)
    addresses: dict[str, Any] = field(default_factory=dict)
    address_parts: dict[str, dict[str, Any]] = field(default_factory=dict)


def clean(row: Mapping[str, Any]) -> tuple[MemberDraft, list[SeggraphError]]:
    """Clean what is acceptable of one row: the fields of the GraphQL `MemberInput`, and parts of addresses by name.

    Returns the draft of that, and what is wrong with the rest; the path of each mistake begins with its field.
    """
    problems: list[SeggraphError] = []
    draft = MemberDraft(external_id="")
    for name, value in row.items():
        if isinstance(value, RefusedValue):
            problems.append(value.problem(name))
            continue
        try:
            _SETTERS[name](draft, value)
        except SeggraphError as error:
            for problem in error.problems if isinstance(error, Problems) else (error,):
                problem.path = (name, *problem.path)
                problems.append(problem)
    return draft, problems


def is_needed(problem: SeggraphError) -> bool:
    """Whether a row cannot be stored without what a problem is about.

    No member is without an external id, and a consent that is left out might let somebody be contacted who said no.
    """
    return problem.path[:1] in (("externalId",), ("consents",), ())


def _setter(field: MemberField, clean_value: Callable[[Any], Any]) -> Callable[[MemberDraft, object], None]:
    """The function that puts the value of a well-known field into a draft."""
    column = field.column

    def set_column(draft: MemberDraft, value: object) -> None:
        draft.columns[column] = clean_value(value)

    def set_address(draft: MemberDraft, value: object) -> None:
        draft.addresses[column] = clean_value(value)

    return set_address if field.is_address else set_column


def _part_setter(part: PartField) -> Callable[[MemberDraft, object], None]:
    """The function that puts a part of an address into a draft."""
    column, key, clean_value = part.field.column, part.part.key, addresses.clean_part(part.part.key)

    def set_part(draft: MemberDraft, value: object) -> None:
        draft.address_parts.setdefault(column, {})[key] = clean_value(value)

    return set_part


def _set_external_id(draft: MemberDraft, value: object) -> None:
    draft.external_id = clean_external_id(value)


def _set_consents(draft: MemberDraft, value: object) -> None:
    """Set the consent columns. A value is a list of (channel, state) pairs; the last of a channel counts."""
    if not isinstance(value or [], list):
        raise Invalid("This must be a list of consents.")
    pairs: list[tuple[Channel, ConsentState]] = value or []  # type: ignore[assignment]
    draft.columns |= {consent_column(channel): int(state) for channel, state in pairs}


def _set_attributes(draft: MemberDraft, value: object) -> None:
    if value is None:
        return
    if not isinstance(value, dict):
        raise Invalid("Attributes are an object of names and values.")
    if len(value) > MAX_ATTRIBUTES:
        raise TooMany(f"A member has at most {MAX_ATTRIBUTES} attributes, and these are {len(value)}.")
    problems: list[SeggraphError] = []
    draft.attributes = dict(value)
    for name in value:
        try:
            attribute_names.require_name(name)
        except SeggraphError as problem:
            problem.path = (attribute_names.shown(name),)
            problems.append(problem)
            del draft.attributes[name]
    if problems:
        raise Problems(problems)


_SETTERS: Final[dict[str, Callable[[MemberDraft, object], None]]] = {
    **{field.name: _setter(field, field.clean) for field in FIELDS if field.clean is not None},
    **{name: _part_setter(part) for name, part in PARTS.items()},
    "externalId": _set_external_id,
    ATTRIBUTES: _set_attributes,
    "consents": _set_consents,
}
