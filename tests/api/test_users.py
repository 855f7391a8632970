"""Users: listed, invited, given roles, deactivated, signed out, made by their identity provider; and who may not."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any, get_args

import asyncpg
import jwt
import pytest

from seggraph.access import Viewer
from seggraph.api.base import ids
from seggraph.context import Context
from seggraph.errors import Unauthenticated
from seggraph.services.identity.authentication import authenticate
from seggraph.settings import RoleName, Settings
from seggraph.vocabulary import Role
from tests.api.test_rights_of_now import closed, socket
from tests.api.world import called
from tests.conftest import new_viewer
from tests.product import Product, Server, working

USER = "user { id name email role active subject }"
LIST = """query ($s: String, $r: [Role!], $a: Boolean) {
    users(search: $s, roles: $r, active: $a) { totalCount nodes { name email role active subject } } }"""
CREATE = f"mutation ($i: CreateUserInput!) {{ createUser(input: $i) {{ {USER} errors {{ code path }} }} }}"
UPDATE = f"""mutation ($i: UpdateUserInput!) {{ updateUser(input: $i) {{
    {USER} segmentsHandedOver playbooksHandedOver errors {{ code path }} }} }}"""


@pytest.fixture
async def admin(server: Server, viewer: Viewer) -> AsyncIterator[Product]:
    async with server.sign_in(viewer) as product:
        yield product


def token(settings: Settings, workspace_id: int, subject: str, **more: Any) -> str:
    """A token as an identity provider would make it."""
    assert settings.jwt_secret is not None
    now = datetime.now(UTC)
    claims = {"sub": subject, "workspace": workspace_id, "iss": "seggraph", "aud": "seggraph"}
    claims |= {"iat": now, "exp": now + timedelta(minutes=5)} | more
    present = {name: value for name, value in claims.items() if value is not None}
    return jwt.encode(present, settings.jwt_secret.get_secret_value(), "HS256")


async def signed_in(settings: Settings, workspace_id: int, subject: str, **more: Any) -> Viewer | None:
    """Who signs in with such a token; None for nobody."""
    try:
        return await authenticate(settings, f"Bearer {token(settings, workspace_id, subject, **more)}")
    except Unauthenticated:
        return None


async def errors_of(client: Product, text: str, **given: Any) -> list[tuple[str, list[str] | None]]:
    [payload] = (await client.run(text, i=given)).values()
    assert payload["user"] is None
    return [(error["code"], error["path"]) for error in payload["errors"]]


async def test_a_user_is_created_by_subject_listed_and_signs_in(
    admin: Product, server: Server, viewer: Viewer, settings: Settings
) -> None:
    made = await called(admin, "createUser", USER, subject="auth0|7", email="Ada@Example.com", role="LEADER")
    assert made["user"] | {"id": ""} == {
        "id": "", "name": "Ada", "email": "Ada@Example.com", "role": "LEADER", "active": True,
        "subject": "auth0|7",
    }  # fmt: skip
    await called(admin, "createUser", USER, email="bob@example.com", name="Bob B.", role="TEAM_MEMBER")
    listed = (await admin.run(LIST))["users"]
    assert [one["name"] for one in listed["nodes"]][1:] == ["Ada", "Bob B."]
    assert listed["totalCount"] == 3
    for narrowed in ({"s": "B."}, {"s": "BOB@ex"}, {"r": ["TEAM_MEMBER"]}):
        assert [one["email"] for one in (await admin.run(LIST, **narrowed))["users"]["nodes"]] == [
            "bob@example.com"
        ]
    assert (await admin.run(LIST, s="%"))["users"]["nodes"] == []
    ada = await signed_in(settings, viewer.workspace_id, "auth0|7")
    assert ada is not None
    assert ada.role is Role.LEADER
    async with server.connect(token(settings, viewer.workspace_id, "auth0|7")) as leader:
        # others see who there is, and not by which subject they sign in
        assert {one["subject"] for one in (await leader.run(LIST))["users"]["nodes"]} == {None}
        for text, given in (
            (CREATE, {"email": "x@example.com", "role": "ADMIN"}),
            (UPDATE, {"id": made["user"]["id"], "role": "ADMIN"}),
        ):
            assert await errors_of(leader, text, **given) == [("FORBIDDEN", None)]
    entries = await admin.run(
        "{ auditLog(subjects: [USER], first: 2) { nodes { action subjectName after actor { name } } } }"
    )
    assert [(one["action"], one["subjectName"]) for one in entries["auditLog"]["nodes"]] == [
        ("CREATED", "Bob B."),
        ("CREATED", "Ada"),
    ]


async def test_what_is_refused_about_users(admin: Product, server: Server, viewer: Viewer) -> None:
    own = ids.encode("User", viewer.user_id or 0)
    await called(admin, "createUser", USER, subject="s", email="a@example.com", role="LEADER")
    for given, wanted in (
        ({}, ("REQUIRED", ["subject"])),
        ({"subject": "x" * 256}, ("INVALID", ["subject"])),
        ({"subject": "a\0"}, ("INVALID", ["subject"])),
        ({"email": "nobody"}, ("INVALID", ["email"])),
        ({"email": "b@example.com", "name": "\u202e"}, ("INVALID", ["name"])),
        ({"subject": "s"}, ("DUPLICATE", ["subject"])),
        ({"subject": "t", "email": "A@EXAMPLE.com"}, ("DUPLICATE", ["email"])),
    ):
        assert await errors_of(admin, CREATE, role="LEADER", **given) == [wanted], given
    assert await errors_of(admin, UPDATE, id=own, role="LEADER") == [("LAST_ADMINISTRATOR", ["id"])]
    assert await errors_of(admin, UPDATE, id=own, active=False) == [("LAST_ADMINISTRATOR", ["id"])]
    assert await errors_of(admin, UPDATE, id=own, handOverPrivateTo=own) == [
        ("INVALID", ["handOverPrivateTo"])
    ]
    stranger = await new_viewer("Other")
    theirs = ids.encode("User", stranger.user_id or 0)
    assert await errors_of(admin, UPDATE, id=theirs, role="LEADER") == [("NOT_FOUND", ["id"])]
    assert await errors_of(admin, UPDATE, id=own, handOverPrivateTo=theirs) == [
        ("NOT_FOUND", ["handOverPrivateTo"])
    ]
    async with server.sign_in(stranger) as other:
        assert await errors_of(other, UPDATE, id=own, active=False) == [("NOT_FOUND", ["id"])]


async def test_two_administrators_cannot_both_step_down_at_once(admin: Product, viewer: Viewer) -> None:
    second = await called(admin, "createUser", USER, subject="second", role="ADMIN")
    both = [ids.encode("User", viewer.user_id or 0), second["user"]["id"]]
    # a key of an administrator stays one if they step down
    made = await called(admin, "createApiKey", "secret", name="k", scope="ADMIN")
    async with admin.server.connect(made["secret"]) as key:
        done = await asyncio.gather(*(key.run(UPDATE, i={"id": one, "role": "LEADER"}) for one in both))
    codes = [[error["code"] for error in one["updateUser"]["errors"]] for one in done]
    assert sorted(codes) == [[], ["LAST_ADMINISTRATOR"]]


async def test_no_workspace_sees_what_another_one_calls_a_user(admin: Product, server: Server) -> None:
    await called(
        admin, "createUser", USER, subject="shared", email="real@a.example", name="Real Name", role="LEADER"
    )
    async with server.sign_in(await new_viewer("Other")) as other:
        made = await called(other, "createUser", USER, subject="shared", name="Somebody", role="ADMIN")
        assert (made["user"]["name"], made["user"]["email"]) == ("Somebody", "")
        await called(other, "updateUser", USER, id=made["user"]["id"], name="Renamed", active=False)
    [here] = (await admin.run(LIST, s="real"))["users"]["nodes"]
    assert (here["name"], here["role"], here["active"]) == ("Real Name", "LEADER", True)


async def test_a_leaver_ends_everywhere_and_hands_over(
    context: Context, admin: Product, server: Server, viewer: Viewer, settings: Settings
) -> None:
    leaver = await new_viewer("", Role.TEAM_MEMBER, workspace_id=viewer.workspace_id)
    heir = await new_viewer(
        "", Role.TEAM_MEMBER, workspace_id=viewer.workspace_id, subject="heir@example.com"
    )
    their_id, heirs = ids.encode("User", leaver.user_id or 0), ids.encode("User", heir.user_id or 0)
    async with server.sign_in(leaver) as product:
        segment = await called(
            product, "createSegment", "segment { id visibility }", name="Mine", kind="PERSON", type="STATIC"
        )
        assert segment["segment"]["visibility"] == "PRIVATE"
        criteria = {"attribute": {"field": "country", "op": "EQ", "value": "DE"}}
        await called(
            product, "createPlaybook", "playbook { id }", name="Mine too", kind="PERSON", criteria=criteria,
            addToSegmentIds=[segment["segment"]["id"]],
        )  # fmt: skip
        secret = product.credential
    mine = "{ segments { nodes { name createdBy { id } } } playbooks { nodes { name createdBy { id } } } }"
    watch = "subscription { workspaceEvents(topics: [USER_CHANGED]) { topic subjectId data } }"
    async with server.connect(server.token("heir@example.com", viewer.workspace_id)) as inheriting:
        assert await inheriting.run(mine) == {"segments": {"nodes": []}, "playbooks": {"nodes": []}}
        async with working(context), socket(server, secret) as ws, admin.subscribe(watch) as events:
            waiting = asyncio.create_task(events.next())
            await asyncio.sleep(0)
            given = {"id": their_id, "active": False, "handOverPrivateTo": heirs}
            done = (await admin.run(UPDATE, i=given))["updateUser"]
            assert (done["segmentsHandedOver"], done["playbooksHandedOver"]) == (1, 1)
            assert done["user"]["active"] is False
            assert await closed(ws) == 4403
            # the subscription may have begun after the change: another one it sees for sure
            while not waiting.done():
                await admin.run(UPDATE, i={"id": their_id, "name": "Gone"})
                await asyncio.wait({waiting}, timeout=1)
            event = await waiting
        assert (event["topic"], event["subjectId"]) == ("USER_CHANGED", their_id)
        assert event["data"]["active"] is False
        assert (await inheriting.run(mine)) == {
            "segments": {"nodes": [{"name": "Mine", "createdBy": {"id": heirs}}]},
            "playbooks": {"nodes": [{"name": "Mine too", "createdBy": {"id": heirs}}]},
        }
    subject = f"team_member-{viewer.workspace_id}@example.com"
    assert await signed_in(settings, viewer.workspace_id, subject) is None
    assert await errors_of(admin, UPDATE, id=heirs, handOverPrivateTo=their_id) == [
        ("INVALID", ["handOverPrivateTo"])
    ]
    back = await called(admin, "updateUser", USER, id=their_id, active=True)
    assert back["user"]["active"] is True
    assert await signed_in(settings, viewer.workspace_id, subject) is not None


async def test_withdrawn_tokens_are_refused_and_later_ones_are_not(
    admin: Product, viewer: Viewer, settings: Settings, connection: asyncpg.Connection
) -> None:
    user = (await called(admin, "createUser", USER, subject="s", role="LEADER"))["user"]
    workspace = viewer.workspace_id
    assert await signed_in(settings, workspace, "s", iat=None) is not None
    await called(admin, "updateUser", USER, id=user["id"], signOut=True)
    now = datetime.now(UTC)
    for issued_at in (None, now - timedelta(minutes=1), "soon", True):
        assert await signed_in(settings, workspace, "s", iat=issued_at) is None, issued_at
    assert await signed_in(settings, workspace, "s", iat=now + timedelta(seconds=2)) is not None
    # other users keep theirs
    assert await signed_in(settings, workspace, f"admin-{workspace}@example.com", iat=None) is not None


async def test_an_invitation_is_taken_up_by_the_verified_address_only(
    admin: Product, viewer: Viewer, settings: Settings
) -> None:
    workspace = viewer.workspace_id
    await called(admin, "createUser", USER, email="Eve@Example.com", role="TEAM_MEMBER")
    for wrong in (
        {"email": "eve@example.com"},
        {"email": "eve@example.com", "email_verified": False},
        {"email": "eve@example.com", "email_verified": "true"},
        {"email": "eve@example.com.evil", "email_verified": True},
        {"email": ["eve@example.com"], "email_verified": True},
    ):
        assert await signed_in(settings, workspace, "okta|1", **wrong) is None, wrong
    verified = {"email": "eve@example.COM", "email_verified": True}
    other = await new_viewer("Other")
    assert await signed_in(settings, other.workspace_id, "okta|1", **verified) is None
    eve = await signed_in(settings, workspace, "okta|1", **verified)
    assert eve is not None
    assert eve.role is Role.TEAM_MEMBER
    # from now on the subject counts, and nobody else takes it up
    assert await signed_in(settings, workspace, "okta|1") == eve
    assert await signed_in(settings, workspace, "okta|2", **verified) is None

    # somebody who is known from another workspace is the same person
    await called(admin, "createUser", USER, email="both@example.com", role="LEADER")
    async with admin.server.sign_in(other) as elsewhere:
        known = (await called(elsewhere, "createUser", USER, subject="both", role="ADMIN"))["user"]
    both = await signed_in(settings, workspace, "both", email="both@example.com", email_verified=True)
    assert both is not None
    assert (both.role, ids.encode("User", both.user_id or 0)) == (Role.LEADER, known["id"])

    # a deactivated invitation is none
    gone = (await called(admin, "createUser", USER, email="gone@example.com", role="LEADER"))["user"]
    await called(admin, "updateUser", USER, id=gone["id"], active=False)
    late = {"email": "gone@example.com", "email_verified": True}
    assert await signed_in(settings, workspace, "late", **late) is None


async def test_groups_make_users_and_change_their_roles_only_if_the_settings_say_so(
    admin: Product, viewer: Viewer, settings: Settings
) -> None:
    workspace = viewer.workspace_id
    groups = {"groups": ["everyone", "seg-leaders"]}
    assert await signed_in(settings, workspace, "new", **groups) is None
    on = settings.model_copy(
        update={
            "jwt_provisioning": True,
            "jwt_group_roles": {"seg-admins": "ADMIN", "seg-leaders": "LEADER", "seg-team": "TEAM_MEMBER"},
        }
    )
    for nothing in (
        {},
        {"groups": ["everyone"]},
        {"groups": {"seg-admins": True}},
        {"groups": [["seg-admins"]]},
    ):
        assert await signed_in(on, workspace, "new", **nothing) is None, nothing
    assert await signed_in(on, 10**9, "new", **groups) is None
    made = await signed_in(on, workspace, "new", name="New  Person", **groups)
    assert made is not None
    assert made.role is Role.LEADER
    [listed] = (await admin.run(LIST, s="new person"))["users"]["nodes"]
    assert (listed["role"], listed["subject"]) == ("LEADER", "new")

    # the highest role counts, and the role follows the groups
    both = await signed_in(on, workspace, "new", groups=["seg-team", "seg-admins"])
    assert both is not None
    assert both.role is Role.ADMIN
    demoted = await signed_in(on, workspace, "new", groups="seg-team")
    assert demoted is not None
    assert demoted.role is Role.TEAM_MEMBER
    # a token of before, when there were more rights, does not bring them back; nor does one that does not say when
    for issued_at in (datetime.now(UTC) - timedelta(minutes=2), None):
        old = await signed_in(on, workspace, "new", groups=["seg-admins"], iat=issued_at)
        assert old is not None
        assert old.role is Role.TEAM_MEMBER
    # without any of the groups the role stays, unless there is a default
    kept = await signed_in(on, workspace, "new")
    assert kept is not None
    assert kept.role is Role.TEAM_MEMBER
    by_default = on.model_copy(update={"jwt_default_role": "LEADER"})
    assert await signed_in(by_default, workspace, "newer") is not None

    # nobody comes back by signing in whom an administrator has deactivated
    user_id = ids.encode("User", made.user_id or 0)
    await called(admin, "updateUser", USER, id=user_id, active=False)
    assert await signed_in(on, workspace, "new", groups=["seg-admins"]) is None
    actions = "{ auditLog(subjects: [USER]) { nodes { action actor { name } after } } }"
    entries = (await admin.run(actions))["auditLog"]["nodes"]
    assert {"role": "TEAM_MEMBER", "by": "identity provider"} in [one["after"] for one in entries]


async def test_many_first_sign_ins_at_once_make_one_user(
    admin: Product, viewer: Viewer, settings: Settings
) -> None:
    on = settings.model_copy(update={"jwt_provisioning": True, "jwt_default_role": "TEAM_MEMBER"})
    found = await asyncio.gather(*(signed_in(on, viewer.workspace_id, "new") for _ in range(5)))
    assert len({one.user_id for one in found if one is not None}) == 1
    assert None not in found
    assert (await admin.run(LIST, s="new"))["users"]["totalCount"] == 1


def test_settings_name_the_roles_that_there_are() -> None:
    assert set(get_args(RoleName)) == set(Role)
    with pytest.raises(ValueError, match="jwt_group_roles"):
        Settings(jwt_group_roles={"a": "OWNER"})
