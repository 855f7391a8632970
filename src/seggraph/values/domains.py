"""Web domains in one form, so that the same company written in two ways is one: `acme.com`."""

import re
from typing import Final

import idna

from seggraph.errors import Invalid

MAX_DOMAIN: Final = 253

_PLAIN = re.compile(
    r"(?!www\.[^.]+\.)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?", re.ASCII
)
_SCHEME = re.compile(r"^[a-z][a-z0-9+.-]*://", re.ASCII | re.IGNORECASE)


def normalise(text: str) -> str:
    """The domain in a text: lower case, in punycode, without scheme, user, `www.`, port, path and final dot.

    Internationalised names follow UTS 46. Raises Invalid for what holds no domain, an address of the internet
    (`127.0.0.1`) among it.
    """
    domain = text.strip().lower()
    if _is_plain(domain) and "xn--" not in domain:
        return domain
    domain = _in_punycode(_host(domain))
    if not _is_plain(domain):
        raise Invalid(f"{text[:60]!r} is no domain; one looks like example.com.")
    return domain


def tidied(text: str) -> str:
    """The domain in a text, or the text as it is when there is none in it."""
    try:
        return normalise(text)
    except Invalid:
        return text


def is_domain(text: str) -> bool:
    """Whether a text can be read as a domain."""
    try:
        normalise(text)
    except Invalid:
        return False
    return True


def _is_plain(domain: str) -> bool:
    return len(domain) <= MAX_DOMAIN and _PLAIN.fullmatch(domain) is not None


def _host(text: str) -> str:
    address = _SCHEME.sub("", text)
    has_scheme = address != text
    host = re.split(r"[/?#\\]", address.removeprefix("//"), maxsplit=1)[0]
    if has_scheme:
        host = host.rpartition("@")[2]
    return re.sub(r":\d*$", "", host).rstrip(".").strip()


def _in_punycode(host: str) -> str:
    try:
        domain = idna.encode(host, uts46=True, std3_rules=True).decode().lower()
    except (idna.IDNAError, UnicodeError, IndexError):
        return ""
    without = domain.removeprefix("www.")
    return without if "." in without else domain
