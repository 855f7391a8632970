"""Rows that are written again and again keep room for it: numbers of segments, and delta rows of audiences.

A refresh writes the numbers of every segment that it changes. Without room in its page each such row went to another
page, with a new entry in each of seven indexes, one of which looks through the criteria. A delta row has up to a few
kilobytes: kept beside its table it was written in pieces of two, and the former pieces waited for vacuum.
"""

from tortoise import migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("seggraph", "0041_reports_and_events_from_files")]

    operations = [
        ops.RunSQL(
            [
                "ALTER TABLE segments SET (fillfactor = 50)",
                "ALTER TABLE chunks SET (toast_tuple_target = 4080)",
            ],
            reverse_sql=[
                "ALTER TABLE segments RESET (fillfactor)",
                "ALTER TABLE chunks RESET (toast_tuple_target)",
            ],
        ),
    ]
