"""Checks of the values that clients give for well-known fields, and the form in which each is stored.

Each function takes one value and returns what is stored; None clears the field. Each raises a SeggraphError, and
its caller adds the name of the field.
"""

import math
from collections.abc import Callable
from decimal import Decimal
from typing import Final

from seggraph.errors import Invalid, Required, TooLong, TooMany
from seggraph.values import countries, domains, phones
from seggraph.values.attribute_values import storable_text
from seggraph.values.emails import MAX_EMAIL, is_one_address, tidied

MAX_EXTERNAL_ID: Final = 255
MAX_SHORT_TEXT: Final = 500
MAX_PART_OF_NAME: Final = 200
"""Two of them, with a space between, make a name."""
MAX_SALUTATION: Final = 100
MAX_POSTAL_CODE: Final = 32
MAX_PHONE: Final = 64
MAX_ADDRESS: Final = 1_000
MAX_TAG: Final = 100
MAX_TAGS: Final = 500
MAX_EMPLOYEES: Final = 2**31 - 1
MAX_MONEY: Final = Decimal(10) ** 16


def clean_text(value: object, limit: int) -> str | None:
    """A text without white space around it; an empty text is the same as none. Raises Invalid, TooLong."""
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


def text_of_at_most(limit: int) -> Callable[[object], str | None]:
    """The cleaner of texts with at most so many characters."""

    def clean(value: object) -> str | None:
        return clean_text(value, limit)

    return clean


def required_text(value: object, limit: int, what: str) -> str:
    """A text that is not empty. Raises Required, Invalid, TooLong."""
    text = clean_text(value, limit)
    if text is None:
        raise Required(f"Give {what}: it may not be empty.")
    return text


def clean_external_id(value: object) -> str:
    """The id of a member in the client's own system. Raises Required, Invalid, TooLong."""
    return required_text(value, MAX_EXTERNAL_ID, "the external id")


def clean_domain(value: object) -> str | None:
    """A web domain in the form in which domains are compared, or any other text as it is."""
    domain = clean_text(value, MAX_SHORT_TEXT)
    return None if domain is None else domains.tidied(domain)


def clean_email(value: object) -> str | None:
    """An email address, in the form in which it is stored."""
    email = clean_text(value, MAX_EMAIL)
    if email is None:
        return None
    if not is_one_address(email):
        raise Invalid("This is not an email address; one looks like ada@example.com.")
    return tidied(email)


def clean_phone(value: object) -> str | None:
    """A phone number as E.164 if it names its country, or any other text as it is."""
    phone = clean_text(value, MAX_PHONE)
    return None if phone is None else phones.normal_form(phone)


def clean_country(value: object) -> str | None:
    """The code of a country, or any other text as it is."""
    country = clean_text(value, MAX_SHORT_TEXT)
    return None if country is None else countries.normal_form(country)


def clean_revenue(value: object) -> Decimal | None:
    """An amount of money below 10^16 with at most 4 decimals."""
    if isinstance(value, Decimal):
        if not value.is_finite() or abs(value) >= MAX_MONEY or value != value.quantize(Decimal("0.0001")):
            raise Invalid("Revenue is an amount below 10^16 with at most 4 decimals.")
        return value
    if value is not None:
        raise Invalid("Revenue is a decimal, written as a text like 1250.50.")
    return None


def clean_employees(value: object) -> int | None:
    """A whole number from 0."""
    if value is None:
        return None
    if not isinstance(value, int) or not 0 <= value <= MAX_EMPLOYEES:
        raise Invalid("The number of employees is a whole number from 0.")
    return value


def clean_score(value: object) -> float | None:
    """A finite number."""
    if value is None:
        return None
    if not isinstance(value, int | float) or not math.isfinite(value):
        raise Invalid("The score is a finite number.")
    return float(value)


def clean_target(value: object) -> bool:
    """Whether the member is a target: true unless something else is given."""
    return True if value is None else bool(value)


def clean_tags(tags: object) -> list[str]:
    """Tags as a sorted list in which each stands once, and none that is empty; no tags for None.

    Raises Invalid, TooLong, TooMany.
    """
    if not tags:
        return []
    if not isinstance(tags, list):
        raise Invalid("This must be a list of texts.")
    if len(tags) > MAX_TAGS:
        raise TooMany(f"A member has at most {MAX_TAGS} tags.")
    return sorted({text for tag in tags if (text := clean_text(tag, MAX_TAG)) is not None})
