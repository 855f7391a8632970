"""Workspaces: the tenants."""

from typing import Any

from tortoise import fields
from tortoise.models import Model

from seggraph.vocabulary import ConsentPolicy


class Workspace(Model):
    """A tenant. Nothing crosses it: every other table has its id."""

    id = fields.BigIntField(primary_key=True)
    name = fields.CharField(max_length=200)
    time_zone = fields.CharField(
        max_length=64, default="UTC", description="IANA name; calendar operators use it"
    )
    consent_policy = fields.CharEnumField(ConsentPolicy, max_length=16, default=ConsentPolicy.OPT_OUT)
    currency = fields.CharField(max_length=3, default="USD", description="ISO 4217")
    phone_region = fields.CharField(
        max_length=2, null=True, description="ISO 3166: where phone numbers without a country are from"
    )
    event_retention_days = fields.IntField(null=True, description="Null: events are kept for ever")
    events_pruned_at = fields.DatetimeField(null=True)
    least_roles: Any = fields.JSONField(
        default=dict, db_default="{}", description="What was chosen of access.LeastRoles: a role by name"
    )
    created_at = fields.DatetimeField(auto_now_add=True)

    class Meta:
        """Table name."""

        table = "workspaces"
