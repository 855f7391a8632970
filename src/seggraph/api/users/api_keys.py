"""API keys in the schema: what administrators see of them, and the mutations."""

from datetime import datetime, timedelta
from typing import Any

import strawberry
from strawberry.types import Info

from seggraph.api.base import ids
from seggraph.api.base.context import caller_of
from seggraph.api.base.errors import ReportErrors, UserError
from seggraph.api.base.node import Node
from seggraph.api.base.scalars import DurationText
from seggraph.api.users.viewer import KeyName, User, load_key_name, load_user
from seggraph.criteria import Duration
from seggraph.services.identity import api_keys
from seggraph.services.identity.api_keys import USUAL_OVERLAP, ApiKeyDraft, ApiKeyView
from seggraph.transport.compiled.loading import awaits_loaders
from seggraph.vocabulary import ApiKeyScope

NETWORKS = (
    "The networks that the key may be used from, up to 50, as addresses or with the length of the prefix, like"
    " 203.0.113.0/24"
)


@strawberry.type(description="A key with which a program signs in: `Authorization: Bearer sgk_live_…`.")
class ApiKey(Node):
    """An API key without its secret."""

    name: str = strawberry.field(description="What the key is for.")
    hint: str = strawberry.field(description="The first characters of the key, to tell keys apart.")
    scope: ApiKeyScope = strawberry.field(description="What the key allows.")
    networks: list[str] | None = strawberry.field(description=f"{NETWORKS}; null if from everywhere.")
    created_at: datetime = strawberry.field(description="When the key was created.")
    expires_at: datetime | None = strawberry.field(
        description="When the key stops working; null if it never does."
    )
    revoked_at: datetime | None = strawberry.field(
        description="When the key was revoked; null if it was not."
    )
    rotated_at: datetime | None = strawberry.field(
        description="When the key got its present secret; null if it has its first one."
    )
    old_works_until: datetime | None = strawberry.field(
        description="Until when the secret before the last rotation works; null if the key was never rotated."
    )
    last_used_at: datetime | None = strawberry.field(
        description="When the key was last used, to the minute; null if it never was."
    )
    created_by_number: strawberry.Private[int | None] = None
    created_by_key_number: strawberry.Private[int | None] = None

    @strawberry.field(
        description="The user who created the key; null if another API key did, or if the user was deleted."
    )
    @awaits_loaders
    async def created_by(self, info: Info) -> User | None:
        """Load the user."""
        return await load_user(info, self.created_by_number)

    @strawberry.field(
        description="The API key that created it; null if a user did, or if that key was deleted."
    )
    @awaits_loaders
    async def created_by_key(self, info: Info) -> KeyName | None:
        """Load the name of the key."""
        return await load_key_name(info, self.created_by_key_number)

    @staticmethod
    def of(view: ApiKeyView) -> "ApiKey":
        """The key as the service reads it."""
        return ApiKey(
            id=ids.encode("ApiKey", view.id),
            name=view.name,
            hint=view.hint,
            scope=view.scope,
            networks=view.networks,
            created_at=view.created_at,
            expires_at=view.expires_at,
            revoked_at=view.revoked_at,
            rotated_at=view.rotated_at,
            old_works_until=view.previous_until,
            last_used_at=view.last_used_at,
            created_by_number=view.created_by_id,
            created_by_key_number=view.created_by_key_id,
        )


@strawberry.type(description="The API key as the mutation left it, or the errors.")
class ApiKeyPayload:
    """Payload of the mutations of API keys."""

    api_key: ApiKey | None = strawberry.field(
        default=None, description="The API key; null if there are errors."
    )
    secret: str | None = strawberry.field(
        default=None,
        description="The key itself. It is returned only when the key is created or rotated, and is not"
        " stored.",
    )
    errors: list[UserError] = strawberry.field(
        default_factory=list, description="The errors in the input; empty on success."
    )


@strawberry.input(description="The API key to create.")
class CreateApiKeyInput:
    """Input of createApiKey."""

    name: str = strawberry.field(description="What the key is for; unique in the workspace.")
    scope: ApiKeyScope = strawberry.field(default=ApiKeyScope.READ, description="What the key allows.")
    expires_at: datetime | None = strawberry.field(
        default=None, description="When the key stops working; default: never."
    )
    networks: list[str] | None = strawberry.field(
        default=None, description=f"{NETWORKS}; default: from everywhere."
    )


@strawberry.input(
    description="The changes of an API key. A field that is absent stays as it is. The scope cannot be changed."
)
class UpdateApiKeyInput:
    """Input of updateApiKey."""

    id: strawberry.ID = strawberry.field(description="The global id of the API key.")
    name: str | None = strawberry.field(
        default=None, description="What the key is for; unique in the workspace. Null leaves it as it is."
    )
    expires_at: datetime | None = strawberry.field(
        default=strawberry.UNSET, description="When the key stops working; null: never."
    )
    networks: list[str] | None = strawberry.field(
        default=strawberry.UNSET, description=f"{NETWORKS}; null: from everywhere."
    )


@strawberry.input(description="The API key that gets another secret.")
class RotateApiKeyInput:
    """Input of rotateApiKey."""

    id: strawberry.ID = strawberry.field(description="The global id of the API key.")
    old_works_for: DurationText | None = strawberry.field(
        default=None,
        description="For how long the present secret works on, up to P30D; PT0S: not at all. Default P1D.",
    )


@strawberry.input(description="The API key to revoke.")
class ApiKeyIdInput:
    """Input of revokeApiKey."""

    id: strawberry.ID = strawberry.field(description="The global id of the API key.")


@strawberry.type
class ApiKeyQueries:
    """The queries of API keys."""

    @strawberry.field(
        description="The API keys of the workspace, newest first, including revoked ones. Administrators"
        " only."
    )
    async def api_keys(self, info: Info) -> list[ApiKey]:
        """List the keys."""
        return [ApiKey.of(view) for view in await api_keys.list_all(caller_of(info).viewer)]


@strawberry.type
class ApiKeyMutations:
    """The mutations of API keys."""

    @strawberry.mutation(
        description="Create an API key. Administrators only.", extensions=[ReportErrors(ApiKeyPayload)]
    )
    async def create_api_key(self, info: Info, input: CreateApiKeyInput) -> ApiKeyPayload:
        """Create a key."""
        draft = ApiKeyDraft(input.name, input.scope, input.expires_at, input.networks)
        view, secret = await api_keys.create(caller_of(info).viewer, draft)
        return ApiKeyPayload(api_key=ApiKey.of(view), secret=secret)

    @strawberry.mutation(
        description="Change the name, the networks or the expiry of an API key. Administrators only.",
        extensions=[ReportErrors(ApiKeyPayload)],
    )
    async def update_api_key(self, info: Info, input: UpdateApiKeyInput) -> ApiKeyPayload:
        """Change a key."""
        values: dict[str, Any] = {
            "name": input.name,
            "expires_at": input.expires_at,
            "networks": input.networks,
        }
        given = {name: value for name, value in values.items() if value is not strawberry.UNSET}
        view = await api_keys.update(caller_of(info).viewer, ids.decode("ApiKey", input.id), given)
        return ApiKeyPayload(api_key=ApiKey.of(view))

    @strawberry.mutation(
        description="Create another secret for an API key; the one before works on for a while."
        " Administrators only.",
        extensions=[ReportErrors(ApiKeyPayload)],
    )
    async def rotate_api_key(self, info: Info, input: RotateApiKeyInput) -> ApiKeyPayload:
        """Rotate a key."""
        overlap = USUAL_OVERLAP if input.old_works_for is None else _length(input.old_works_for)
        number = ids.decode("ApiKey", input.id)
        view, secret = await api_keys.rotate(caller_of(info).viewer, number, overlap=overlap)
        return ApiKeyPayload(api_key=ApiKey.of(view), secret=secret)

    @strawberry.mutation(
        description="Revoke an API key: it stops working at once. Administrators only.",
        extensions=[ReportErrors(ApiKeyPayload)],
    )
    async def revoke_api_key(self, info: Info, input: ApiKeyIdInput) -> ApiKeyPayload:
        """Revoke a key."""
        view = await api_keys.revoke(caller_of(info).viewer, ids.decode("ApiKey", input.id))
        return ApiKeyPayload(api_key=ApiKey.of(view))


def _length(text: DurationText) -> timedelta:
    """How long an overlap is; months and years have no fixed length, and are too long for it anyway."""
    duration = Duration.parse(text)
    return timedelta(days=duration.days + 31 * duration.months, seconds=duration.seconds)
