"""Users and their roles in workspaces, the views of lists that they keep, and the version of the rights of all."""

from tortoise import fields
from tortoise.indexes import Index
from tortoise.models import Model

from seggraph.models.workspaces import Workspace
from seggraph.vocabulary import Role, SavedViewList


class User(Model):
    """A person who signs in; never a member. `subject` is the `sub` of their tokens.

    It is null for a person who was invited by email and has not signed in yet.
    """

    id = fields.BigIntField(primary_key=True)
    subject = fields.CharField(max_length=255, unique=True, null=True)
    name = fields.CharField(max_length=200)
    email = fields.CharField(max_length=320)
    created_at = fields.DatetimeField(auto_now_add=True)

    class Meta:
        """Table name."""

        table = "users"


class WorkspaceUser(Model):
    """A user of a workspace, with the role.

    Name and email are those that the workspace gave, so that no workspace sees what another one did.
    """

    id = fields.BigIntField(primary_key=True)
    workspace: fields.ForeignKeyRelation[Workspace] = fields.ForeignKeyField("seggraph.Workspace")
    user: fields.ForeignKeyRelation[User] = fields.ForeignKeyField("seggraph.User")
    role = fields.CharEnumField(Role, max_length=16)
    name = fields.CharField(max_length=200, null=True, description="Null: that of the user")
    email = fields.CharField(max_length=320, null=True, description="Null: that of the user")
    deactivated_at = fields.DatetimeField(null=True, description="Null: the user may sign in")
    role_as_of = fields.DatetimeField(null=True, description="Older tokens do not change the role")
    tokens_after = fields.DatetimeField(null=True, description="Tokens that are older are refused")
    user_name = fields.CharField(max_length=320, null=True, description="The `userName` of SCIM")
    external_id = fields.CharField(max_length=255, null=True, description="The `externalId` of SCIM")
    given_name = fields.CharField(max_length=200, null=True)
    family_name = fields.CharField(max_length=200, null=True)
    removed_at = fields.DatetimeField(null=True, description="When the identity provider deleted the user")
    updated_at = fields.DatetimeField(null=True, description="When SCIM last changed the user")
    workspace_id: int
    user_id: int

    class Meta:
        """Table name and keys."""

        table = "workspace_users"
        unique_together = (("workspace_id", "user_id"),)


class DirectoryGroup(Model):
    """A group of an identity provider, as SCIM sends it. Its name may have a role."""

    id = fields.BigIntField(primary_key=True)
    workspace_id = fields.BigIntField()
    display_name = fields.CharField(max_length=255)
    external_id = fields.CharField(max_length=255, null=True)
    created_at = fields.DatetimeField(auto_now_add=True)
    updated_at = fields.DatetimeField(auto_now_add=True)

    class Meta:
        """Table name."""

        table = "directory_groups"


class DirectoryMembership(Model):
    """A user of a workspace in a group of the identity provider."""

    id = fields.BigIntField(primary_key=True)
    workspace_id = fields.BigIntField()
    group: fields.ForeignKeyRelation[DirectoryGroup] = fields.ForeignKeyField("seggraph.DirectoryGroup")
    user: fields.ForeignKeyRelation[User] = fields.ForeignKeyField("seggraph.User")

    class Meta:
        """Table name and keys."""

        table = "directory_memberships"
        unique_together = (("group_id", "user_id"),)
        indexes = (Index(fields=("workspace_id", "user_id"), name="directory_memberships_by_user"),)


class WithdrawnToken(Model):
    """A token that was withdrawn before it expires, by its `jti`; the row goes when it has expired."""

    id = fields.BigIntField(primary_key=True)
    workspace_id = fields.BigIntField()
    user_id = fields.BigIntField()
    jti = fields.CharField(max_length=255)
    expires_at = fields.DatetimeField(description="The `exp` of the token")

    class Meta:
        """Table name and keys."""

        table = "withdrawn_tokens"
        unique_together = (("workspace_id", "user_id", "jti"),)


class RightsVersion(Model):
    """How often rights were withdrawn or changed: one row, which triggers count up in the transaction of the change.

    The triggers are on roles, users, withdrawn tokens, API keys, and on what workspaces choose about roles. A process
    that reads the row knows whether credentials that it has checked have to be checked again.
    """

    id = fields.BigIntField(primary_key=True)
    version = fields.BigIntField()

    class Meta:
        """Table name."""

        table = "rights_version"


class SavedView(Model):
    """A list as somebody wants to see it again: its filters, search, order and columns, as the client writes them."""

    id = fields.BigIntField(primary_key=True)
    workspace: fields.ForeignKeyRelation[Workspace] = fields.ForeignKeyField("seggraph.Workspace")
    list = fields.CharEnumField(SavedViewList, max_length=16)
    name = fields.CharField(max_length=200)
    name_key = fields.CharField(max_length=600, description="The case-folded name; unique for list and user")
    state = fields.TextField(description="What the client keeps, such as the search part of an address")
    is_shared = fields.BooleanField(default=False, description="Everybody in the workspace sees it")
    created_by: fields.ForeignKeyRelation[User] = fields.ForeignKeyField("seggraph.User")
    created_at = fields.DatetimeField(auto_now_add=True)
    modified_at = fields.DatetimeField(auto_now_add=True)
    workspace_id: int
    created_by_id: int

    class Meta:
        """Table name and keys."""

        table = "saved_views"
        unique_together = (("workspace_id", "created_by_id", "list", "name_key"),)
