"""A search of members finds words in any order, whatever their case and Unicode form are; exports have a form more."""

from tortoise import fields, migrations
from tortoise.migrations import operations as ops

from seggraph.vocabulary import ExportFormat

# A Greek word ends in another small sigma, which capitals do not tell apart.
FOLDED_TEXT = """
    CREATE FUNCTION seggraph_folded(text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN translate(lower(normalize($1, NFC)), 'ς', 'σ')
"""

SEARCH = """
    CREATE INDEX members_search ON members USING gin (
      seggraph_folded(coalesce(name, '') || ' ' || coalesce(domain, '') || ' ' || coalesce(email, '')) gin_trgm_ops
    )
"""

SEARCH_AS_BEFORE = """
    CREATE INDEX members_search ON members USING gin (
      lower(coalesce(name, '') || ' ' || coalesce(domain, '') || ' ' || coalesce(email, '')) gin_trgm_ops
    )
"""


class Migration(migrations.Migration):
    dependencies = [("seggraph", "0038_directory")]

    operations = [
        ops.RunSQL(
            ["DROP INDEX members_search", FOLDED_TEXT, SEARCH],
            reverse_sql=["DROP INDEX members_search", SEARCH_AS_BEFORE, "DROP FUNCTION seggraph_folded(text)"],
        ),
        ops.AlterField(
            model_name="Export",
            name="format",
            field=fields.CharEnumField(
                description="CSV: CSV\nPLAIN_CSV: PLAIN_CSV\nJSON_LINES: JSON_LINES",
                enum_type=ExportFormat,
                max_length=16,
            ),
        ),
    ]
