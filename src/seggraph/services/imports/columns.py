"""What a file seems to be: its delimiter, whether it has a header, its columns, and which field each may go to.

Guesses to show to a person, from the first records only. Nothing is imported by a guess: `startImport` says.
"""

import csv
import io
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from seggraph.errors import Invalid, Required, SeggraphError, TooMany
from seggraph.files import csv_values as cells
from seggraph.files.csv_records import DELIMITERS, MAX_COLUMNS, Dialect, Record, RecordReader
from seggraph.services.catalogue import attribute_names
from seggraph.values import domains
from seggraph.vocabulary import AttributeType, MemberKind

SAMPLE_BYTES: Final = 256 * 1024
SAMPLE_RECORDS: Final = 200
SAMPLES: Final = 5
MAX_SAMPLE: Final = 200
MAX_COLUMN_NAME: Final = 500
CONTENT_SHARE: Final = 0.8
"""The share of a column's cells that must look alike for the column to be suggested by its content."""

_EMAIL = re.compile(r"[^@\s,;]+@[^@\s,;]+\.[^@\s,;]+")
_NUMBER_OR_DATE = re.compile(r"[-+]?[$€£]?\d[\d.,:/\-\sTZ%]*", re.ASCII)
_PHONE = re.compile(r"\+\d[\d\s().\-/]{6,}\d", re.ASCII)

ALIASES: Final[dict[str, str]] = {
    "externalId": "id account_id accountid external_id externalid customer_id contact_id person_id user_id"
    " organization_id organisation_id product_id deal_id opportunity_id ticket_id activity_id record_id crm_id"
    " uuid sku symbol ticker key member_id company_id",
    "name": "name account_name company company_name organization organisation organization_name full_name"
    " fullname contact_name account business_name security title product_name deal_name customer customer_name",
    "domain": "domain website web site url homepage web_site account_domain company_domain email_domain"
    " website_url company_website domain_name web_domain",
    "email": "email e_mail mail email_address emailaddress e_mail_address work_email",
    "phone": "phone telephone phone_number mobile tel mobile_phone work_phone telephone_number cell",
    "country": "country country_code country_name billing_country nation hq_country",
    "city": "city town billing_city hq_city headquarters_city",
    "industry": "industry sector gics_sector industry_sector vertical branch",
    "revenue": "revenue annual_revenue turnover sales annual_sales yearly_revenue",
    "employees": "employees number_of_employees employee_count headcount staff num_employees company_size",
    "score": "score lead_score fit_score account_score rating",
    "isTarget": "is_target target istarget target_account is_target_account",
    "tags": "tags labels tag",
    "address": "address street street_address postal_address mailing_address",
    "shippingAddress": "shippingaddress shipping_address",
    "billingAddress": "billingaddress billing_address",
    "consentEmail": "consentemail consent_email email_consent",
    "consentDirectMail": "consentdirectmail consent_direct_mail direct_mail_consent",
    "consentSms": "consentsms consent_sms sms_consent",
    "consentPhone": "consentphone consent_phone phone_consent",
    "consentPush": "consentpush consent_push push_consent",
}
"""Names of columns that mean a field, in lower case with underscores."""

_FIELD_OF: Final = {alias: field for field, names in ALIASES.items() for alias in names.split()}
_EXACT, _ALIAS, _CONTENT, _CUSTOM = 1.0, 0.9, 0.75, 0.3


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the file: its name, some of its cells, and the type that its first cells fit."""

    name: str
    samples: list[str]
    detected_type: AttributeType


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A column, the field or custom attribute that it may go to, and how sure that is, from 0 to 1."""

    column: str
    field: str
    confidence: float


@dataclass(frozen=True, slots=True)
class Appearance:
    """What a file seems to be."""

    dialect: Dialect
    columns: list[Column]
    suggestions: list[Suggestion]


def look(path: Path, encoding: str, kind: MemberKind, *, has_header: bool | None) -> Appearance:
    """Look at the beginning of a stored file; `has_header` None means: find out.

    Raises Required for a file without records, Invalid for what is no CSV file, and TooMany columns.
    """
    delimiter = delimiter_of(path, encoding)
    with RecordReader(path, Dialect(encoding, delimiter, False)) as reader:
        records = [record.cells for record in _first(reader) if record.problem is None]
    if not records:
        raise Required("The file has no rows.", path=("file",))
    _require_text(records)
    header = _is_header(records) if has_header is None else has_header
    names = column_names(records[0], has_header=header)
    rows = records[1:] if header else records
    columns = [
        _column(name, [row[index] for row in rows if index < len(row)]) for index, name in enumerate(names)
    ]
    by_index = [[row[index] for row in rows if index < len(row)] for index in range(len(names))]
    return Appearance(Dialect(encoding, delimiter, header), columns, suggest(names, by_index, kind))


def column_names(first: Sequence[str], *, has_header: bool) -> list[str]:
    """The names of columns, each once: from the header, or `Column 1`, `Column 2`, …. Raises TooMany."""
    if len(first) > MAX_COLUMNS:
        raise TooMany(f"A file has at most {MAX_COLUMNS} columns; this one has {len(first)}.", path=("file",))
    names: list[str] = []
    taken: set[str] = set()
    for index, cell in enumerate(first, start=1):
        wanted = _shown(cells.unescaped(cell).strip())[:MAX_COLUMN_NAME] if has_header else ""
        name = wanted = wanted or f"Column {index}"
        number = 2
        while name in taken:
            name = f"{wanted} ({number})"
            number += 1
        taken.add(name)
        names.append(name)
    return names


def suggest(names: Sequence[str], columns: Sequence[Sequence[str]], kind: MemberKind) -> list[Suggestion]:
    """A field for each column that may have one, no field twice; what is unknown may be a custom attribute."""
    ranked = sorted(
        (-confidence, index, field)
        for index, (name, column) in enumerate(zip(names, columns, strict=True))
        for field, confidence in _candidates(name, column, kind).items()
    )
    chosen: dict[int, tuple[str, float]] = {}
    given: set[str] = set()
    for negative, index, field in ranked:
        if index not in chosen and field not in given:
            chosen[index] = (field, -negative)
            given.add(field)
    return [Suggestion(names[index], *chosen[index]) for index in sorted(chosen)]


def _candidates(name: str, column: Sequence[str], kind: MemberKind) -> dict[str, float]:
    found: dict[str, float] = {}
    if name not in ALIASES and _is_attribute_name(name):
        found[name] = _CUSTOM
    filled = [cell.strip() for cell in column if cell.strip()]
    for field, looks_like in _CONTENTS.items():
        if filled and sum(map(looks_like, filled)) >= CONTENT_SHARE * len(filled):
            found[field] = _CONTENT
    alias = _FIELD_OF.get(_simple(name))
    if alias is not None and _is_plausible(alias, filled):
        found[alias] = _ALIAS
    if name in ALIASES:
        found[name] = _EXACT
    return found


def _is_attribute_name(name: str) -> bool:
    try:
        attribute_names.require_name(name)
    except SeggraphError:
        return False
    return True


def _is_plausible(field: str, filled: Sequence[str]) -> bool:
    """Whether cells can be what their column's name says; without cells the name counts."""
    check = _CHECKS.get(field)
    return check is None or not filled or sum(map(check, filled)) * 2 >= len(filled)


def _reads(read: Callable[[str], Any]) -> Callable[[str], bool]:
    def check(cell: str) -> bool:
        try:
            read(cell)
        except Invalid:
            return False
        return True

    return check


def _is_email(cell: str) -> bool:
    return bool(_EMAIL.fullmatch(cell))


def _is_phone(cell: str) -> bool:
    return bool(_PHONE.fullmatch(cell))


_is_domain = _reads(domains.normalise)
_CONTENTS: Final[dict[str, Callable[[str], bool]]] = {
    "email": _is_email,
    "phone": _is_phone,
    "domain": _is_domain,
}
_CHECKS: Final[dict[str, Callable[[str], bool]]] = {
    "email": lambda cell: "@" in cell,
    "domain": _is_domain,
    "revenue": _reads(cells.decimal),
    "employees": _reads(cells.integer),
    "score": _reads(cells.decimal),
    "isTarget": _reads(cells.flag),
}


def _simple(name: str) -> str:
    """A name for comparing: `Company Name`, `companyName` and `COMPANY-NAME` are one."""
    split = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", name)
    return "_".join(re.findall(r"[^\W_]+", split.lower()))


def delimiter_of(path: Path, encoding: str) -> str:
    """The delimiter that cuts the first records most evenly into more than one cell; a comma if none does."""
    with path.open("rb") as file:
        raw = file.read(SAMPLE_BYTES)
    whole = raw if len(raw) < SAMPLE_BYTES else raw[: raw.rfind(b"\n") + 1] or raw
    text = whole.decode(encoding, "surrogateescape")
    return max(DELIMITERS, key=lambda delimiter: _evenness(text, delimiter))


def _evenness(text: str, delimiter: str) -> tuple[float, int]:
    widths: list[int] = []
    try:
        for cells_ in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter):
            if cells_:
                widths.append(len(cells_))
            if len(widths) == SAMPLE_RECORDS:
                break
    except csv.Error:
        pass
    wide = [width for width in widths if width > 1]
    if not wide:
        return 0.0, 0
    usual = max(set(wide), key=wide.count)
    return wide.count(usual) / len(widths), usual


def _first(reader: RecordReader) -> list[Record]:
    return [record for record, _ in zip(reader, range(SAMPLE_RECORDS), strict=False)]


def _require_text(records: Sequence[Sequence[str]]) -> None:
    """Raise Invalid for a first record of control characters: such are in binary files, and in cells of members."""
    first = "".join(records[0])
    strange = sum(one < " " and one not in "\t\r\n" for one in first)
    if strange > len(first) * 0.1:
        raise Invalid("This is no text but a binary file; upload a CSV file.", path=("file",))


def _is_header(records: Sequence[Sequence[str]]) -> bool:
    """Whether the first record names the columns: its cells differ, and none looks like data."""
    first = [cells.unescaped(cell).strip() for cell in records[0]]
    named = [cell for cell in first if cell]
    if not named or len(set(named)) < len(named):
        return False
    if any(_simple(cell) in _FIELD_OF for cell in named):
        return True
    return not any(
        _NUMBER_OR_DATE.fullmatch(cell)
        or _is_email(cell)
        or _is_domain(cell)
        or cell.lower() in ("true", "false")
        for cell in named
    )


def _column(name: str, column: Sequence[str]) -> Column:
    samples = list(dict.fromkeys(_shown(cell.strip())[:MAX_SAMPLE] for cell in column if cell.strip()))
    return Column(name, samples[:SAMPLES], cells.guess(column))


def _shown(text: str) -> str:
    """A text that can be stored: foreign bytes are shown as replaced."""
    return text.encode("utf-8", "replace").decode("utf-8")
