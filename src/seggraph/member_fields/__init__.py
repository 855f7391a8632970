"""The well-known fields of members: the one table that the catalogue, upserts, imports, exports, destinations and the
schema take theirs from. docs/contributing.md says how a field is added.
"""

from seggraph.member_fields.field import FieldGroup, MemberField, MemberTable, Suggestions
from seggraph.member_fields.field_types import CellForm, FieldType
from seggraph.member_fields.table import (
    ATTRIBUTES,
    BY_NAME,
    CONSENTS,
    FIELDS,
    consent_column,
)

__all__ = [
    "ATTRIBUTES",
    "BY_NAME",
    "CONSENTS",
    "FIELDS",
    "CellForm",
    "FieldGroup",
    "FieldType",
    "MemberField",
    "MemberTable",
    "Suggestions",
    "consent_column",
]
