"""Playbooks: rules that add members to segments, each through a source of its own in every one of them.

While the criteria match, the source links the member; when they stop, the link goes. Manual changes supersede
it: a member that was removed manually is blocked on the sources of that time, and a later playbook may add it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

import asyncpg
import orjson

from seggraph.access import Viewer, require_playbook_management, require_write, visibility_arguments
from seggraph.context import Context
from seggraph.criteria import Checked, Reference, references
from seggraph.database.unit_of_work import UnitOfWork, begin
from seggraph.errors import NameTaken, NotFound, Required, StaleVersion
from seggraph.events import PlaybookChanged
from seggraph.services.audit import audit
from seggraph.services.criteria import documents as criteria_documents
from seggraph.services.criteria import texts as criteria_texts
from seggraph.services.playbooks import sources
from seggraph.services.playbooks.sources import PATH, Feeding
from seggraph.services.playbooks.views import SELECT, PlaybookView, view_of
from seggraph.services.rules import dependencies, segment_references
from seggraph.values.names import clean_name, name_key
from seggraph.vocabulary import AuditAction, AuditSubject, MemberKind, PlaybookStatus, Visibility

CREATE = """
    INSERT INTO playbooks (workspace_id, name, name_key, kind, status, visibility, criteria, version,
      created_by_id, created_by_key_id, created_at, last_modified_at)
    VALUES ($1, $2, $3, $4, 'ACTIVE', $5, $6, 1, $7, $8, now(), now())
    ON CONFLICT (workspace_id, name_key) DO NOTHING RETURNING id
"""

EDIT = """
    UPDATE playbooks SET name = $3, name_key = $4, criteria = $5, version = version + 1, last_modified_at = now()
    WHERE workspace_id = $1 AND id = $2
"""

SET_STATUS = """
    UPDATE playbooks SET status = $3, version = version + 1, last_modified_at = now()
    WHERE workspace_id = $1 AND id = $2
"""

DELETE = "DELETE FROM playbooks WHERE workspace_id = $1 AND id = $2"

HOLD: Final = f"{SELECT} AND p.id = $4 FOR NO KEY UPDATE OF p"


@dataclass(frozen=True, slots=True)
class PlaybookDraft:
    """A playbook to create."""

    name: str
    kind: MemberKind
    criteria: criteria_documents.Given | None
    add_to_segment_ids: Sequence[int]


DESCRIBED: Final = ("name", "kind", "status", "visibility", "criteria")
"""The columns of a playbook that the audit log shows, besides the segments that it adds to."""


@dataclass(frozen=True, slots=True)
class _Criteria:
    """Criteria as they are stored, and the segments that they refer to; with `tree` if they are new."""

    stored: str
    references: Sequence[Reference]
    tree: Checked | None = None


async def create(context: Context, viewer: Viewer, draft: PlaybookDraft) -> PlaybookView:
    """Create a playbook, ACTIVE at once: the segments that it adds to are computed anew, STATIC drafts get ACTIVE.

    Team members' playbooks are private to them. Raises Forbidden, Required, TooLong, TooMany, Invalid, NameTaken,
    NotFound (a segment), BadTransition (one that is archived), CriteriaError, SegmentCycle.
    """
    require_write(viewer)
    name = clean_name(draft.name, "playbook")
    async with begin() as unit:
        criteria = await _read(unit, viewer, draft.kind, draft.criteria)
        playbook_id = await unit.connection.fetchval(
            CREATE,
            viewer.workspace_id,
            name,
            name_key(name),
            draft.kind,
            Visibility.WORKSPACE if viewer.manages_all else Visibility.PRIVATE,
            criteria.stored,
            viewer.user_id,
            viewer.api_key_id,
        )
        if playbook_id is None:
            raise _name_taken(name)
        feeding = await sources.hold(unit, viewer, playbook_id, draft.kind, draft.add_to_segment_ids)
        await sources.write(unit, viewer, playbook_id, feeding)
        await _require_sound(unit, viewer, draft.kind, criteria, feeding)
        await sources.compute_filled(context, unit, viewer, feeding.added)
        return await _publish(context, unit, viewer, playbook_id, AuditAction.CREATED, feeding)


async def update(
    context: Context,
    viewer: Viewer,
    playbook_id: int,
    given: Mapping[str, Any],
    *,
    version: int | None = None,
) -> PlaybookView:
    """Change what is given of: name, criteria, add_to_segment_ids. Blocks stay, also for when it comes back.

    What changes is computed anew, if the playbook is ACTIVE; segments that it does not add to any more lose its
    links in any case. With `version`, only if it did not change since it was read. Raises like `create`, and
    StaleVersion.
    """
    async with begin() as unit:
        before = await _hold(unit, viewer, playbook_id)
        _require_version(before, version)
        name = clean_name(given["name"], "playbook") if "name" in given else before.name
        criteria = _kept(before)
        if "criteria" in given:
            criteria = await _read(unit, viewer, before.kind, given["criteria"])
        await _edit(unit, viewer, playbook_id, name, criteria.stored)
        wanted = given["add_to_segment_ids"] or () if "add_to_segment_ids" in given else None
        feeding = await sources.hold(unit, viewer, playbook_id, before.kind, wanted)
        await sources.write(unit, viewer, playbook_id, feeding)
        await _require_sound(unit, viewer, before.kind, criteria, feeding)
        await sources.compute(context, unit, viewer, feeding.removed)
        if before.status is PlaybookStatus.ACTIVE:
            is_same = orjson.loads(criteria.stored) == before.criteria
            follow = feeding.added if is_same else feeding.after
            await sources.compute_filled(context, unit, viewer, follow)
        return await _publish(context, unit, viewer, playbook_id, AuditAction.EDITED, feeding, before)


async def pause(context: Context, viewer: Viewer, playbook_id: int) -> PlaybookView:
    """Freeze a playbook's links as they are; one that is PAUSED stays so. Raises NotFound, Forbidden.

    A run at work leaves them alone too: it reads again what is ACTIVE while it holds its segment.
    """
    return await _set_status(context, viewer, playbook_id, PlaybookStatus.PAUSED)


async def resume(context: Context, viewer: Viewer, playbook_id: int) -> PlaybookView:
    """Let a playbook's links follow its criteria again. Raises NotFound, Forbidden."""
    return await _set_status(context, viewer, playbook_id, PlaybookStatus.ACTIVE)


async def delete(context: Context, viewer: Viewer, playbook_id: int) -> None:
    """Delete a playbook: its links and blocks go, and members that nothing else holds leave.

    Raises NotFound, Forbidden.
    """
    async with begin() as unit:
        playbook = await _hold(unit, viewer, playbook_id)
        feeding = await sources.hold(unit, viewer, playbook_id, playbook.kind, None)
        gone = Feeding(kept=[], added=[], removed=feeding.kept)
        await sources.write(unit, viewer, playbook_id, gone)
        await sources.forget(unit, viewer, playbook_id)
        await unit.connection.execute(DELETE, viewer.workspace_id, playbook_id)
        await sources.compute(context, unit, viewer, gone.removed)
        subject = audit.Subject(AuditSubject.PLAYBOOK, playbook_id, playbook.name)
        fed = {"add_to_segment_ids": [segment.id for segment in feeding.kept]}
        was = audit.described(playbook, *DESCRIBED) | fed
        await audit.record(unit, viewer, AuditAction.DELETED, subject, was)
        context.publish(unit, [_changed(viewer, playbook, is_deleted=True)])


async def _set_status(
    context: Context, viewer: Viewer, playbook_id: int, status: PlaybookStatus
) -> PlaybookView:
    async with begin() as unit:
        before = await _hold(unit, viewer, playbook_id)
        if before.status is status:
            return before
        feeding = await sources.hold(unit, viewer, playbook_id, before.kind, None)
        await unit.connection.execute(SET_STATUS, viewer.workspace_id, playbook_id, status)
        if status is PlaybookStatus.ACTIVE:
            await sources.compute_filled(context, unit, viewer, feeding.kept)
        action = AuditAction.RESUMED if status is PlaybookStatus.ACTIVE else AuditAction.PAUSED
        return await _publish(context, unit, viewer, playbook_id, action, feeding, before)


async def _read(
    unit: UnitOfWork, viewer: Viewer, kind: MemberKind, given: criteria_documents.Given | None
) -> _Criteria:
    """New criteria. Raises Required, CriteriaError, Problems."""
    if given is None:
        raise Required("A playbook needs criteria.", path=("criteria",))
    node, tree = await criteria_documents.read(unit.connection, viewer, kind, given)
    found = references(tree, kind, path=criteria_documents.path_of(given))
    return _Criteria(criteria_documents.stored(node), found, tree)


def _kept(playbook: PlaybookView) -> _Criteria:
    """The criteria that a playbook has. They are not checked again: they may be older than the catalogue."""
    referred = criteria_texts.segments_of(playbook.criteria)
    return _Criteria(
        orjson.dumps(playbook.criteria).decode(),
        [Reference(segment_id, playbook.kind, (PATH,)) for segment_id in sorted(referred)],
    )


async def _require_sound(
    unit: UnitOfWork, viewer: Viewer, kind: MemberKind, criteria: _Criteria, feeding: Feeding
) -> None:
    """Raise SegmentCycle if a segment would come to depend on itself; BadValue for one just put away.

    Everything is written already: what is refused is rolled back.
    """
    if not criteria.references:
        return
    connection = unit.connection
    await dependencies.lock_references_exclusive(connection, viewer.workspace_id)
    if criteria.tree is not None:
        path = criteria.references[0].path[:1]
        await segment_references.require_usable(connection, viewer, kind, criteria.tree, path=path)
    fed = {segment.id for segment in feeding.after}
    await segment_references.require_acyclic(connection, viewer, fed, criteria.references)


async def _edit(unit: UnitOfWork, viewer: Viewer, playbook_id: int, name: str, criteria: str) -> None:
    try:
        await unit.connection.execute(EDIT, viewer.workspace_id, playbook_id, name, name_key(name), criteria)
    except asyncpg.UniqueViolationError as error:
        raise _name_taken(name) from error


async def _hold(unit: UnitOfWork, viewer: Viewer, playbook_id: int) -> PlaybookView:
    """The playbook, its row held until the unit ends, if the viewer may change it."""
    require_write(viewer)
    row = await unit.connection.fetchrow(HOLD, *visibility_arguments(viewer), playbook_id)
    if row is None:
        raise NotFound("There is no such playbook.", path=("id",))
    playbook = view_of(row)
    require_playbook_management(viewer, created_by_id=playbook.created_by_id)
    return playbook


async def _publish(
    context: Context,
    unit: UnitOfWork,
    viewer: Viewer,
    playbook_id: int,
    action: AuditAction,
    feeding: Feeding,
    before: PlaybookView | None = None,
) -> PlaybookView:
    """The playbook as the unit leaves it; that it changed is published, and noted in the audit log."""
    playbook = await _read_back(unit, viewer, playbook_id)
    subject = audit.Subject(AuditSubject.PLAYBOOK, playbook_id, playbook.name)
    fed = {"add_to_segment_ids": sorted(segment.id for segment in feeding.after)}
    was = None
    if before is not None:
        earlier = {"add_to_segment_ids": sorted(segment.id for segment in (*feeding.kept, *feeding.removed))}
        was = audit.described(before, *DESCRIBED) | earlier
    await audit.record(unit, viewer, action, subject, was, audit.described(playbook, *DESCRIBED) | fed)
    context.publish(unit, [_changed(viewer, playbook)])
    return playbook


def _changed(viewer: Viewer, playbook: PlaybookView, *, is_deleted: bool = False) -> PlaybookChanged:
    return PlaybookChanged(
        workspace_id=viewer.workspace_id,
        at=datetime.now(UTC),
        playbook_id=playbook.id,
        visibility=playbook.visibility,
        created_by_id=playbook.created_by_id,
        is_deleted=is_deleted,
    )


async def _read_back(unit: UnitOfWork, viewer: Viewer, playbook_id: int) -> PlaybookView:
    row = await unit.connection.fetchrow(
        f"{SELECT} AND p.id = $4", *visibility_arguments(viewer), playbook_id
    )
    return view_of(row)


def _require_version(playbook: PlaybookView, version: int | None) -> None:
    if version is not None and version != playbook.version:
        raise StaleVersion(
            f"Someone changed this playbook: it is at version {playbook.version}, you edited version {version}."
            " Read it again and repeat your change.",
            path=("version",),
        )


def _name_taken(name: str) -> NameTaken:
    return NameTaken(f"There is a playbook called {name!r} already; choose another name.", path=("name",))
