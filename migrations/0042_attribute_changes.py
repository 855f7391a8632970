"""The values of attributes can be converted, renamed, merged and deleted while everybody reads and writes."""

from tortoise import fields, migrations
from tortoise.migrations import operations as ops

from seggraph.vocabulary import BulkEditAction

# A value is converted if the result says the same, and NULL otherwise: `02139` is no number, for a number has no
# leading zeros. What is of the type already stays as it is.
CONVERTED = r"""
    CREATE FUNCTION seggraph_converted(value jsonb, type text, zone text) RETURNS jsonb
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE STRICT AS $$
    DECLARE
      form text := jsonb_typeof(value);
      said text := value #>> '{}';
      day CONSTANT text := '\d{4}-\d\d-\d\d';
      clock CONSTANT text := '[Tt ]([01]\d|2[0-3]):[0-5]\d(:[0-5]\d(\.\d{1,6})?)?';
      zone_of CONSTANT text := '\s?([Zz]|[+-]\d\d(:?\d\d)?)';
      moment timestamptz;
    BEGIN
      CASE type
      WHEN 'STRING' THEN
        IF form <> 'array' THEN
          RETURN to_jsonb(said);
        ELSIF jsonb_array_length(value) = 1 THEN
          RETURN value -> 0;
        END IF;
      WHEN 'STRING_LIST' THEN
        IF form = 'array' THEN
          RETURN value;
        ELSIF said <> '' THEN
          RETURN jsonb_build_array(said);
        END IF;
      WHEN 'NUMBER' THEN
        IF form = 'number' THEN
          RETURN value;
        ELSIF form = 'boolean' THEN
          RETURN to_jsonb(said::boolean::int);
        ELSIF said ~ '^(0|-?[1-9]\d{0,18})$' AND abs(said::numeric) < 9223372036854775808 THEN
          RETURN to_jsonb(said::numeric);
        ELSIF said ~ '^-?(0|[1-9]\d*)\.\d+$' AND length(translate(said, '-.', '')) <= 15
          AND said::numeric <> 0 THEN
          RETURN to_jsonb(trim_scale(said::numeric));
        ELSIF said ~ '^0\.0{1,14}$' THEN
          RETURN to_jsonb(0);
        END IF;
      WHEN 'BOOLEAN' THEN
        IF form = 'boolean' THEN
          RETURN value;
        ELSIF form = 'number' AND said::numeric IN (0, 1) THEN
          RETURN to_jsonb(said::numeric = 1);
        ELSIF form = 'string' AND lower(said) IN ('true', 'false') THEN
          RETURN to_jsonb(lower(said) = 'true');
        END IF;
      WHEN 'DATE', 'DATETIME' THEN
        IF form <> 'string' THEN
          RETURN NULL;
        ELSIF said ~ ('^' || day || '$') THEN
          moment := said::timestamp AT TIME ZONE zone;
          IF type = 'DATE' THEN
            RETURN value;
          END IF;
        ELSIF said ~ ('^' || day || clock || zone_of || '$') THEN
          moment := said::timestamptz;
        ELSIF said ~ ('^' || day || clock || '$') THEN
          moment := said::timestamp AT TIME ZONE zone;
        ELSE
          RETURN NULL;
        END IF;
        IF type = 'DATETIME' THEN
          RETURN to_jsonb(to_char(moment AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'));
        ELSIF (moment AT TIME ZONE zone)::date::timestamp AT TIME ZONE zone = moment THEN
          RETURN to_jsonb(to_char(moment AT TIME ZONE zone, 'YYYY-MM-DD'));
        END IF;
      END CASE;
      RETURN NULL;
    EXCEPTION WHEN datetime_field_overflow OR invalid_datetime_format THEN
      RETURN NULL;
    END $$
"""

# It may be applied again to what it made: such attributes stay as they are.
CHANGED = """
    CREATE FUNCTION seggraph_changed(stored jsonb, change jsonb) RETURNS jsonb
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE STRICT AS $$
    DECLARE
      name text := change ->> 'name';
      former text := change ->> 'former';
      converted jsonb;
    BEGIN
      IF former IS NOT NULL THEN
        IF NOT stored ? former THEN
          RETURN stored;
        ELSIF stored ? name AND NOT (change ->> 'prefer_former')::boolean THEN
          RETURN stored - former;
        END IF;
        RETURN stored - former || jsonb_build_object(name, stored -> former);
      ELSIF NOT stored ? name THEN
        RETURN stored;
      ELSIF change ->> 'type' IS NOT NULL THEN
        converted := seggraph_converted(stored -> name, change ->> 'type', change ->> 'zone');
        IF converted IS NOT NULL THEN
          RETURN stored || jsonb_build_object(name, converted);
        END IF;
      END IF;
      RETURN stored - name;
    END $$
"""

SETTLED = """
    CREATE FUNCTION seggraph_settled(of_workspace bigint, of_kind smallint, stored jsonb) RETURNS jsonb
    LANGUAGE plpgsql STABLE PARALLEL SAFE AS $$
    DECLARE
      one jsonb;
    BEGIN
      FOR one IN SELECT a.change FROM attributes a
        WHERE a.workspace_id = of_workspace AND a.kind = of_kind AND a.change IS NOT NULL
          AND a.change ->> 'becomes' IS NULL ORDER BY a.id
      LOOP
        stored := seggraph_changed(stored, one);
      END LOOP;
      RETURN stored;
    END $$
"""

FUNCTIONS = [
    (CONVERTED, "DROP FUNCTION seggraph_converted(jsonb, text, text)"),
    (CHANGED, "DROP FUNCTION seggraph_changed(jsonb, jsonb)"),
    (SETTLED, "DROP FUNCTION seggraph_settled(bigint, smallint, jsonb)"),
]


class Migration(migrations.Migration):
    dependencies = [("seggraph", "0041_reports_and_events_from_files")]

    operations = [
        ops.AlterModelOptions(
            name="Attribute",
            options={
                "table": "attributes",
                "app": "seggraph",
                "unique_together": (("workspace_id", "kind", "name"),),
                "pk_attr": "id",
                "table_description": "A typed custom field of one kind in one workspace.",
            },
        ),
        ops.AddField(
            model_name="Attribute",
            name="change",
            field=fields.JSONField(
                null=True, description="What is being done to the values of the members; null: nothing"
            ),
        ),
        ops.AddField(
            model_name="Population",
            name="catalogue_version",
            field=fields.IntField(
                default=0, db_default=0, description="How often attributes were changed that members may have"
            ),
        ),
        ops.AlterField(
            model_name="BulkEdit",
            name="action",
            field=fields.CharEnumField(
                description=(
                    "TAG_MEMBERS: TAG_MEMBERS\nSET_CONSENTS: SET_CONSENTS\nCHANGE_ATTRIBUTE: CHANGE_ATTRIBUTE"
                ),
                enum_type=BulkEditAction,
                max_length=16,
            ),
        ),
        *(ops.RunSQL(forward, reverse_sql=back) for forward, back in FUNCTIONS),
        ops.RunSQL(
            "CREATE INDEX attributes_changing ON attributes (workspace_id) WHERE change IS NOT NULL",
            reverse_sql="DROP INDEX attributes_changing",
        ),
    ]
