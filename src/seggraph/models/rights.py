"""The version of the rights of users and API keys."""

from tortoise import fields
from tortoise.models import Model


class RightsVersion(Model):
    """How often rights were withdrawn or changed: one row, which triggers count up in the transaction of the change.

    The triggers are on roles, users and API keys. A process that reads the row knows whether credentials that it has
    checked have to be checked again.
    """

    id = fields.BigIntField(primary_key=True)
    version = fields.BigIntField()

    class Meta:
        """Table name."""

        table = "rights_version"
