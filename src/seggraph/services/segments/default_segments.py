"""The segments that the system makes in every workspace: for each of two kinds the audiences that everybody asks for.

They are the same everywhere and cannot be edited; for another threshold one is cloned. They are stored as
due, and the sweeper has them computed.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from seggraph.criteria import parse
from seggraph.database.connections import database
from seggraph.database.unit_of_work import UnitOfWork, begin
from seggraph.services.computations import computations
from seggraph.services.criteria import documents as criteria_documents
from seggraph.services.rules import dependencies
from seggraph.services.segments import segments
from seggraph.values.names import name_key
from seggraph.vocabulary import ConsentPolicy, MemberKind, SegmentPurpose, SegmentType

Criteria = Mapping[str, Any]

NEW_WITHIN: Final = "P30D"
LAPSED_AFTER: Final = "P180D"
BIG_SPENDER: Final[Mapping[MemberKind, int]] = {MemberKind.PERSON: 1_000, MemberKind.ACCOUNT: 10_000}
"""What all orders together come to at least, in the workspace's currency."""

NOUNS: Final = {MemberKind.PERSON: "people", MemberKind.ACCOUNT: "accounts"}
"""The kinds that have default segments."""

TAKEN_SUFFIX: Final = " (default)"
"""What follows the name of a default segment where a user took the name first."""

# No other unit makes default segments of the workspace, nor changes its policy, until this one ends.
HOLD = "SELECT consent_policy FROM workspaces WHERE id = $1 FOR NO KEY UPDATE"

PRESENT = """
    SELECT id, name_key FROM segments WHERE workspace_id = $1 AND origin = 'DEFAULT' ORDER BY id
    FOR NO KEY UPDATE
"""

CREATE = f"""
    INSERT INTO segments (workspace_id, name, name_key, description, kind, type, status, purpose, origin,
      visibility, criteria, version, {computations.REQUESTED_COLUMNS}, created_at, last_action, last_modified_at)
    VALUES ($1, $2, $3, $4, $5, 'DYNAMIC', 'ACTIVE', $6, 'DEFAULT', 'WORKSPACE', $7, 1,
      {computations.REQUESTED_VALUES}, now(), 'CREATED', now())
    ON CONFLICT (workspace_id, name_key) DO NOTHING
    RETURNING id
"""  # noqa: S608 - constants only

CORRECT = """
    UPDATE segments SET criteria = $3::jsonb, version = version + 1, last_action = 'EDITED',
      last_modified_by_id = NULL, last_modified_by_key_id = NULL, last_modified_at = now()
    WHERE workspace_id = $1 AND id = $2 AND criteria IS DISTINCT FROM $3::jsonb
"""

MAKE_CUSTOM = "UPDATE segments SET origin = 'CUSTOM' WHERE workspace_id = $1 AND id = ANY($2)"


@dataclass(frozen=True, slots=True)
class DefaultSegment:
    """A segment that every workspace has."""

    name: str
    kind: MemberKind
    description: str
    criteria: Criteria
    purpose: SegmentPurpose | None = None

    @property
    def document(self) -> str:
        """The criteria as segments keep them."""
        return criteria_documents.stored(parse(self.criteria))


def definitions(policy: ConsentPolicy) -> Iterator[DefaultSegment]:
    """The default segments of a workspace with that policy."""
    for kind, noun in NOUNS.items():
        yield from _of_kind(kind, noun, policy)


def _of_kind(kind: MemberKind, noun: str, policy: ConsentPolicy) -> Iterator[DefaultSegment]:
    ordered = _orders({"aggregate": "COUNT", "op": "GTE", "value": 1})
    not_lately = _orders({"aggregate": "COUNT", "op": "EQ", "value": 0, "within": {"last": LAPSED_AFTER}})
    spent = BIG_SPENDER[kind]
    yield DefaultSegment(f"All {noun}", kind, f"All {noun} there are.", _attribute("externalId", "IS_SET"))
    yield DefaultSegment(
        f"{noun.title()} reachable by email",
        kind,
        "With an email address, and a consent that the workspace's policy takes as a yes.",
        {"all": [_attribute("email", "IS_SET"), _allowed("EMAIL", policy)]},
    )
    yield DefaultSegment(
        f"{noun.title()} reachable by direct mail",
        kind,
        "With a postal address, and a consent that the workspace's policy takes as a yes.",
        {"all": [_attribute("hasAddress", "EQ", True), _allowed("DIRECT_MAIL", policy)]},
    )
    yield DefaultSegment(
        f"New {noun}",
        kind,
        "Came into seggraph within the last 30 days.",
        _attribute("createdAt", "WITHIN_LAST", NEW_WITHIN),
    )
    yield DefaultSegment(
        f"Lapsed customers ({noun})",
        kind,
        "Ordered before, but not within the last 180 days.",
        {"all": [ordered, not_lately]},
        SegmentPurpose.RETENTION,
    )
    yield DefaultSegment(
        f"Big spenders ({noun})",
        kind,
        f"Orders of {spent:,} or more in all, in the workspace's currency.",
        _orders({"aggregate": "SUM", "op": "GTE", "value": spent}),
        SegmentPurpose.RETENTION,
    )


def _attribute(field: str, op: str, value: object = None) -> Criteria:
    condition = {"field": field, "op": op}
    return {"attribute": condition if value is None else {**condition, "value": value}}


def _orders(test: Criteria) -> Criteria:
    return {"event": {"name": "order", **test}}


def _allowed(channel: str, policy: ConsentPolicy) -> Criteria:
    """That a member's consent lets the channel reach it: what services.reach counts."""
    if policy is ConsentPolicy.OPT_IN:
        return {"consent": {"channel": channel, "state": "GRANTED"}}
    return {"not": {"consent": {"channel": channel, "state": "DENIED"}}}


async def ensure(workspace_id: int) -> None:
    """Give a workspace the default segments that it lacks, and make those that it has what they are to be.

    One of an older version that there is no more becomes CUSTOM: it is the customer's from then on.
    """
    async with begin() as unit:
        found = await correct(unit, workspace_id)
        if found.corrected_ids:
            await computations.request_quietly(unit, workspace_id, found.corrected_ids)
        for wanted in found.missing:
            await _create(unit, workspace_id, wanted)
        await unit.connection.execute(MAKE_CUSTOM, workspace_id, found.outdated_ids)


async def ensure_everywhere() -> None:
    """The same for all workspaces: what an operator does when a version brings other default segments."""
    async with database() as connection:
        rows = await connection.fetch("SELECT id FROM workspaces ORDER BY id")
    for row in rows:
        await ensure(row["id"])


@dataclass(frozen=True, slots=True)
class Correction:
    """What became of a workspace's default segments.

    `corrected_ids` have other criteria now and are to be computed; `outdated_ids` are those of an older version.
    """

    missing: list[DefaultSegment]
    corrected_ids: list[int]
    outdated_ids: list[int]


async def correct(unit: UnitOfWork, workspace_id: int) -> Correction:
    """Make the default segments follow the consent policy that the unit sees; the caller has them computed."""
    policy = ConsentPolicy(await unit.connection.fetchval(HOLD, workspace_id))
    present = {row["name_key"]: row["id"] for row in await unit.connection.fetch(PRESENT, workspace_id)}
    missing, corrected_ids = [], []
    for wanted in definitions(policy):
        ids = [present.pop(key) for name in _names(wanted) if (key := name_key(name)) in present]
        if not ids:
            missing.append(wanted)
        elif await _correct(unit, workspace_id, ids[0], wanted):
            corrected_ids.append(ids[0])
    return Correction(missing, corrected_ids, list(present.values()))


async def _correct(unit: UnitOfWork, workspace_id: int, segment_id: int, wanted: DefaultSegment) -> bool:
    """Give a segment the criteria that it is to have; returns whether it had others."""
    done = await unit.connection.execute(CORRECT, workspace_id, segment_id, wanted.document)
    if done == "UPDATE 0":
        return False
    await dependencies.store(unit.connection, workspace_id, segment_id)
    return True


def _names(wanted: DefaultSegment) -> tuple[str, str]:
    """The name, and the one that it has where that is taken."""
    return wanted.name, wanted.name + TAKEN_SUFFIX


async def _create(unit: UnitOfWork, workspace_id: int, wanted: DefaultSegment) -> None:
    for name in _names(wanted):
        segment_id: int | None = await unit.connection.fetchval(
            CREATE,
            workspace_id,
            name,
            name_key(name),
            wanted.description,
            wanted.kind,
            wanted.purpose,
            wanted.document,
        )
        if segment_id is not None:
            await segments.create_sources(unit, workspace_id, segment_id, SegmentType.DYNAMIC)
            await dependencies.store(unit.connection, workspace_id, segment_id)
            return
