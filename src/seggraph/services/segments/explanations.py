"""Explaining a membership: is a member in, what holds it there, and what each condition sees of it.

The truth of every part of the criteria comes from the engine that decides memberships, asked about this one
ordinal; so an explanation cannot disagree with the segment.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

import asyncpg
from pyroaring import BitMap

from seggraph.access import Viewer
from seggraph.audiences import ChunkOwner, ChunkStore
from seggraph.context import Context
from seggraph.criteria import Checked, Comparison, describe
from seggraph.criteria.catalogue import Field, Storage
from seggraph.criteria.nodes import All, AnyOf, Consent, InSegment, Not, Sample, Tags
from seggraph.criteria.operators import AGGREGATES, InOp
from seggraph.criteria.personal import asks_about_persons
from seggraph.criteria.typed import EventTest, RelatedTest, SequenceTest
from seggraph.database.unit_of_work import snapshot
from seggraph.engines import EvaluationRequest
from seggraph.errors import Invalid
from seggraph.member_fields.addresses import part_of, reaches
from seggraph.models.audiences import ChunkRole
from seggraph.services.changes import populations
from seggraph.services.criteria import documents as criteria_documents
from seggraph.services.members import members
from seggraph.services.members.members import Addresses, MemberView
from seggraph.services.memberships import memberships
from seggraph.services.segments.views import SegmentView
from seggraph.vocabulary import SourceKind


@dataclass(frozen=True, slots=True)
class ExplainedSource:
    """What one source does for the member: links it, or may not; since when the member is in by it."""

    kind: SourceKind
    playbook_id: int | None
    linked: bool
    blocked: bool
    since: datetime | None


@dataclass(frozen=True, slots=True)
class ExplainedNode:
    """A part of the criteria: in words, whether it holds, the value or count that was seen, and its parts."""

    sentence: str
    matches: bool
    actual: Any
    children: tuple["ExplainedNode", ...]
    missing: tuple[str, ...]
    """What would have to be so for it to hold, in words; everything of it is needed."""


@dataclass(frozen=True, slots=True)
class Explanation:
    """Whether a member is in a segment, and why."""

    is_member: bool
    sources: list[ExplainedSource]
    criteria: ExplainedNode | None


async def explain(context: Context, viewer: Viewer, segment: SegmentView, member_id: int) -> Explanation:
    """Explain a member's place in a segment that the viewer was found to see.

    Raises NotFound for a member that the workspace does not have, Invalid for one of another kind.
    """
    member = await members.get(viewer, member_id)
    if member.kind is not segment.kind:
        raise Invalid(
            f"The segment holds {segment.kind.name}, this member is {member.kind.name}.", path=("memberId",)
        )
    addresses = (await members.addresses(viewer, [member_id])).get(member_id, Addresses())
    pair = (segment.id, member.ordinal)
    since = (await memberships.entered_at(viewer, [pair])).get(pair)
    async with snapshot() as connection:
        is_member, sources = await _sources(connection, viewer, segment, member, since)
        criteria = await _criteria(context, connection, viewer, segment, member, addresses)
    return Explanation(is_member, sources, criteria)


async def _sources(
    connection: asyncpg.Connection,
    viewer: Viewer,
    segment: SegmentView,
    member: MemberView,
    since: datetime | None,
) -> tuple[bool, list[ExplainedSource]]:
    """Whether the member is in, and what each source says of it."""
    rows = await connection.fetch(memberships.SOURCES, viewer.workspace_id, [segment.id])
    in_segment = ChunkOwner(ChunkRole.MEMBERS, segment.id)
    roles = (ChunkRole.LINKS, ChunkRole.BLOCKS)
    owners = [in_segment, *(ChunkOwner(role, row["id"]) for row in rows for role in roles)]
    within_ordinals = BitMap([member.ordinal])
    found = await ChunkStore(connection, viewer.workspace_id).read_many(
        owners, within_ordinals=within_ordinals
    )
    sources = []
    for row in rows:
        linked, blocked = (member.ordinal in found[ChunkOwner(role, row["id"])] for role in roles)
        sources.append(
            ExplainedSource(
                SourceKind(row["kind"]), row["playbook_id"], linked, blocked, since if linked else None
            )
        )
    return member.ordinal in found[in_segment], sources


async def _criteria(
    context: Context,
    connection: asyncpg.Connection,
    viewer: Viewer,
    segment: SegmentView,
    member: MemberView,
    addresses: Addresses,
) -> ExplainedNode | None:
    if segment.criteria is None:
        return None
    _, tree = await criteria_documents.checked(
        connection, viewer.workspace_id, segment.kind, segment.criteria
    )
    if not viewer.sees_personal_data and asks_about_persons(tree):
        return None
    names = await criteria_documents.segment_names(connection, viewer, tree)
    population_settings = await populations.describe(connection, viewer.workspace_id, segment.kind)
    as_of: datetime = await connection.fetchval("SELECT now()")
    seconds = context.settings.preview_timeout_seconds
    parts = list(_parts(tree))
    begun = [prefix for part in parts if isinstance(part, SequenceTest) for prefix in _prefixes(part)]
    truths = await context.engine.evaluate(
        connection,
        EvaluationRequest(
            population_settings.population,
            [*parts, *begun],
            as_of=as_of,
            zone=population_settings.zone,
            within_ordinals=BitMap([member.ordinal]),
            timeout_seconds=seconds,
        ),
    )
    questions = list(dict.fromkeys(part for part in parts if isinstance(part, EventTest | RelatedTest)))
    observed = await context.engine.observe(
        connection,
        EvaluationRequest(
            population_settings.population,
            questions,
            as_of=as_of,
            zone=population_settings.zone,
            timeout_seconds=seconds,
        ),
        ordinal=member.ordinal,
    )
    reached = dict(zip(begun, map(bool, truths[len(parts) :]), strict=True))
    seen = _Seen(member, addresses, dict(zip(questions, observed, strict=True)), reached, names)
    return _explained(tree, iter(truths), seen)


def _prefixes(test: SequenceTest) -> list[SequenceTest]:
    """The sequences that are the first step, the first two steps, and so on."""
    return [SequenceTest(test.steps[:count], test.within) for count in range(1, len(test.steps) + 1)]


def _parts(tree: Checked) -> Iterator[Checked]:
    """The tree and all its parts, each before its own parts."""
    yield tree
    for child in _children(tree):
        yield from _parts(child)


def _children(tree: Checked) -> tuple[Checked, ...]:
    match tree:
        case All(items) | AnyOf(items):
            return items
        case Not(item):
            return (item,)
    return ()


@dataclass(frozen=True, slots=True)
class _Seen:
    """What the conditions see of a member."""

    member: MemberView
    addresses: Addresses
    observed: Mapping[EventTest | RelatedTest, Any]
    reached: Mapping[SequenceTest, bool]
    segment_names: Mapping[int, str]

    def actual(self, tree: Checked, *, matches: bool) -> Any:
        """What a condition sees, as JSON has it; None when unset, and for groups."""
        match tree:
            case Comparison(field):
                return _seen(field, self.member, self.addresses)
            case Tags():
                return self.member.tags
            case Consent(channel):
                return getattr(self.member, f"consent_{channel.name.lower()}").name
            case EventTest(aggregate=aggregate):
                found = self.observed[tree]
                return _plain(0 if found is None and AGGREGATES[aggregate].zero_without else found)
            case RelatedTest():
                return self.observed[tree] or 0
            case SequenceTest():
                return sum(self.reached[begun] for begun in _prefixes(tree))
            case InSegment(op):
                return matches is (op is InOp.IN)
            case Sample():
                return matches
        return None


def _explained(tree: Checked, truths: Iterator[BitMap], seen: _Seen) -> ExplainedNode:
    """The explanation of a part; `truths` are in the order of `_parts`."""
    matches = bool(next(truths))
    children = tuple(_explained(child, truths, seen) for child in _children(tree))
    sentence = describe(tree, segment_names=seen.segment_names)
    missing: tuple[str, ...] = ()
    if not matches:
        needed = (text for child in children for text in child.missing)
        missing = tuple(dict.fromkeys(needed)) if isinstance(tree, All) else (sentence,)
    return ExplainedNode(sentence, matches, seen.actual(tree, matches=matches), children, missing)


def _plain(value: Any) -> Any:
    """An aggregate as JSON has it: whole numbers and instants, other numbers as the decimals that they are."""
    match value:
        case datetime():
            return value.isoformat()
        case Decimal():
            return int(value) if value == value.to_integral_value() else float(value)
    return value


def _seen(field: Field, member: MemberView, addresses: Addresses) -> Any:
    if field.storage is Storage.JSON:
        return member.attributes.get(field.key)
    if field.is_address:
        stored = getattr(addresses, field.key)
        return stored if field.part is None else part_of(stored, field.part)
    if field.key == "has_address":
        return any(map(reaches, (addresses.address, addresses.shipping_address, addresses.billing_address)))
    value = getattr(member, field.key)
    return value if value is None or isinstance(value, str | bool | int | float) else str(value)
