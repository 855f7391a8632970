"""Users are invited by email, deactivated and signed out, and have a name in each workspace."""

from tortoise import fields, migrations
from tortoise.migrations import operations as ops

DROP = ["DROP TRIGGER users_rights ON users", "DROP TRIGGER workspace_users_rights ON workspace_users"]


def _create(table: str, columns: str) -> str:
    return (
        f"CREATE TRIGGER {table}_rights AFTER UPDATE OF {columns} OR DELETE ON {table}"
        " FOR EACH STATEMENT EXECUTE FUNCTION count_rights_changes()"
    )


REMOVE_INVITED = "DELETE FROM users WHERE subject IS NULL"
"""Going back: who has not signed in yet cannot be kept."""

REMOVE_DEACTIVATED = "DELETE FROM workspace_users WHERE deactivated_at IS NOT NULL"
"""Going back: who may not sign in must not be able to."""


def _text(name: str, length: int) -> ops.AddField:
    return ops.AddField(
        model_name="WorkspaceUser",
        name=name,
        field=fields.CharField(null=True, description="Null: that of the user", max_length=length),
    )


def _instant(name: str, description: str) -> ops.AddField:
    return ops.AddField(
        model_name="WorkspaceUser",
        name=name,
        field=fields.DatetimeField(null=True, description=description, auto_now=False, auto_now_add=False),
    )


class Migration(migrations.Migration):
    dependencies = [("seggraph", "0033_api_keys")]

    operations = [
        # a trigger that names a column keeps it from being changed
        ops.RunSQL(DROP, reverse_sql=[_create("users", "subject"), _create("workspace_users", "role")]),
        ops.AlterField(
            model_name="User",
            name="subject",
            field=fields.CharField(null=True, unique=True, max_length=255),
        ),
        _text("name", 200),
        _text("email", 320),
        _instant("deactivated_at", "Null: the user may sign in"),
        _instant("role_as_of", "Older tokens do not change the role"),
        _instant("tokens_after", "Tokens that are older are refused"),
        ops.RunSQL(
            [
                _create("users", "subject"),
                _create("workspace_users", "role, deactivated_at, tokens_after, user_id"),
            ],
            reverse_sql=[REMOVE_DEACTIVATED, REMOVE_INVITED, *DROP],
        ),
    ]
