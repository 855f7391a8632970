"""Email addresses: whether a text is one, and the one form in which two of them are compared.

`eva@BÜCHER.example.` and `EVA@xn--bcher-kva.example` are the same address: mail systems do not tell them apart.
"""

import re
import unicodedata
from typing import Final

import idna

MAX_EMAIL: Final = 320

_EMAIL = re.compile(r"[^@\s,;<>]+@[^@\s,;<>]+\.[^@\s,;<>]+")
_PLAIN = re.compile(
    r"[a-z0-9.!#$%&'*+/=?^_`{|}~-]+@(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+[a-z]{2,}", re.ASCII
)
_ONE = re.compile(r"[^@\s,;<>]+@[^@\s,;<>]+")
_NAMED = re.compile(r"[^<>]*<\s*([^<>\s]+)\s*>")
_SEVERAL = re.compile(r"[;,\s|]+")


def is_email(text: str) -> bool:
    """Whether a text looks like exactly one email address."""
    return bool(_EMAIL.fullmatch(text)) and not text.lower().startswith("mailto:")


def email_key(text: str) -> str:
    """The form in which an address is compared: lower case and NFC, the domain in ASCII, without a final dot.

    A text that is no address is only lower-cased.
    """
    lowered = text.strip().lower()
    if _PLAIN.fullmatch(lowered):
        return lowered
    normal = unicodedata.normalize("NFC", lowered)
    local, sign, domain = normal.rpartition("@")
    return f"{local}@{_ascii_domain(domain.rstrip('.'))}" if sign else normal


def tidied(text: str) -> str:
    """The form in which an address is stored: as it is given if it is ASCII, else as `email_key` has it.

    So PostgreSQL, which lower-cases ASCII whatever its locale is, compares all stored addresses rightly.
    """
    text = text.strip()
    return text if text.isascii() and not text.endswith(".") else email_key(text)


def is_one_address(text: str) -> bool:
    """Whether a text is one address, also one whose domain has no dot; not a list, a name with an address or a link."""
    return bool(_ONE.fullmatch(text)) and not text.lower().startswith("mailto:")


def found_in(cell: str) -> tuple[str, str]:
    """The address in a cell of a file, and the other addresses in it, if it has several.

    `mailto:ada@example.com` and `Ada <ada@example.com>` hold one address; of several the first is taken.
    """
    text = cell.strip()
    if is_email(text):
        return text, ""
    named = _NAMED.fullmatch(text)
    bare = named[1] if named else text
    bare = bare[7:] if bare.lower().startswith("mailto:") else bare
    bare = bare.partition("?")[0] if text.lower().startswith("mailto:") else bare
    if is_email(bare):
        return bare, ""
    parts = [part for part in _SEVERAL.split(bare) if part]
    if len(parts) > 1 and all(map(is_email, parts)):
        return parts[0], ", ".join(parts[1:])
    return text, ""


def _ascii_domain(domain: str) -> str:
    if domain.isascii():
        return domain
    try:
        return idna.encode(domain, uts46=True).decode().lower()
    except (idna.IDNAError, UnicodeError, IndexError):
        return domain
