"""Names of custom attributes: what one may be called."""

from typing import Final

from seggraph.errors import Invalid, Required, TooLong
from seggraph.member_fields import ATTRIBUTES, FIELDS, PARTS

MAX_LENGTH: Final = 100

RESERVED: Final = {field.name for field in FIELDS if field.consent is None} | {
    ATTRIBUTES,
    "consents",
    "id",
    "kind",
    *PARTS,
}
"""What every member has, under the name that clients know it by."""


def require_name(name: str) -> None:
    """Raise Required, TooLong or Invalid for what no attribute may be called.

    Quotes, dots and any script are fine; case matters.
    """
    if not name:
        raise Required("An attribute needs a name.")
    if len(name) > MAX_LENGTH:
        raise TooLong(f"An attribute's name has at most {MAX_LENGTH} characters; this one has {len(name)}.")
    if name != name.strip() or not name.isprintable():
        raise Invalid("An attribute's name has no spaces around it and no control characters.")
    if name in RESERVED:
        raise Invalid(f"{name} is a field of every member, so no attribute can be called so.")


def shown(name: str) -> str:
    """A name that may be anything, short and printable, for the path of an error."""
    return name[:40].encode("ascii", "backslashreplace").decode() if not name.isprintable() else name[:40]
