"""Numbers as files have them: `1,250.50`, `1.250,50`, `1 250,50`, `1'250.50`, `(1,250.50)`, `€ 1.250`, `12,50 EUR`.

What a point or a comma in them is, the decimal sign or a separator of thousands, a whole column says.
"""

import re
from decimal import Decimal
from enum import Enum, auto
from typing import Final

from seggraph.errors import Invalid

MAX_LENGTH: Final = 60
MAX_EXACT_DIGITS: Final = 15
"""Every number with so many digits is kept exactly by JSON readers and spreadsheets."""

_CURRENCY: Final = (
    r"(?:[$€£¥₹₽₺₩₪₫₴฿]|(?:US|CA|C|A|AU|NZ|HK|R)\$|kr\.?|zł|Kč|Ft|CHF|[A-Z]{3}(?=[\s\d.,+-]|$))"
)
_BEFORE = re.compile(rf"{_CURRENCY}\s*")
_AFTER = re.compile(r"\s*(?:[$€£¥₹₽₺₩₪₫₴฿]|kr\.?|zł|Kč|Ft|(?<=[\s\d])[A-Z]{3})$")
_SPACES: Final = str.maketrans("", "", " \u00a0\u202f\u2009_\u2019'")
_SPACED = re.compile(r"[+-]?\d{1,3}(?:[ \u00a0\u202f\u2009'\u2019_]\d{3})+(?:[.,]\d+)?", re.ASCII)
_SPACE = re.compile(r"[ \u00a0\u202f\u2009'\u2019_]")
_PLAIN = re.compile(r"[+-]?\d{1,40}", re.ASCII)
_SIMPLE = re.compile(r"-?\d{1,30}(?:\.\d{1,20})?", re.ASCII)
_PRODUCT_CODE = re.compile(r"\d+[eE]\+?\d+", re.ASCII)
_SCIENTIFIC = re.compile(r"[+-]?\d{1,40}(?:[.,]\d{1,40})?[eE][+-]?\d{1,3}", re.ASCII)
_INDIAN: Final = r"\d{1,3}(?:,\d{2})*,\d{3}"

_FORMATS: Final = {
    ".": re.compile(rf"[+-]?(?:\d{{1,40}}|\d{{1,3}}(?:,\d{{3}})+|{_INDIAN})?(?:\.\d{{0,40}})?", re.ASCII),
    ",": re.compile(r"[+-]?(?:\d{1,40}|\d{1,3}(?:\.\d{3})+)?(?:,\d{0,40})?", re.ASCII),
}
"""The numbers of a column by its decimal sign. The other sign may only separate thousands."""

_THOUSANDS_OR_DECIMALS = re.compile(r"[+-]?[1-9]\d{0,2}[.,]\d{3}", re.ASCII)


class NumberForm(Enum):
    """What a cell says about the decimal sign of its column."""

    NONE = auto()
    """The cell is no number."""
    NEUTRAL = auto()
    """The cell reads the same in both formats."""
    POINT = auto()
    """The decimal sign is a point."""
    COMMA = auto()
    """The decimal sign is a comma."""
    POINT_OR_THOUSANDS = auto()
    """`1.250`: the point is the decimal sign, or separates thousands."""
    COMMA_OR_THOUSANDS = auto()
    """`1,250`: the comma is the decimal sign, or separates thousands."""


def form_of(text: str) -> NumberForm:
    """What a text says about the format of the numbers in its column."""
    if text.isascii() and text.isdigit():
        return NumberForm.NEUTRAL
    bare = bare_number(text)
    if bare is None:
        return NumberForm.NONE
    if _PLAIN.fullmatch(bare):
        return NumberForm.NEUTRAL
    if _THOUSANDS_OR_DECIMALS.fullmatch(bare):
        return NumberForm.POINT_OR_THOUSANDS if "." in bare else NumberForm.COMMA_OR_THOUSANDS
    with_point, with_comma = (bool(_FORMATS[sign].fullmatch(bare)) for sign in ".,")
    if _SCIENTIFIC.fullmatch(bare):
        with_point, with_comma = "," not in bare, "." not in bare
    if with_point and with_comma:
        return NumberForm.NEUTRAL
    if with_point or with_comma:
        return NumberForm.POINT if with_point else NumberForm.COMMA
    return NumberForm.NONE


def bare_number(text: str) -> str | None:
    """A number without currency, spaces between thousands and signs of accounting; None for what is none.

    Points and commas stay.
    """
    bare = text.strip()
    if not bare or len(bare) > MAX_LENGTH:
        return None
    if bare[0].isdigit() and bare[-1].isdigit() and not _SPACE.search(bare):
        return bare  # most numbers
    negative = False
    if bare.startswith("(") and bare.endswith(")"):
        bare, negative = bare[1:-1].strip(), True
    if bare.startswith(("-", "\u2212", "+")):
        negative, bare = negative or bare[0] != "+", bare[1:].strip()
    elif bare.endswith(("-", "\u2212")):
        negative, bare = True, bare[:-1].strip()
    bare = _AFTER.sub("", _BEFORE.sub("", bare, count=1), count=1).strip()
    if bare.startswith(("-", "\u2212")):
        negative, bare = True, bare[1:].strip()
    if _SPACE.search(bare):
        if not _SPACED.fullmatch(bare):
            return None
        bare = bare.translate(_SPACES)
    if not bare or (not bare[0].isdigit() and not (bare[0] in ".," and bare[1:2].isdigit())):
        return None
    return f"-{bare}" if negative else bare


def currency_of(text: str) -> str:
    """The currency that is written with a number; nothing if none is."""
    bare = text.strip().strip("()+-\u2212 ")
    before, after = _BEFORE.match(bare), _AFTER.search(bare)
    return (before or after).group().strip() if before or after else ""  # type: ignore[union-attr]


def parse(text: str, decimal: str) -> Decimal:
    """The exact number in a text, by the decimal sign of its column. Raises Invalid."""
    if decimal == "." and _SIMPLE.fullmatch(text):  # most numbers
        return Decimal(text)
    bare = bare_number(text)
    if bare is None or not (_FORMATS[decimal].fullmatch(bare) or _is_scientific(bare, decimal)):
        raise Invalid(f"{text[:40]!r} is no number with the decimal sign {decimal!r}.")
    if decimal == ",":
        bare = bare.replace(".", "").replace(",", ".")
    number = Decimal(bare.replace(",", ""))
    if abs(number.adjusted()) > MAX_LENGTH:
        raise Invalid(f"{text[:40]!r} is too large or too small a number.")
    return number


def _is_scientific(bare: str, decimal: str) -> bool:
    return bool(_SCIENTIFIC.fullmatch(bare)) and ("." if decimal == "," else ",") not in bare


def is_code(text: str) -> bool:
    """Whether a number is a code rather than a quantity: a number type would not keep it as it is written.

    Zeros ahead would vanish, `12E5` would be 1,200,000, and long numbers would be rounded.
    """
    digits = text.strip().lstrip("+-")
    if digits.isdigit():
        return (len(digits) > 1 and digits[0] == "0") or len(digits) > MAX_EXACT_DIGITS
    if len(digits) > 1 and digits[0] == "0" and digits[1].isdigit():
        return True
    return not text.strip().startswith("-") and bool(_PRODUCT_CODE.fullmatch(digits))
