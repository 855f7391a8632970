"""Words that stand for true and false, for a state of consent, and for nothing at all."""

import re
from typing import Final

from seggraph.vocabulary import ConsentState

TRUE_WORDS: Final = frozenset(
    [
        "true",
        "yes",
        "y",
        "t",
        "1",
        "on",
        "ja",
        "wahr",
        "oui",
        "vrai",
        "si",
        "sí",
        "verdadero",
        "sim",
        "verdadeiro",
        "x",
        "✓",
        "✔",
        "checked",
    ]
)
FALSE_WORDS: Final = frozenset(
    ["false", "no", "n", "f", "0", "off", "nein", "falsch", "non", "faux", "falso", "não", "nao", "unchecked"]
)
PAIRS: Final = (
    ("true", "false"),
    ("yes", "no"),
    ("y", "n"),
    ("t", "f"),
    ("on", "off"),
    ("ja", "nein"),
    ("wahr", "falsch"),
    ("oui", "non"),
    ("vrai", "faux"),
    ("si", "no"),
    ("sí", "no"),
    ("verdadero", "falso"),
    ("sim", "não"),
    ("sim", "nao"),
    ("verdadeiro", "falso"),
    ("checked", "unchecked"),
)
"""The words that a column of booleans has: one of these pairs, both of it."""

_GRANTED: Final = (
    TRUE_WORDS
    | frozenset(
        {"granted", "subscribed", "opted in", "opt in", "optin", "in", "active", "confirmed", "accepted"}
    )
    | frozenset(
        {"abonniert", "angemeldet", "inscrit", "abonné", "suscrito", "inscrito", "consented", "allowed"}
    )
)
_DENIED: Final = (
    FALSE_WORDS
    | frozenset(
        {"denied", "unsubscribed", "not subscribed", "opted out", "opt out", "optout", "out", "cleaned"}
    )
    | frozenset(
        {"bounced", "complained", "spam", "blocked", "blacklisted", "suppressed", "revoked", "withdrawn"}
    )
    | frozenset({"abgemeldet", "désinscrit", "désabonné", "descadastrado", "cancelado", "do not contact"})
)
_UNKNOWN: Final = frozenset(
    {"unknown", "pending", "unconfirmed", "not confirmed", "never subscribed", "none", "not set", "unset"}
    | {"transactional", "non subscribed", "nonsubscribed", "unbekannt", "inconnu", "desconocido"}
)
CONSENT_WORDS: Final[dict[str, ConsentState]] = {
    **dict.fromkeys(_GRANTED, ConsentState.GRANTED),
    **dict.fromkeys(_DENIED, ConsentState.DENIED),
    **dict.fromkeys(_UNKNOWN, ConsentState.UNKNOWN),
}
"""What words in files mean for a consent, in the form of `word_key`."""

NULLS: Final = ("NULL", "null", "(null)", "<null>", "\\N", "#N/A", "#N/D", "N/A", "n/a", "nil")
"""Texts that programs write where there is no value. `Null` and `NA` are not: a name and a country."""

NOT_A_VALUE: Final = frozenset({"-", "--", "---", "\u2013", "\u2014"})
"""What stands where a number or a date is missing."""

_GAPS = re.compile(r"[\s_\-]+")


def word_key(text: str) -> str:
    """A word as it is compared: `Opted_Out`, `opted-out` and `OPTED OUT` are one."""
    return _GAPS.sub(" ", text.strip().casefold()).strip()


def consent_of(text: str) -> ConsentState | None:
    """The state of consent that a word stands for; None for an unknown word."""
    return CONSENT_WORDS.get(word_key(text))
