"""From what the cells say to how each column is read: what one column leaves open, the other columns and the delimiter
of the file may settle; what stays open is an ambiguity, which only a person settles.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Final

from seggraph.files.columns.evidence import ColumnEvidence
from seggraph.files.columns.reading import DECIMALS, Ambiguity, ColumnReading, Setting
from seggraph.values import words
from seggraph.values.dates import DateOrder
from seggraph.values.numbers import NumberForm
from seggraph.vocabulary import AttributeType


class Certainty(StrEnum):
    """How sure a setting of a column is."""

    PROVEN = "PROVEN"
    """Some cell has no other reading."""
    ASSUMED = "ASSUMED"
    """Other columns or the delimiter of the file say so."""
    IMPLIED = "IMPLIED"
    """Other columns say so, and no cell that was seen depends on it."""
    AMBIGUOUS = "AMBIGUOUS"
    """The cells have several readings."""


CONFIDENCE: Final = {
    Certainty.PROVEN: 1.0,
    Certainty.IMPLIED: 1.0,
    Certainty.ASSUMED: 0.8,
    Certainty.AMBIGUOUS: 0.5,
}

_CODE_WORDS: Final = frozenset(
    [
        "zip",
        "zipcode",
        "postal",
        "postcode",
        "plz",
        "cp",
        "cep",
        "phone",
        "fax",
        "mobile",
        "tel",
        "telefon",
        "telephone",
        "telefono",
        "teléfono",
        "téléphone",
        "telefone",
        "handy",
        "mobil",
        "cell",
        "whatsapp",
        "tax",
        "vat",
        "ein",
        "ssn",
        "nif",
        "cif",
        "nie",
        "siret",
        "siren",
        "iban",
        "bic",
        "swift",
        "sku",
        "ean",
        "upc",
        "gtin",
        "isbn",
        "barcode",
        "version",
        "hausnummer",
    ]
)
_CODE_ENDS: Final = frozenset(
    [
        "id",
        "ids",
        "code",
        "number",
        "no",
        "nr",
        "num",
        "numero",
        "número",
        "nummer",
        "key",
        "ref",
        "reference",
    ]
)
_LIST_WORDS: Final = frozenset(
    [
        "tags",
        "tag",
        "labels",
        "label",
        "interests",
        "categories",
        "topics",
        "groups",
        "lists",
        "segments",
        "skills",
        "languages",
        "etiquetas",
        "étiquettes",
        "etiketten",
        "schlagwörter",
        "intereses",
        "memberships",
        "products",
        "channels",
        "roles",
        "hobbies",
        "multiselect",
    ]
)


@dataclass(frozen=True, slots=True)
class SniffedColumn:
    """How a column is read, how sure each setting is that its cells concern, and what is open."""

    reading: ColumnReading
    certainty: Mapping[Setting, Certainty] = field(default_factory=dict)
    ambiguities: tuple[Ambiguity, ...] = ()


@dataclass(slots=True)
class _Findings:
    """What is found out about the settings of one column."""

    certainty: dict[Setting, Certainty] = field(default_factory=dict)
    ambiguities: list[Ambiguity] = field(default_factory=list)

    def ask(self, setting: Setting, options: Sequence[str], message: str) -> None:
        """Note that a setting is open."""
        self.certainty[setting] = Certainty.AMBIGUOUS
        self.ambiguities.append(Ambiguity(setting, tuple(options), message))


def sniff(
    names: Sequence[str], evidence: Sequence[ColumnEvidence], delimiter: str, *, is_export: bool = False
) -> list[SniffedColumn]:
    """How the columns of a file are read, by what their cells say and by their names.

    In an export of ours (`is_export`) the decimal sign is always a point, no text stands for null, and no mark is on a
    whole column.
    """
    file_decimals = {sign for one in evidence if one.is_numeric for sign in one.decimals}
    if is_export:
        file_decimals = {"."}
    file_orders = {
        order
        for one in evidence
        if one.date_type is not None and one.proven_orders and len(one.orders) == 1
        for order in one.orders - {DateOrder.YMD}
    }
    columns = [
        _column(name, one, delimiter, file_decimals, file_orders)
        for name, one in zip(names, evidence, strict=True)
    ]
    return (
        [replace(one, reading=replace(one.reading, nulls=(), marks=False)) for one in columns]
        if is_export
        else columns
    )


def is_code_name(name: str) -> bool:
    """Whether a column of this name has codes, such as postal codes, which are texts also if they are digits."""
    parts = name_words(name)
    return bool(parts) and (not _CODE_WORDS.isdisjoint(parts) or parts[-1] in _CODE_ENDS)


def name_words(name: str) -> list[str]:
    """The words of a column's name in lower case: `Billing ZIP`, `billing_zip` and `billingZip` have the same."""
    split = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", name)
    return re.findall(r"[^\W_]+", split.lower())


def _column(
    name: str, seen: ColumnEvidence, delimiter: str, file_decimals: set[str], file_orders: set[DateOrder]
) -> SniffedColumn:
    findings = _Findings()
    decimal = _decimal(seen, delimiter, file_decimals, findings)
    order = _order(seen, file_orders, findings)
    separator = _separator(seen, findings)
    type_, meanings = _type(name, seen)
    reading = ColumnReading(
        type=type_,
        decimal=decimal,
        date_order=order,
        separator=separator,
        marks=seen.is_marked or _has_marked_codes(name, seen),
        words=meanings or _consent_words(seen, findings),
    )
    return SniffedColumn(reading, findings.certainty, tuple(findings.ambiguities))


def _has_marked_codes(name: str, seen: ColumnEvidence) -> bool:
    return bool(seen.seen) and seen.marked == seen.seen and is_code_name(name)


def _decimal(seen: ColumnEvidence, delimiter: str, file_decimals: set[str], findings: _Findings) -> str:
    proven = seen.decimals
    if len(proven) == 1:
        findings.certainty[Setting.DECIMAL] = Certainty.PROVEN
        return next(iter(proven))
    if len(proven) == 2:
        findings.ask(
            Setting.DECIMAL, DECIMALS, "Some cells have a point before their decimals, others a comma."
        )
        return "." if seen.forms[NumberForm.POINT] >= seen.forms[NumberForm.COMMA] else ","
    of_the_file = next(iter(file_decimals)) if len(file_decimals) == 1 else None
    if not seen.has_open_numbers:
        if of_the_file is not None:
            findings.certainty[Setting.DECIMAL] = Certainty.IMPLIED
        return of_the_file or "."
    points, commas = (
        seen.forms[form] for form in (NumberForm.POINT_OR_THOUSANDS, NumberForm.COMMA_OR_THOUSANDS)
    )
    if of_the_file is None:
        if points and not commas and delimiter == ";":
            of_the_file = ","  # a semicolon stands between cells where the comma is the decimal sign
        elif commas and not points and delimiter == ",":
            of_the_file = "."  # who writes commas into a file of commas separates thousands by them
    if of_the_file is not None:
        findings.certainty[Setting.DECIMAL] = Certainty.ASSUMED
        return of_the_file
    sign = "point" if points else "comma"
    message = f"The {sign} may be the decimal sign, or may separate thousands."
    findings.ask(Setting.DECIMAL, DECIMALS, message)
    return "."


def _order(seen: ColumnEvidence, file_orders: set[DateOrder], findings: _Findings) -> DateOrder:
    if not seen.with_order:
        return DateOrder.YMD
    if len(seen.orders) == 1:
        findings.certainty[Setting.DATE_ORDER] = Certainty.PROVEN
        return next(iter(seen.orders))
    if len(file_orders & seen.orders) == 1:
        findings.certainty[Setting.DATE_ORDER] = Certainty.ASSUMED
        return next(iter(file_orders & seen.orders))
    message = "Some cells have the day first and others the month."
    if seen.orders:
        message = "Day and month may stand in either order."
    options = [order.value for order in DateOrder if order in (seen.orders or seen.proven_orders)]
    findings.ask(Setting.DATE_ORDER, options, message)
    return DateOrder(options[0])


def _separator(seen: ColumnEvidence, findings: _Findings) -> str:
    signs = seen.list_signs
    if not signs:
        return ";"
    if len(signs) > 1:
        findings.ask(Setting.SEPARATOR, signs, "Several signs may separate the items of a list.")
    else:
        findings.certainty[Setting.SEPARATOR] = Certainty.PROVEN
    return signs[0]


def _type(name: str, seen: ColumnEvidence) -> tuple[AttributeType, dict[str, str] | None]:
    """The type of a new attribute, and the meanings of the words of a boolean."""
    if not seen.seen:
        return AttributeType.STRING, None
    if (meanings := seen.boolean_words) is not None:
        return AttributeType.BOOLEAN, meanings
    if seen.is_numeric and not seen.marked and not seen.formula_marked and not is_code_name(name):
        return AttributeType.NUMBER, None
    if (date_type := seen.date_type) is not None:
        return date_type, None
    if _is_list(name, seen):
        return AttributeType.STRING_LIST, None
    return AttributeType.STRING, None


def _is_list(name: str, seen: ColumnEvidence) -> bool:
    if seen.json_lists == seen.seen:
        return True
    by_name = not _LIST_WORDS.isdisjoint(name_words(name))
    signs = [sign for sign in seen.list_signs if by_name or sign in ";|\n"]
    many = max((seen.signs[sign] for sign in signs), default=0)
    return bool(many) and (by_name or (many > 1 and seen.has_repeated_items))


def _consent_words(seen: ColumnEvidence, findings: _Findings) -> dict[str, str]:
    """What words mean as states of consent, if most cells of the column are such words."""
    if seen.too_many_words or not seen.words:
        return {}
    known = {word: state.name for word in seen.words if (state := words.consent_of(word)) is not None}
    if sum(seen.words[word] for word in known) * 2 < seen.words.total():
        return {}
    unknown = sorted(set(seen.words) - set(known))
    if unknown:
        shown = ", ".join(unknown[:10])
        findings.ask(Setting.WORDS, unknown, f"As a consent nobody knows what these words say: {shown}.")
    return known
