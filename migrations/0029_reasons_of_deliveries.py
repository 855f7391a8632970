"""A delivery has work when members are excluded for another reason, and not only when others are excluded."""

from tortoise import migrations
from tortoise.migrations import operations as ops


def _note(population_roles: str) -> str:
    """The function that the triggers on chunks call: which roles of the population concern a delivery."""
    return f"""
    CREATE OR REPLACE FUNCTION seggraph_note_deliveries() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      INSERT INTO delivery_changes (workspace_id, delivery_id)
      SELECT DISTINCT d.workspace_id, d.id FROM written w JOIN deliveries d ON d.workspace_id = w.workspace_id
        AND ((w.role = 1 AND w.owner_id = d.segment_id)
          OR (w.role IN ({population_roles}) AND w.owner_id = d.population_id))
      WHERE (w.role = 1 OR w.role BETWEEN 11 AND 35) AND d.status IN ('NOT_SENT', 'BUILDING', 'ACTIVE');
      RETURN NULL;
    END $$
    """  # noqa: S608 - constants only


class Migration(migrations.Migration):
    dependencies = [("seggraph", "0028_email_keys")]

    operations = [
        # reachable, addressed and allowed members of the delivery's channel
        ops.RunSQL(
            _note("10 + d.channel, 20 + d.channel, 30 + d.channel"), reverse_sql=_note("10 + d.channel")
        ),
    ]
