"""The settings of a workspace: its name, which role rights take, its consent policy and its time zone.

Another policy changes who can be reached, another zone what a day is: every ACTIVE segment is computed anew, in
the same transaction that stores the change, so that no number of before is taken for one of after.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, Final

import orjson

from seggraph.access import Viewer, require_admin
from seggraph.context import Context
from seggraph.database.unit_of_work import UnitOfWork, begin
from seggraph.errors import Invalid
from seggraph.services.audit import audit
from seggraph.services.computations import computations
from seggraph.services.identity import present, workspaces
from seggraph.services.identity.workspaces import WorkspaceView
from seggraph.services.segments import default_segments
from seggraph.services.segments import rows as segment_rows
from seggraph.services.suppressions import suppressions
from seggraph.values import phones
from seggraph.values.names import clean_name
from seggraph.values.time_zones import is_time_zone
from seggraph.vocabulary import AuditAction, AuditSubject, Role

HOLD: Final = """
    SELECT name, time_zone, consent_policy, currency, phone_region, least_roles FROM workspaces
    WHERE id = $1 FOR NO KEY UPDATE
"""

SET: Final = """
    UPDATE workspaces SET name = coalesce($2, name), time_zone = coalesce($3, time_zone),
      consent_policy = coalesce($4, consent_policy), currency = coalesce($5, currency),
      phone_region = nullif(coalesce($6, phone_region), '') WHERE id = $1
"""

SET_LEAST_ROLES: Final = "UPDATE workspaces SET least_roles = $2 WHERE id = $1"
"""Apart: a trigger has the rights of everyone looked at anew."""

HOLD_SEGMENTS: Final = """
    SELECT id FROM segments WHERE workspace_id = $1 AND status = 'ACTIVE' ORDER BY id FOR NO KEY UPDATE
"""

BUILD_REACH: Final = "UPDATE populations SET requested_reach = requested_reach + 1 WHERE workspace_id = $1"

AUDITED: Final = ("name", "time_zone", "consent_policy", "currency", "phone_region")
"""The columns of a workspace that the audit log shows."""

NUDGES: Final = 200
"""Most runs that are asked for at once; the sweeper asks for the others."""


@dataclass(frozen=True, slots=True)
class SettingsChange:
    """The workspace as it is now, and how many segments are being computed anew because of it."""

    workspace: WorkspaceView
    recalculating: int


async def update(context: Context, viewer: Viewer, given: Mapping[str, Any]) -> SettingsChange:
    """Change what is given of: name, time_zone, consent_policy, currency, phone_region, and least_roles by their names.

    None stays as it is; an empty phone_region takes it away.

    Raises Forbidden, Required, Invalid, TooLong.
    """
    require_admin(viewer)
    name, currency = given.get("name"), given.get("currency")
    zone, policy = given.get("time_zone"), given.get("consent_policy")
    if name is not None:
        name = clean_name(name, "workspace")
    if zone is not None and not is_time_zone(zone):
        message = f"{zone[:64]!r} is no time zone of the IANA list, like Europe/Berlin."
        raise Invalid(message, path=("timeZone",))
    if currency is not None and not (len(currency) == 3 and currency.isascii() and currency.isupper()):
        raise Invalid("A currency is its three letters of ISO 4217, like EUR.", path=("currency",))
    region = given.get("phone_region")
    if region and region not in phones.REGIONS:
        message = f"{region[:20]!r} is no region of phone numbers; give a code of ISO 3166 such as DE."
        raise Invalid(message, path=("phoneRegion",))
    async with begin() as unit:
        before = await unit.connection.fetchrow(HOLD, viewer.workspace_id)
        await unit.connection.execute(SET, viewer.workspace_id, name, zone, policy, currency, region)
        if region and region != before["phone_region"]:
            await suppressions.add_forms(context, unit, viewer, region)
        was, now = await _choose_least_roles(unit, viewer, before["least_roles"], given.get("least_roles"))
        has_new_policy = policy is not None and policy != before["consent_policy"]
        has_new_zone = zone is not None and zone != before["time_zone"]
        await audit.record(
            unit,
            viewer,
            AuditAction.EDITED,
            audit.Subject(AuditSubject.WORKSPACE, viewer.workspace_id, name or before["name"]),
            {one: before[one] for one in given if one in AUDITED} | was,
            {
                one: value if value is not None else before[one]
                for one, value in given.items()
                if one in AUDITED
            }
            | now,
        )
        recalculating = 0
        if has_new_policy or has_new_zone:
            recalculating = await _compute_all(context, unit, viewer, build_reach=has_new_policy)
    return SettingsChange(await workspaces.get(viewer), recalculating)


async def _choose_least_roles(
    unit: UnitOfWork, viewer: Viewer, stored: str, given: Mapping[str, Role | None] | None
) -> tuple[dict[str, object], dict[str, object]]:
    """Store which roles rights take; returns what the audit log shows before and after."""
    chosen = {name: role for name, role in (given or {}).items() if role is not None}
    if not chosen:
        return {}, {}
    before = present.least_roles_of(stored)
    after = replace(before, **chosen)
    await unit.connection.execute(SET_LEAST_ROLES, viewer.workspace_id, orjson.dumps(asdict(after)).decode())
    return {"least_roles": asdict(before)}, {"least_roles": asdict(after)}


async def _compute_all(context: Context, unit: UnitOfWork, viewer: Viewer, *, build_reach: bool) -> int:
    """Ask for runs of all ACTIVE segments, the first of which build the reachable audiences if need be."""
    held = await unit.connection.fetch(HOLD_SEGMENTS, viewer.workspace_id)
    corrected = await default_segments.correct(unit, viewer.workspace_id)
    edited = [segment_rows.updated(viewer.workspace_id, one) for one in corrected.corrected_ids]
    context.publish(unit, edited)
    if build_reach:
        await unit.connection.execute(BUILD_REACH, viewer.workspace_id)
    segment_ids = [row["id"] for row in held]
    return await computations.request(context, unit, viewer.workspace_id, segment_ids, most_jobs=NUDGES)
