"""Phone numbers: the one form in which a number is stored, however it was written.

`+49 (0)30 123456`, `0049 30 123456` and, in Germany, `030 123456` are the number `+4930123456` (E.164). An extension
stands behind it as RFC 3966 writes it: `+4930123456;ext=12`. Of a text that is no valid number nothing is changed.
"""

import re
from functools import lru_cache
from typing import Final

import phonenumbers

REGIONS: Final = frozenset(phonenumbers.SUPPORTED_REGIONS)
"""The regions whose local numbers can be read: codes of ISO 3166."""

_PLAIN: Final = re.compile(r"\+[1-9][0-9]{6,14}", re.ASCII)
_SCHEME: Final = re.compile(r"tel:\s*", re.IGNORECASE)
_NUMBER: Final = re.compile(
    r"\+?[0-9(][0-9\s().\-/\u2010-\u2015\u00a0]{3,40}"
    r"(?:(?:;\s*ext=|[,;]?\s*(?:extension|ext|durchwahl|poste|ramal|x|\#)[.:\s]*)[0-9]{1,7})?",
    re.IGNORECASE,
)
"""One number and nothing else: words and second numbers would be lost."""


def normal_form(text: str, region: str | None = None) -> str:
    """A number in the form in which it is stored, or any other text as it is.

    `region` says where numbers without a country are from; without it they stay as they are.
    """
    return text if _PLAIN.fullmatch(text) else _normal_form(text, region)


def is_international(text: str) -> bool:
    """Whether a number names its country, so that no region matters."""
    return text.lstrip("(").startswith(("+", "00")) or not any(map(str.isdigit, text))


def other_digits(number: str) -> tuple[str, ...]:
    """The digits of a number as its own country writes them: without and with the code of the country before them."""
    parsed = _valid(number.partition(";")[0], None)
    if parsed is None:
        return ()
    written = phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.NATIONAL)
    digits = "".join(filter(str.isdigit, written))
    return digits, f"{parsed.country_code}{digits}"


@lru_cache(maxsize=50_000)
def _normal_form(text: str, region: str | None) -> str:
    bare = _SCHEME.sub("", text.strip(), count=1)
    if not _NUMBER.fullmatch(bare):
        return text
    number = _valid(bare, region)
    if number is None and bare.startswith("00"):
        number = _valid(f"+{bare[2:]}", None)
    if number is None:
        return text
    written = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    return f"{written};ext={number.extension}" if number.extension else written


def _valid(text: str, region: str | None) -> phonenumbers.PhoneNumber | None:
    try:
        number = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException:
        return None
    return number if phonenumbers.is_valid_number(number) else None
