"""The function of the trigger that counts which fields members have, and how often which values occur.

Migrations make it, each with the columns of its time; services.catalogue.value_counts adds up what it writes.
"""

from collections.abc import Sequence
from typing import Final

MAX_VALUE: Final = 200
"""Longer texts are not suggested, and so not counted."""


def count_member_values(*, counted: Sequence[str], present: Sequence[str]) -> str:
    """The SQL that makes the function anew.

    `counted` are the columns of which every value is counted, `present` those of which it is counted how many
    members have a value; that is all members for external_id.
    """
    new, old = _counts("new_rows", 1, counted, present), _counts("old_rows", -1, counted, present)
    # Appending never waits for another transaction, so no writers can block each other here, in whatever order they
    # change members.
    return f"""
    CREATE OR REPLACE FUNCTION count_member_values() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      IF TG_OP = 'INSERT' THEN {_write(new)}
      ELSIF TG_OP = 'UPDATE' THEN {_write(new, old)}
      ELSE {_write(old)}
      END IF;
      RETURN NULL;
    END $$
"""


def _counts(rows: str, sign: int, counted: Sequence[str], present: Sequence[str]) -> str:
    """A SELECT of what the rows of a transition table count: (workspace, kind, field, value, delta).

    A null value stands for the field itself: that a member has it.
    """
    number = f"{sign} * count(*)"
    # any workspace: a trigger counts the rows of one change, by the workspace of each
    columns = "\nUNION ALL ".join(
        f"""SELECT workspace_id, kind, '{name}', {name}::text, {number} FROM {rows}
            WHERE char_length({name}::text) BETWEEN 1 AND {MAX_VALUE} GROUP BY workspace_id, kind, {name}"""  # noqa: S608
        for name in counted
    )
    presence = ", ".join(f"count({name}) AS {name}" for name in present)
    named = ", ".join(f"('{name}', c.{name})" for name in present)
    return f"""
      {columns}
      UNION ALL
      SELECT r.workspace_id, r.kind, 'tags', t.tag, {number} FROM {rows} r, unnest(r.tags) AS t(tag)
      GROUP BY r.workspace_id, r.kind, t.tag
      UNION ALL
      SELECT c.workspace_id, c.kind, p.field, NULL, {sign} * p.count
      FROM (SELECT workspace_id, kind, {presence}, count(*) FILTER (WHERE tags <> '{{}}') AS tags
            FROM {rows} GROUP BY workspace_id, kind) c
      CROSS JOIN LATERAL (VALUES {named}, ('tags', c.tags)) AS p(field, count)
      UNION ALL
      SELECT a.workspace_id, a.kind, 'attributes.' || a.name, v.value, {sign} * a.count
      FROM (
        SELECT r.workspace_id, r.kind, e.name, o.value, count(*) AS count
        FROM {rows} r CROSS JOIN LATERAL jsonb_each(r.attributes) AS e(name, value)
        CROSS JOIN LATERAL (SELECT CASE jsonb_typeof(e.value) WHEN 'number' THEN NULL ELSE e.value END) o(value)
        GROUP BY r.workspace_id, r.kind, e.name, o.value
      ) a
      JOIN attributes d ON d.workspace_id = a.workspace_id AND d.kind = a.kind AND d.name = a.name
      CROSS JOIN LATERAL unnest(CASE
        WHEN d.type IN ('STRING', 'BOOLEAN') THEN ARRAY[NULL, a.value #>> '{{}}']
        WHEN d.type = 'STRING_LIST' THEN
          NULL::text || ARRAY(SELECT DISTINCT jsonb_array_elements_text(a.value))
        ELSE ARRAY[NULL::text] END) AS v(value)
      WHERE v.value IS NULL OR char_length(v.value) BETWEEN 1 AND {MAX_VALUE}
    """  # noqa: S608 - names from the constants above


def _write(*selects: str) -> str:
    """Append the sums to value_deltas, but for the values of fields that have too many different ones."""
    return f"""
      INSERT INTO value_deltas (workspace_id, kind, field, value, delta)
      SELECT s.workspace_id, s.kind, s.field, s.value, sum(s.delta)
      FROM ({" UNION ALL ".join(selects)}) AS s(workspace_id, kind, field, value, delta)
      WHERE s.value IS NULL OR NOT EXISTS (
        SELECT FROM field_counts f
        WHERE f.workspace_id = s.workspace_id AND f.kind = s.kind AND f.field = s.field AND f.crowded)
      GROUP BY s.workspace_id, s.kind, s.field, s.value HAVING sum(s.delta) <> 0;
    """  # noqa: S608
