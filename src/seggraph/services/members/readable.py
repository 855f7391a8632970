"""What a viewer may read of members: the one place that each statement which shows members takes them from.

For a viewer without the right to personal data the columns that show who a member is are null, and attributes that the
workspace marked as personal are left out. Nothing above has to know: what a statement does not read, no field, file,
sample or event can show.
"""

from typing import Final

from seggraph.access import Viewer
from seggraph.member_fields import FIELDS

SETTLED: Final = """
    CASE WHEN EXISTS (SELECT FROM attributes x WHERE x.workspace_id = $1 AND x.change IS NOT NULL)
      THEN seggraph_settled(m.workspace_id, m.kind, m.attributes) ELSE m.attributes END
"""
"""The attributes of a member of the workspace $1 as they are when the changes of the catalogue at work are over."""

EVERYTHING: Final = "members m"

PERSONAL: Final = {
    field.column: field.type.sql for field in FIELDS if field.is_personal and not field.is_address
}
"""The columns of `members` that are kept back, with their types."""

IMPERSONAL: Final = f"""
    (SELECT everything.*, {", ".join(f"NULL::{type_} AS {column}" for column, type_ in PERSONAL.items())},
       stored_attributes - ARRAY(
         SELECT a.name FROM attributes a
         WHERE a.workspace_id = everything.workspace_id AND a.kind = everything.kind AND a.is_personal
       )::text[] AS attributes
     FROM (SELECT {{columns}}, attributes AS stored_attributes FROM members) everything) m
"""  # noqa: S608 - constants only


def members_read_by(viewer: Viewer, columns: tuple[str, ...]) -> str:
    """What stands behind FROM, named `m`; `columns` are those that the statement may read."""
    if viewer.sees_personal_data:
        return EVERYTHING
    plain = dict.fromkeys((*columns, "id", "workspace_id", "kind", "ordinal"))
    kept = [column for column in plain if column not in PERSONAL and column != "attributes"]
    return IMPERSONAL.format(columns=", ".join(kept))
