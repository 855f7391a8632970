"""Which field of a member each column of a file may go to: by the name of the column, and by its cells.

Guesses to show to a person, from the first records only. Nothing is imported by a guess: `startImport` says.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from seggraph.errors import Invalid, SeggraphError
from seggraph.files import csv_values
from seggraph.files.csv_records import Dialect
from seggraph.files.layout import Column, is_domain, is_email, read_layout
from seggraph.services.catalogue import attribute_names
from seggraph.vocabulary import MemberKind

CONTENT_SHARE: Final = 0.8
"""The share of a column's cells that must look alike for the column to be suggested by its content."""

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
    """Read the layout of a stored file and suggest fields; `has_header` None means: find out.

    Raises what `read_layout` raises.
    """
    layout = read_layout(path, encoding, has_header=has_header, is_known_name=is_known_name)
    names = [column.name for column in layout.columns]
    return Appearance(layout.dialect, layout.columns, suggest(names, layout.cells, kind))


def is_known_name(name: str) -> bool:
    """Whether a column of this name usually holds a field of a member."""
    return _simple(name) in _FIELD_OF


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


def _is_phone(cell: str) -> bool:
    return bool(_PHONE.fullmatch(cell))


_CONTENTS: Final[dict[str, Callable[[str], bool]]] = {
    "email": is_email,
    "phone": _is_phone,
    "domain": is_domain,
}
_CHECKS: Final[dict[str, Callable[[str], bool]]] = {
    "email": lambda cell: "@" in cell,
    "domain": is_domain,
    "revenue": _reads(csv_values.parse_decimal),
    "employees": _reads(csv_values.parse_integer),
    "score": _reads(csv_values.parse_decimal),
    "isTarget": _reads(csv_values.parse_boolean),
}


def _simple(name: str) -> str:
    """A name for comparing: `Company Name`, `companyName` and `COMPANY-NAME` are one."""
    split = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", name)
    return "_".join(re.findall(r"[^\W_]+", split.lower()))
