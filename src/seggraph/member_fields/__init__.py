"""The well-known fields of members: the one table that the catalogue, upserts, imports, exports, destinations and the
schema take theirs from. docs/contributing.md says how a field is added.
"""

from seggraph.member_fields.field import FieldGroup, MemberField, MemberTable, PartField, Suggestions
from seggraph.member_fields.field_types import CellForm, FieldType
from seggraph.member_fields.table import (
    ATTRIBUTES,
    BY_NAME,
    CONSENTS,
    FIELDS,
    PARTS,
    consent_column,
)

__all__ = [
    "ATTRIBUTES",
    "BY_NAME",
    "CONSENTS",
    "FIELDS",
    "PARTS",
    "CellForm",
    "FieldGroup",
    "FieldType",
    "MemberField",
    "MemberTable",
    "PartField",
    "Suggestions",
    "consent_column",
]
