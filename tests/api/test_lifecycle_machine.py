"""Random lives of segments through the API, against a model of a few lines: Hypothesis chooses who does what next.

The machine's rules run in a thread and talk HTTP to the server of this process, whose worker does the computing.
After every step everything settles, and what the API says of every segment is what the model says.
"""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Final

import httpx
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    invariant,
    multiple,
    rule,
    run_state_machine_as_test,
)

from seggraph.context import Context
from seggraph.vocabulary import Role
from tests.api.lifecycle import CLONE, CREATE, DELETE, HAND, STEP, STEPS, UPDATE, UPSERT
from tests.conftest import new_viewer
from tests.product import PATIENCE_SECONDS, Server, working

EXAMPLES: Final = 4
STEPS_EACH: Final = 18
MOST_SEGMENTS: Final = 10

ALL: Final = """
    { segments(first: 100, filter: {statuses: [DRAFT, ACTIVE, PAUSED, ARCHIVED]}) { nodes {
        id status lastAction version memberCount transitions lastModifiedBy { email }
        reach { status } freshness { pendingChanges }
    } } }
"""

WAYS: Final = {
    "DRAFT": ["EDIT", "ACTIVATE", "CLONE", "DELETE"],
    "ACTIVE": ["EDIT", "RECALCULATE", "PAUSE", "ARCHIVE", "CLONE"],
    "PAUSED": ["EDIT", "RESUME", "ARCHIVE", "CLONE"],
    "ARCHIVED": ["UNARCHIVE", "CLONE", "DELETE"],
}
LEADS_TO: Final = {
    "activate": ("ACTIVE", "ACTIVATED"),
    "pause": ("PAUSED", "PAUSED"),
    "resume": ("ACTIVE", "RESUMED"),
    "archive": ("ARCHIVED", "ARCHIVED"),
    "unarchive": ("ACTIVE", "UNARCHIVED"),
}
MEMBERS: Final = ("a", "b", "c", "d")

actors = st.sampled_from(["admin", "admin", "admin", "leader", "leader", "member", "stranger"])
countries = st.sampled_from(["DE", "FR"])
some_members = st.lists(st.sampled_from(MEMBERS), min_size=1, max_size=3, unique=True)
staleness = st.sampled_from([None, None, None, 0, 0, -1, 1])
"""What is added to the right version; None gives no version at all."""


@dataclass
class Life:
    """What the model knows of a segment."""

    id: str
    type: str
    status: str
    action: str
    modifier: str
    owner: str | None = None
    """Whose private segment it is."""
    country: str | None = None
    version: int = 1
    by_hand: set[str] = field(default_factory=set)
    blocked: set[str] = field(default_factory=set)
    members: set[str] = field(default_factory=set)
    is_deleted: bool = False

    def touch(self, action: str, actor: str) -> None:
        self.version, self.action, self.modifier = self.version + 1, action, actor

    def follow(self, world: dict[str, str]) -> None:
        """While it is ACTIVE, its members are those that the criteria match, without the blocked, and the hand's."""
        if self.status == "ACTIVE":
            matched = {one for one, country in world.items() if country == self.country}
            self.members = (matched - self.blocked) | self.by_hand

    def refusal(self, actor: str, way: str, stale: int | None) -> str | None:
        """The code with which something is refused before it is looked at any closer."""
        if self.is_deleted or actor == "stranger" or (self.owner and actor == "member" != self.owner):
            return "NOT_FOUND"
        if actor == "member" != self.owner and way != "CLONE":
            return "FORBIDDEN"
        if stale:
            return "CONFLICT"
        if way not in WAYS[self.status] and (way, self.status) != ("ACTIVATE", "ACTIVE"):
            return "BAD_TRANSITION"
        return None


class Lives(RuleBasedStateMachine):
    """The rules. Each example has workspaces of its own."""

    server: ClassVar[Server]
    loop: ClassVar[asyncio.AbstractEventLoop]
    segments = Bundle("segments")

    @initialize(target=segments)
    def begin(self) -> Any:
        """Workspaces of its own, members, and a segment in each status to go on from."""
        self.open_workspaces()
        self.upsert(["a", "b"], "DE")
        lives = [self.create("admin", "DE", False, None) for _ in range(3)]
        lives.append(self.create("admin", None, True, None))
        self.everything_is_as_the_model_says()  # before any is put away: a run under way would be void
        for life, name in ((lives[1], "pause"), (lives[2], "archive")):
            self.step(life, "admin", STEPS.index(name), is_possible=False, stale=None)
        return multiple(*lives)

    def open_workspaces(self) -> None:
        self.world: dict[str, str] = {}
        self.lives: list[Life] = []
        self.names = 0
        self.clients: dict[str, httpx.Client] = {}
        opened = asyncio.run_coroutine_threadsafe(self.open(), self.loop).result(PATIENCE_SECONDS)
        self.subjects = {actor: subject for actor, (subject, _) in opened.items()}
        for actor, (subject, workspace_id) in opened.items():
            credential = self.server.token(subject, workspace_id)
            self.clients[actor] = httpx.Client(
                base_url=f"http://127.0.0.1:{self.server.port}",
                headers={"Authorization": f"Bearer {credential}"},
                timeout=PATIENCE_SECONDS,
            )

    @staticmethod
    async def open() -> dict[str, tuple[str, int]]:
        """The subjects of the actors, and their workspaces."""
        admin, stranger = await new_viewer("Ours"), await new_viewer("Theirs")
        ours, theirs = admin.workspace_id, stranger.workspace_id
        for role in (Role.LEADER, Role.TEAM_MEMBER):
            await new_viewer("", role, workspace_id=ours)
        return {
            "admin": (f"admin-{ours}@example.com", ours),
            "leader": (f"leader-{ours}@example.com", ours),
            "member": (f"team_member-{ours}@example.com", ours),
            "stranger": (f"admin-{theirs}@example.com", theirs),
        }

    def teardown(self) -> None:
        for client in getattr(self, "clients", {}).values():
            client.close()

    def ask(self, actor: str, query: str, **variables: Any) -> dict[str, Any]:
        reply = self.clients[actor].post("/graphql", json={"query": query, "variables": variables}).json()
        assert "errors" not in reply, reply
        data: dict[str, Any] = reply["data"]
        return data

    def tell(self, actor: str, mutation: str, expected: str | None, **given: Any) -> dict[str, Any]:
        """The payload of a mutation, which is refused with the expected code, or done if there is none."""
        payload: dict[str, Any] = self.ask(actor, mutation, input=given)["answer"]
        assert [error["code"] for error in payload["errors"]] == ([expected] if expected else [])
        return payload

    def name(self) -> str:
        self.names += 1
        return f"Segment {self.names}"

    def add(self, life: Life) -> Life:
        self.lives.append(life)
        return life

    @staticmethod
    def versioned(life: Life, stale: int | None) -> dict[str, Any]:
        return {"id": life.id} | ({} if stale is None else {"version": life.version + stale})

    @rule(
        target=segments,
        actor=st.sampled_from(["admin", "leader", "member"]),
        country=st.none() | countries,
        is_static=st.booleans(),
        activate=st.none() | st.booleans(),
    )
    def create(self, actor: str, country: str | None, is_static: bool, activate: bool | None) -> Any:
        if len(self.lives) >= MOST_SEGMENTS:
            return multiple()
        country = None if is_static else country
        needs_more = bool(activate) and not is_static and country is None
        payload = self.tell(
            actor,
            CREATE,
            "REQUIRED" if needs_more else None,
            name=self.name(),
            kind="ACCOUNT",
            type="STATIC" if is_static else "DYNAMIC",
            activate=activate,
            criteria=country and is_from(country),
        )
        if needs_more:
            return multiple()
        is_active = country is not None if activate is None else activate
        return self.add(
            Life(
                payload["segment"]["id"],
                "STATIC" if is_static else "DYNAMIC",
                "ACTIVE" if is_active else "DRAFT",
                "CREATED",
                actor,
                owner="member" if actor == "member" else None,
                country=country,
            )
        )

    @rule(life=segments, actor=actors, choice=st.integers(0, 5), is_possible=st.booleans(), stale=staleness)
    def step(self, life: Life, actor: str, choice: int, is_possible: bool, stale: int | None) -> None:
        names = [name for name in STEPS if name.upper() in WAYS[life.status] or not is_possible]
        name = names[choice % len(names)]
        expected = life.refusal(actor, name.upper(), stale)
        if expected is None and name == "activate" and life.type == "DYNAMIC" and life.country is None:
            expected = "REQUIRED"
        self.tell(actor, STEP % name, expected, **self.versioned(life, stale))
        if expected is None and name in LEADS_TO and life.status != LEADS_TO[name][0]:
            life.status, action = LEADS_TO[name]
            life.touch(action, actor)

    @rule(life=segments, actor=st.sampled_from(["admin", "leader"]), choice=st.integers(0, 5))
    def step_on(self, life: Life, actor: str, choice: int) -> None:
        """Most steps are possible ones, so that lives get far."""
        self.step(life, actor, choice, is_possible=True, stale=None)

    @rule(life=segments, actor=actors, country=st.none() | countries, stale=staleness, activate=st.booleans())
    def edit(self, life: Life, actor: str, country: str | None, stale: int | None, activate: bool) -> None:
        expected = life.refusal(actor, "EDIT", stale)
        change: dict[str, Any] = {"name": self.name(), "activate": activate}
        if country is not None:
            change["criteria"] = is_from(country)
            if expected is None and life.type == "STATIC":
                expected = "INVALID"
        self.tell(actor, UPDATE, expected, **self.versioned(life, stale), **change)
        if expected is None:
            life.touch("EDITED", actor)
            if country is not None:
                is_activated = life.status == "DRAFT" and activate
                life.status, life.country = "ACTIVE" if is_activated else life.status, country

    @rule(target=segments, life=segments, actor=actors, stale=staleness)
    def clone(self, life: Life, actor: str, stale: int | None) -> Any:
        if len(self.lives) >= MOST_SEGMENTS:
            return multiple()
        expected = life.refusal(actor, "CLONE", stale)
        payload = self.tell(actor, CLONE, expected, **self.versioned(life, stale), name=self.name())
        if expected is not None:
            return multiple()
        is_private = actor == "member" or life.owner is not None
        return self.add(
            Life(
                payload["segment"]["id"],
                life.type,
                "DRAFT" if life.status == "DRAFT" else "ACTIVE",
                "CLONED",
                actor,
                owner=actor if is_private else None,
                country=life.country,
                by_hand=set(life.by_hand),
                blocked=set(life.blocked),
            )
        )

    @rule(life=segments, actor=actors, stale=staleness)
    def delete(self, life: Life, actor: str, stale: int | None) -> None:
        expected = life.refusal(actor, "DELETE", stale)
        payload = self.tell(actor, DELETE, expected, **self.versioned(life, stale))
        assert payload["deletedId"] == (None if expected else life.id)
        life.is_deleted = life.is_deleted or expected is None

    @rule(life=segments, actor=actors, hand=st.sampled_from(["add", "remove"]), members=some_members)
    def use_hands(self, life: Life, actor: str, hand: str, members: list[str]) -> None:
        way = "EDIT" if life.status == "ACTIVE" or (life.status, life.type) == ("DRAFT", "STATIC") else "none"
        expected = life.refusal(actor, way, None)
        self.tell(actor, HAND % hand, expected, segmentIds=[life.id], externalIds=members)
        found = set(members) & self.world.keys()
        if expected is not None or not found:
            return
        if hand == "add":
            life.by_hand |= found
            if life.status == "DRAFT":
                life.status = "ACTIVE"
                life.touch("ACTIVATED", actor)
        else:
            life.by_hand -= found
            if life.type == "DYNAMIC":
                life.blocked |= found

    @rule(members=some_members, country=countries)
    def upsert(self, members: Sequence[str], country: str) -> None:
        rows = [{"externalId": one, "country": country} for one in members]
        assert self.ask("leader", UPSERT, kind="ACCOUNT", members=rows)["upsertMembers"]["errors"] == []
        self.world |= dict.fromkeys(members, country)

    @invariant()
    def everything_is_as_the_model_says(self) -> None:
        if not hasattr(self, "lives"):
            return
        found = self.settled()
        expected = {}
        for life in self.lives:
            life.follow(self.world)
            if not life.is_deleted:
                expected[life.id] = (
                    life.status,
                    life.action,
                    life.version,
                    len(life.members),
                    WAYS[life.status],
                    self.subjects[life.modifier],
                )
        assert found == expected

    def settled(self) -> dict[str, tuple[Any, ...]]:
        """All segments as an administrator sees them, when nothing is CALCULATING and no change waits.

        They are read once more then: what waits is read after the counts, which may be from before a refresh.
        """
        deadline = time.monotonic() + PATIENCE_SECONDS
        while any(is_busy(node) for node in self.all_segments()):
            assert time.monotonic() < deadline, self.all_segments()
            time.sleep(0.01)
        keys = ("status", "lastAction", "version", "memberCount", "transitions")
        return {
            node["id"]: (*(node[key] for key in keys), node["lastModifiedBy"]["email"])
            for node in self.all_segments()
        }

    def all_segments(self) -> list[dict[str, Any]]:
        nodes: list[dict[str, Any]] = self.ask("admin", ALL)["segments"]["nodes"]
        return nodes


def is_from(country: str) -> dict[str, Any]:
    return {"attribute": {"field": "country", "op": "EQ", "value": country}}


def is_busy(node: dict[str, Any]) -> bool:
    return node["reach"]["status"] == "CALCULATING" or bool(node["freshness"]["pendingChanges"])


async def test_random_lives_go_as_the_model_says(context: Context, server: Server) -> None:
    Lives.server, Lives.loop = server, asyncio.get_running_loop()
    few = settings(
        max_examples=EXAMPLES,
        stateful_step_count=STEPS_EACH,
        deadline=None,
        phases=(Phase.explicit, Phase.reuse, Phase.generate),  # shrinking would take minutes
        suppress_health_check=list(HealthCheck),
    )
    async with working(context):
        await asyncio.to_thread(run_state_machine_as_test, Lives, settings=few)
