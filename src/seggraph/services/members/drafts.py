"""What a client says about one member, cleaned: the columns to set, attributes to merge, addresses to keep.

A field that is absent stays as it is; null clears it. Each mistake names its field.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final

import orjson

from seggraph.errors import Invalid, Problems, Required, SeggraphError, TooLong, TooMany
from seggraph.row_errors import RefusedValue
from seggraph.services.catalogue import attribute_names
from seggraph.values import domains
from seggraph.values.attribute_values import storable_text
from seggraph.vocabulary import Channel, ConsentState

MAX_EXTERNAL_ID: Final = 255
MAX_SHORT_TEXT: Final = 500
MAX_TAG: Final = 100
MAX_TAGS: Final = 500
MAX_ADDRESS_BYTES: Final = 4_000
MAX_EMPLOYEES: Final = 2**31 - 1
MAX_MONEY: Final = Decimal(10) ** 16


@dataclass(slots=True)
class MemberDraft:
    """A cleaned row: what to set. `attributes` are as the client gave them; their types are checked later."""

    external_id: str
    columns: dict[str, Any] = field(default_factory=dict)
    attributes: dict[str, Any] = field(default_factory=dict)
    addresses: dict[str, Any] = field(default_factory=dict)


def clean(row: Mapping[str, Any]) -> MemberDraft:
    """Clean one row, whose keys are the fields of the GraphQL `MemberInput`.

    Raises a SeggraphError whose path is the field, or Problems of several.
    """
    problems: list[SeggraphError] = []
    draft = MemberDraft(external_id="")
    for name, value in row.items():
        if isinstance(value, RefusedValue):
            problems.append(value.problem(name))
            continue
        try:
            _CLEANERS[name](draft, value)
        except SeggraphError as problem:
            problem.path = (name, *problem.path)
            problems.append(problem)
    if problems:
        raise problems[0] if len(problems) == 1 else Problems(problems)
    return draft


def clean_tags(tags: object) -> list[str]:
    """Tags as a sorted set. Raises Invalid, TooLong or TooMany."""
    texts = _list(tags, "a list of texts")
    if len(texts) > MAX_TAGS:
        raise TooMany(f"A member has at most {MAX_TAGS} tags.")
    return sorted({_required_text(tag, MAX_TAG, "a tag") for tag in texts})


def clean_consents(consents: object) -> dict[str, int]:
    """The consent columns to set. `consents` are (channel, state) pairs; the last of a channel counts."""
    pairs: list[tuple[Channel, ConsentState]] = _list(consents, "a list of consents")
    return {consent_column(channel): int(state) for channel, state in pairs}


def consent_column(channel: Channel) -> str:
    """The column of `members` that holds the consent for a channel."""
    return f"consent_{channel.name.lower()}"


def _external_id(draft: MemberDraft, value: object) -> None:
    draft.external_id = _required_text(value, MAX_EXTERNAL_ID, "the external id")


def _text_column(column: str, limit: int = MAX_SHORT_TEXT) -> Callable[[MemberDraft, object], None]:
    def put(draft: MemberDraft, value: object) -> None:
        draft.columns[column] = _text(value, limit)

    return put


def _text(value: object, limit: int) -> str | None:
    """A trimmed text; empty is the same as absent."""
    if type(value) is str and len(value) <= limit and value.isascii() and "\0" not in value:
        return value.strip() or None  # most texts: nothing of what follows can be wrong with them
    if value is None:
        return None
    if not isinstance(value, str) or not storable_text(value, len(value)):
        raise Invalid("This must be a text without NUL characters and lone surrogates.")
    trimmed = value.strip()
    if len(trimmed) > limit:
        raise TooLong(f"This may have at most {limit} characters; it has {len(trimmed)}.")
    return trimmed or None


def _required_text(value: object, limit: int, what: str) -> str:
    text = _text(value, limit)
    if text is None:
        raise Required(f"Give {what}: it may not be empty.")
    return text


def _domain(draft: MemberDraft, value: object) -> None:
    domain = _text(value, MAX_SHORT_TEXT)
    draft.columns["domain"] = None if domain is None else domains.tidied(domain)


def _email(draft: MemberDraft, value: object) -> None:
    email = _text(value, 320)
    if email is not None and not (0 < email.find("@") < len(email) - 1 and " " not in email):
        raise Invalid("This is not an email address; one looks like ada@example.com.")
    draft.columns["email"] = email


def _revenue(draft: MemberDraft, value: object) -> None:
    if isinstance(value, Decimal):
        if not value.is_finite() or abs(value) >= MAX_MONEY or value != value.quantize(Decimal("0.0001")):
            raise Invalid("Revenue is an amount below 10^16 with at most 4 decimals.")
    elif value is not None:
        raise Invalid("Revenue is a decimal, written as a text like 1250.50.")
    draft.columns["revenue"] = value


def _employees(draft: MemberDraft, value: object) -> None:
    if value is not None and (not isinstance(value, int) or not 0 <= value <= MAX_EMPLOYEES):
        raise Invalid("The number of employees is a whole number from 0.")
    draft.columns["employees"] = value


def _score(draft: MemberDraft, value: object) -> None:
    if value is not None and (not isinstance(value, int | float) or not math.isfinite(value)):
        raise Invalid("The score is a finite number.")
    draft.columns["score"] = None if value is None else float(value)


def _is_target(draft: MemberDraft, value: object) -> None:
    draft.columns["is_target"] = True if value is None else bool(value)


def _tags(draft: MemberDraft, value: object) -> None:
    draft.columns["tags"] = clean_tags(value or [])


def _consents(draft: MemberDraft, value: object) -> None:
    draft.columns |= clean_consents(value or [])


def _address(draft: MemberDraft, value: object) -> None:
    draft.addresses["address"] = _text(value, 1_000)


def _address_object(column: str) -> Callable[[MemberDraft, object], None]:
    def put(draft: MemberDraft, value: object) -> None:
        if value is not None and not (isinstance(value, dict) and _is_small_json(value)):
            raise Invalid(f"An address is an object of at most {MAX_ADDRESS_BYTES} bytes of plain JSON.")
        draft.addresses[column] = value or None

    return put


def _is_small_json(value: object) -> bool:
    """Whether it can be stored, and read again by any JSON reader, within the limit."""
    try:
        size = len(orjson.dumps(value))
    except TypeError:  # whole numbers beyond 64 bits, half a surrogate pair, too deep
        return False
    return size <= MAX_ADDRESS_BYTES and _has_no_nul(value)


def _has_no_nul(value: object) -> bool:
    match value:
        case str():
            return "\0" not in value
        case dict():
            return all("\0" not in key and _has_no_nul(item) for key, item in value.items())
        case list():
            return all(map(_has_no_nul, value))
    return True


def _attributes(draft: MemberDraft, value: object) -> None:
    if value is None:
        return
    if not isinstance(value, dict):
        raise Invalid("Attributes are an object of names and values.")
    for name in value:
        try:
            attribute_names.require_name(name)
        except SeggraphError as problem:
            problem.path = (attribute_names.shown(name),)
            raise
    draft.attributes = dict(value)


def _list(value: object, expected: str) -> list[Any]:
    if not isinstance(value, list):
        raise Invalid(f"This must be {expected}.")
    return value


_CLEANERS: Final[dict[str, Callable[[MemberDraft, object], None]]] = {
    "externalId": _external_id,
    "name": _text_column("name"),
    "domain": _domain,
    "email": _email,
    "phone": _text_column("phone", 64),
    "country": _text_column("country"),
    "city": _text_column("city"),
    "industry": _text_column("industry"),
    "address": _address,
    "shippingAddress": _address_object("shipping_address"),
    "billingAddress": _address_object("billing_address"),
    "revenue": _revenue,
    "employees": _employees,
    "score": _score,
    "isTarget": _is_target,
    "attributes": _attributes,
    "tags": _tags,
    "consents": _consents,
}
