"""The statements of the chunk store. `$1` is the workspace."""

from typing import Final

from seggraph.audiences.bitmap import DELTA_CHUNK

STORED: Final = """
    WITH asked AS MATERIALIZED (
      SELECT w.role, w.owner_id, s.segment_id
      FROM unnest($2::smallint[], $3::bigint[]) AS w(role, owner_id)
      LEFT JOIN sources s ON w.role = 2 AND s.id = w.owner_id AND s.workspace_id = $1 AND s.links_are_members
    ), stored AS MATERIALIZED (
      SELECT DISTINCT CASE WHEN segment_id IS NULL THEN role ELSE 1 END AS role,
        coalesce(segment_id, owner_id) AS owner_id FROM asked
    )
"""
"""The owners asked for, and those whose rows have the bitmaps: links that are the members are stored as these alone."""

READ: Final = f"""
    {STORED}
    SELECT role, owner_id, segment_id, NULL::int AS chunk, NULL::bytea AS roaring FROM asked
    WHERE segment_id IS NOT NULL
    UNION ALL
    SELECT c.role, c.owner_id, NULL, c.chunk, c.roaring FROM stored o
    JOIN chunks c ON c.workspace_id = $1 AND c.role = o.role AND c.owner_id = o.owner_id
"""  # noqa: S608 - constants only

READ_SOME: Final = READ + " AND c.chunk = ANY($4::int[])"

# One row for each owner: an audience of a million members has sixteen chunks.
READ_HELD: Final = f"""
    {STORED}
    SELECT role, owner_id, segment_id, NULL::bigint[] AS ids, NULL::bytea[] AS digests, NULL::bytea[] AS small,
      NULL::bigint AS delta_id, NULL::int AS gain, NULL::bytea AS delta
    FROM asked WHERE segment_id IS NOT NULL
    UNION ALL
    SELECT c.role, c.owner_id, NULL, array_agg(c.id) FILTER (WHERE c.digest IS NOT NULL),
      array_agg(c.digest) FILTER (WHERE c.digest IS NOT NULL),
      array_agg(c.roaring) FILTER (WHERE c.digest IS NULL AND c.chunk >= 0),
      max(c.id) FILTER (WHERE c.chunk = {DELTA_CHUNK}), max(c.cardinality) FILTER (WHERE c.chunk = {DELTA_CHUNK}),
      (array_agg(c.roaring) FILTER (WHERE c.chunk = {DELTA_CHUNK}))[1]
    FROM stored o JOIN chunks c ON c.workspace_id = $1 AND c.role = o.role AND c.owner_id = o.owner_id
      AND c.chunk = ANY($4::int[])
    GROUP BY c.role, c.owner_id
"""  # noqa: S608 - constants only

READ_TO_ERASE: Final = """
    SELECT id, role, owner_id, chunk, cardinality, digest, CASE WHEN digest IS NULL THEN roaring END AS roaring
    FROM chunks
    WHERE workspace_id = $1 AND (role, owner_id) IN (SELECT * FROM unnest($2::smallint[], $3::bigint[]))
      AND chunk = ANY($4::int[])
"""

READ_BYTES = "SELECT digest, roaring FROM chunks WHERE workspace_id = $1 AND id = ANY($2)"

READ_DELTAS = f"""
    SELECT id, role, owner_id, cardinality, roaring FROM chunks
    WHERE workspace_id = $1 AND (role, owner_id, chunk) IN
      (SELECT *, {DELTA_CHUNK} FROM unnest($2::smallint[], $3::bigint[]))
"""  # noqa: S608 - a constant

REWRITE = """
    UPDATE chunks c SET cardinality = t.cardinality, roaring = t.roaring
    FROM unnest($2::bigint[], $3::int[], $4::bytea[]) AS t(id, cardinality, roaring)
    WHERE c.workspace_id = $1 AND c.id = t.id
"""

CHUNKS = """
    SELECT role, owner_id, chunk, id, digest, CASE WHEN digest IS NULL THEN roaring END AS roaring FROM chunks
    WHERE workspace_id = $1 AND (role, owner_id, chunk) IN
      (SELECT * FROM unnest($2::smallint[], $3::bigint[], $4::int[]))
"""

WRITE = """
    INSERT INTO chunks (workspace_id, role, owner_id, chunk, cardinality, roaring)
    SELECT $1, role, owner_id, chunk, cardinality, roaring
    FROM unnest($2::smallint[], $3::bigint[], $4::int[], $5::int[], $6::bytea[])
      AS t(role, owner_id, chunk, cardinality, roaring)
    ON CONFLICT (workspace_id, role, owner_id, chunk)
    DO UPDATE SET cardinality = EXCLUDED.cardinality, roaring = EXCLUDED.roaring
"""

REMOVE = """
    DELETE FROM chunks WHERE workspace_id = $1 AND (role, owner_id, chunk) IN
      (SELECT * FROM unnest($2::smallint[], $3::bigint[], $4::int[]))
"""

REMOVE_ROWS = "DELETE FROM chunks WHERE workspace_id = $1 AND id = ANY($2)"
