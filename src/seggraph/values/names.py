"""The names and descriptions that people give: cleaned, bounded, and compared as people compare them."""

import unicodedata
from typing import Final

from seggraph.errors import Invalid, Required, TooLong
from seggraph.values.attribute_values import storable_text

MAX_NAME: Final = 200
MAX_NAME_KEY: Final = 600
"""Some single characters stand for many once they are normalised."""
MAX_DESCRIPTION: Final = 2_000

BLANKS: Final = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0\U0001d159")
"""Characters that Unicode calls letters or signs, and that show nothing: names with them look like others."""
WITHOUT_STYLES: Final = dict.fromkeys(range(0xFE00, 0xFE10))
"""Takes away the marks that say how the character before them looks, as those of emoji."""
MAX_SEARCH: Final = 200


def name_key(name: str) -> str:
    """What of a name must be unique: it ignores case, Unicode form and style, and how much white space there is."""
    folded = unicodedata.normalize("NFKC", name.translate(WITHOUT_STYLES)).casefold()
    return " ".join(unicodedata.normalize("NFKC", folded).split())


def require_searchable(search: str) -> None:
    """Raise Invalid for a search that is too long, or that no stored text can hold."""
    if len(search) > MAX_SEARCH:
        raise Invalid(
            f"A search has at most {MAX_SEARCH} characters, and this one {len(search):,}.", path=("search",)
        )
    if not storable_text(search, MAX_SEARCH):
        raise Invalid(
            "No text that is stored has the character U+0000 or half of a surrogate pair: search without them.",
            path=("search",),
        )


def words_sought(search: str | None) -> list[str] | None:
    """What a search looks for in a `name_key`: words in any order; None for everything.

    Raises Invalid for what no name can hold.
    """
    if search is None:
        return None
    require_searchable(search)
    return name_key(search).split() or None


def clean_name(name: str | None, what: str) -> str:
    """The name of `what` ("segment") without white space around it. Raises Required, TooLong, Invalid."""
    given = (name or "").strip()
    cleaned = " ".join(given.split())
    if not cleaned or not name_key(cleaned):
        raise Required(f"Give the {what} a name.", path=("name",))
    if len(cleaned) > MAX_NAME:
        raise TooLong(
            f"A name has at most {MAX_NAME} characters; this one has {len(cleaned)}.", path=("name",)
        )
    is_odd = any(character in BLANKS or unicodedata.category(character) == "Cc" for character in given)
    if is_odd or not cleaned.isprintable() or len(name_key(cleaned)) > MAX_NAME_KEY:
        raise Invalid("A name may not hold control or invisible characters.", path=("name",))
    return cleaned


def clean_description(description: str | None) -> str | None:
    """The description without white space around it; None if nothing is left. Raises TooLong, Invalid."""
    text = (description or "").strip()
    if len(text) > MAX_DESCRIPTION:
        raise TooLong(f"A description has at most {MAX_DESCRIPTION} characters.", path=("description",))
    if "\0" in text or any("\ud800" <= character <= "\udfff" for character in text):
        raise Invalid("A description may not hold NUL or broken characters.", path=("description",))
    return text or None
