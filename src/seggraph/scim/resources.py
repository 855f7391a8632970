"""The resources of SCIM, with the attributes that are stored; others are ignored, as RFC 7644 section 3.3 has it.

They are models of scim2-models, so the schemas that clients read at /Schemas are made from them.
"""

import hashlib
from typing import Annotated, Any, Final

import orjson
from scim2_models import (
    URN,
    AuthenticationScheme,
    Bulk,
    CaseExact,
    ChangePassword,
    ComplexAttribute,
    Context,
    ETag,
    Meta,
    MultiValuedComplexAttribute,
    Mutability,
    Patch,
    Required,
    Resource,
    ResourceType,
    Schema,
    ScimPolicy,
    ServiceProviderConfig,
    Sort,
    Uniqueness,
)
from scim2_models.resources.service_provider_config import Filter

from seggraph.services.directory.conditions import MOST
from seggraph.services.directory.groups import DirectoryGroup, GroupDraft
from seggraph.services.directory.users import DirectoryUser, UserDraft
from seggraph.values import global_ids

POLICY: Final = ScimPolicy(
    unknown=ScimPolicy.Unknown.ignore,
    remove_value_as_filter=ScimPolicy.RemoveValue.apply,
    unmatched_path_filter=ScimPolicy.UnmatchedPathFilter.create,
)
"""What is tolerated: attributes that are not kept, and what Entra ID sends beside the RFC."""


class Name(ComplexAttribute):
    """The parts of a name."""

    formatted: str | None = None
    """The whole name, which is the same as displayName."""

    given_name: str | None = None
    """The given name."""

    family_name: str | None = None
    """The family name."""


class Email(MultiValuedComplexAttribute):
    """An email address."""

    value: str | None = None
    """The address."""

    type: str | None = None
    """What it is for, like work."""

    primary: bool | None = None
    """Whether it is the one that counts."""


class UserGroup(MultiValuedComplexAttribute):
    """A group that a user is in."""

    value: Annotated[str | None, Mutability.read_only] = None
    """The id of the group."""

    display: Annotated[str | None, Mutability.read_only] = None
    """The name of the group."""


class User(Resource[Any]):
    """A person who may sign in."""

    __schema__ = URN("urn:ietf:params:scim:schemas:core:2.0:User")

    user_name: Annotated[str | None, Uniqueness.server, Required.true] = None
    """What the identity provider calls the user; unique in the workspace, whatever the case."""

    name: Name | None = None
    """The parts of the name."""

    display_name: str | None = None
    """The name that others see; without it the given and the family name."""

    active: bool | None = None
    """Whether the user may sign in."""

    emails: list[Email] | None = None
    """The email addresses, of which the primary one is kept, or the one for work, or the first."""

    groups: Annotated[list[UserGroup] | None, Mutability.read_only] = None
    """The groups that the user is in; change them at the groups."""


class Member(MultiValuedComplexAttribute):
    """A member of a group."""

    value: Annotated[str | None, Mutability.immutable, CaseExact.true] = None
    """The id of the user."""

    display: str | None = None
    """The name of the user; what is sent is ignored."""


class Group(Resource[Any]):
    """A group of users. Its displayName or its externalId may have a role."""

    __schema__ = URN("urn:ietf:params:scim:schemas:core:2.0:Group")

    display_name: Annotated[str | None, Uniqueness.server, Required.true] = None
    """The name of the group; unique in the workspace, whatever the case."""

    members: list[Member] | None = None
    """The users in the group."""


MODELS: Final[tuple[type[User] | type[Group], ...]] = (User, Group)


def user_resource(user: DirectoryUser) -> User:
    """A user as SCIM shows them."""
    return User(
        id=global_ids.global_id("User", user.id),
        external_id=user.external_id,
        user_name=user.user_name,
        name=Name(formatted=user.name, given_name=user.given_name, family_name=user.family_name),
        display_name=user.name,
        active=user.active,
        emails=[Email(value=user.email, type="work", primary=True)] if user.email else None,
        groups=[
            UserGroup(value=global_ids.global_id("DirectoryGroup", number), display=name)
            for number, name in user.groups
        ]
        or None,
        meta=Meta(resource_type="User", created=user.created_at, last_modified=user.updated_at),
    )


def user_draft(user: User, before: DirectoryUser | None = None) -> UserDraft:
    """What a resource says about a user.

    Of the display name, the whole name and its parts the first one counts that is not as before.
    """
    name = user.name or Name()
    parts = name.given_name or None, name.family_name or None
    shown = user.display_name or name.formatted
    if before is not None and shown == before.name:
        if name.formatted and name.formatted != before.name:
            shown = name.formatted
        elif any(parts) and parts != (before.given_name, before.family_name):
            shown = None
    return UserDraft(
        user_name=user.user_name or "",
        external_id=user.external_id,
        name=shown,
        given_name=name.given_name,
        family_name=name.family_name,
        email=_address(user.emails or []),
        active=user.active is not False,
    )


def _address(emails: list[Email]) -> str | None:
    """The one address that counts of those that have a value."""
    given = [email for email in emails if (email.value or "").strip()]
    ranked = sorted(given, key=lambda email: (not email.primary, (email.type or "").lower() != "work"))
    return ranked[0].value if ranked else None


def group_resource(group: DirectoryGroup) -> Group:
    """A group as SCIM shows it."""
    return Group(
        id=global_ids.global_id("DirectoryGroup", group.id),
        external_id=group.external_id,
        display_name=group.display_name,
        members=[
            Member(value=global_ids.global_id("User", number), display=name) for number, name in group.members
        ]
        or None,
        meta=Meta(resource_type="Group", created=group.created_at, last_modified=group.updated_at),
    )


def group_draft(group: Group) -> GroupDraft:
    """What a resource says about a group; a member whose id is none has the number 0, which nobody has."""
    values = [member.value or "" for member in group.members or []]
    numbers = [number_of("User", value) or 0 for value in values]
    return GroupDraft(group.display_name or "", group.external_id, list(dict.fromkeys(numbers)))


def number_of(type_name: str, id_: str) -> int | None:
    """The number in an id; None for a text that is no id of this type."""
    return global_ids.find(type_name, id_)


def version_of(resource: User | Group) -> str:
    """The version of a resource, for `ETag`: another one for each other content."""
    content = resource.model_dump(scim_ctx=Context.DEFAULT, exclude={"meta"})
    return f'W/"{hashlib.sha256(orjson.dumps(content)).hexdigest()[:32]}"'


def service_provider_config() -> ServiceProviderConfig:
    """What is supported."""
    return ServiceProviderConfig(
        patch=Patch(supported=True),
        bulk=Bulk(supported=False, max_operations=0, max_payload_size=0),
        filter=Filter(supported=True, max_results=MOST),
        change_password=ChangePassword(supported=False),
        sort=Sort(supported=False),
        etag=ETag(supported=True),
        authentication_schemes=[
            AuthenticationScheme(
                type="oauthbearertoken",
                name="API key",
                description="An API key with the scope PROVISIONING, as a bearer token.",
                primary=True,
            )
        ],
    )


def schemas() -> list[Schema]:
    """The schemas of the resources."""
    return [model.to_schema() for model in MODELS]


def resource_types() -> list[ResourceType]:
    """The types of resources."""
    return [ResourceType.from_resource(model) for model in MODELS]
