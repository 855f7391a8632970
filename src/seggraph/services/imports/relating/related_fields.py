"""Fields that name a related member: `relations.account.name` in files of members, `relatedName` in those of relations.

And which names of columns mean them: `Account Name`, `Company ID` or `Associated Company` name an account.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from seggraph.criteria import relations
from seggraph.criteria.relations import Direction
from seggraph.services.catalogue.columns import FieldSuggestion
from seggraph.services.catalogue.header_names import compact, simple
from seggraph.vocabulary import MemberKind

PREFIX: Final = "relations."

_OWN_KEYS: Final[Mapping[MemberKind, tuple[str, ...]]] = {
    MemberKind.PERSON: ("externalId", "email"),
    MemberKind.ACCOUNT: ("externalId", "domain", "name"),
    MemberKind.ORGANIZATION: ("externalId", "domain", "name"),
}


def keys_of(kind: MemberKind) -> tuple[str, ...]:
    """The fields by which a related member of a kind can be named."""
    return _OWN_KEYS.get(kind, ("externalId", "name"))


@dataclass(frozen=True, slots=True)
class RelatedField:
    """A column that names a related member: the relation, and the field by which it names the member."""

    direction: Direction
    key: str


FIELDS: Final[Mapping[MemberKind, Mapping[str, RelatedField]]] = {
    kind: {
        f"{PREFIX}{direction.name}.{key}": RelatedField(direction, key)
        for direction in relations.of_kind(kind)
        for key in keys_of(direction.other_kind)
    }
    for kind in MemberKind
}
"""What a column of a file of members can go to besides their own fields, by the kind of the members."""

NAMES: Final = frozenset(name for fields in FIELDS.values() for name in fields)

_NOUNS: Final[Mapping[MemberKind, str]] = {
    MemberKind.PERSON: """person contact user customer member lead subscriber profile people kontakt kunde benutzer
        personne client utilisateur persona contacto cliente usuario pessoa contato usuario""",
    MemberKind.ACCOUNT: """account company organization organisation firma unternehmen kunde societe entreprise compte
        empresa cuenta conta client customer""",
    MemberKind.DEAL: "deal opportunity geschaft verkaufschance affaire opportunite negocio oportunidad oportunidade",
    MemberKind.PRODUCT: "product item article sku produkt artikel produit producto articulo produto artigo",
    MemberKind.ACTIVITY: "activity task meeting call aktivitat aufgabe activite tache actividad tarea atividade tarefa",
    MemberKind.TICKET: "ticket case issue fall anfrage cas caso",
    MemberKind.ORGANIZATION: "organization organisation group holding konzern groupe grupo",
}
_ENDS: Final[Mapping[str, tuple[str, ...]]] = {
    "externalId": ("id", "ids", "external id", "record id", "number", "no", "nr", "key", "nummer"),
    "email": ("email", "e mail", "email address", "mail"),
    "domain": ("domain", "domain name", "website"),
    "name": ("", "name"),
}
_BEFORE: Final = re.compile(r"^(?:associated|primary|related|parent|linked)_")
_IN_BRACKETS: Final = re.compile(r"\s*\([^()]*\)\s*$")
_CERTAIN, _LIKELY = 0.9, 0.5

_KEYS: Final[Mapping[MemberKind, Mapping[str, str]]] = {
    kind: {
        compact(f"{noun} {end}"): key for noun in nouns.split() for key in keys_of(kind) for end in _ENDS[key]
    }
    for kind, nouns in _NOUNS.items()
}


def key_of(column: str, kind: MemberKind) -> str | None:
    """The field of a kind of member by which a column seems to name one of them."""
    written = simple(_IN_BRACKETS.sub("", column).rpartition(" - ")[2])
    return _KEYS.get(kind, {}).get(_BEFORE.sub("", written).replace("_", ""))


def suggest(names: Sequence[str], kind: MemberKind) -> list[FieldSuggestion]:
    """The columns of a file of members that may name accounts that the members belong to.

    A relation is one more use of a column, which may go to a field of the member as well. Columns with ids are more
    certain than those with names.
    """
    direction = relations.find(kind, "account")
    if direction is None:
        return []
    found: dict[str, str] = {}
    for name in names:
        key = key_of(name, direction.other_kind)
        if key is not None and key_of(name, kind) is None and key not in found:
            found[key] = name
    return [
        FieldSuggestion(
            found[key], f"{PREFIX}{direction.name}.{key}", _CERTAIN if key == "externalId" else _LIKELY
        )
        for key in keys_of(direction.other_kind)
        if key in found
    ]
