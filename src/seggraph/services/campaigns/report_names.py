"""The names of campaigns in ad reports, and the campaigns and segments here that they stand for.

What a person chose is kept in the workspace, so the next report is understood by itself. A name of an ad set is kept
beside that of its campaign. A choice to leave a name out is kept for those who manage all campaigns.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import asyncpg

from seggraph.access import (
    VISIBLE_CAMPAIGN,
    VISIBLE_SEGMENT,
    Viewer,
    require_metric_recording,
    visibility_arguments,
)
from seggraph.database.unit_of_work import UnitOfWork
from seggraph.errors import Duplicate, Forbidden, Invalid, NotFound, Required, SeggraphError
from seggraph.values.names import name_key
from seggraph.vocabulary import ReportNameBasis

MAX_KEPT: Final = 20_000
"""Most names that a workspace keeps; those that were not used for longest go first."""
MAX_KEPT_KEY: Final = 600

CAMPAIGNS: Final = f"""
    SELECT c.id, c.name, c.name_key, c.created_by_id FROM campaigns c
    WHERE {VISIBLE_CAMPAIGN} AND (c.name_key = ANY($2) OR c.id = ANY($3))
"""  # noqa: S608 - constants only, here and below

SEGMENTS: Final = f"""
    SELECT s.id, s.name, s.name_key FROM segments s
    WHERE {VISIBLE_SEGMENT} AND (s.name_key = ANY($4) OR s.id = ANY($5))
"""  # noqa: S608

TARGETS: Final = """
    SELECT campaign_id, array_agg(segment_id) AS segment_ids FROM campaign_segments
    WHERE workspace_id = $1 AND campaign_id = ANY($2) AND role = 'INCLUDE' GROUP BY campaign_id
"""

KEPT: Final = f"""
    SELECT k.name_key, k.ad_set_key, k.campaign_id, k.segment_id FROM report_campaigns k
    WHERE k.workspace_id = $1 AND k.name_key = ANY($4) AND (k.segment_id IS NULL
      OR EXISTS (SELECT FROM segments s WHERE s.id = k.segment_id AND {VISIBLE_SEGMENT}))
"""  # noqa: S608

KEEP: Final = """
    INSERT INTO report_campaigns AS k (workspace_id, name_key, ad_set_key, campaign_id, segment_id)
    SELECT $1, * FROM unnest($2::text[], $3::text[], $4::bigint[], $5::bigint[])
    ON CONFLICT (workspace_id, name_key, ad_set_key) DO UPDATE
      SET campaign_id = EXCLUDED.campaign_id, segment_id = EXCLUDED.segment_id, used_at = now()
"""

FORGET: Final = """
    DELETE FROM report_campaigns k USING unnest($2::text[], $3::text[]) AS g(name_key, ad_set_key)
    WHERE k.workspace_id = $1 AND k.name_key = g.name_key AND k.ad_set_key = g.ad_set_key
"""

FORGET_OLDEST: Final = """
    DELETE FROM report_campaigns WHERE workspace_id = $1 AND id IN (
      SELECT id FROM report_campaigns WHERE workspace_id = $1 ORDER BY used_at DESC, id DESC OFFSET $2)
"""

NameKey = tuple[str, str]
"""The `name_key` of a campaign in a report, and that of an ad set; the second is empty for the campaign as a whole."""


@dataclass(frozen=True, slots=True)
class Choice:
    """What a person says about a name: the campaign, perhaps the segment; or that it is left out, or forgotten."""

    name: str
    ad_set: str | None = None
    campaign_id: int | None = None
    segment_id: int | None = None
    leave_out: bool = False
    forget: bool = False

    @property
    def key(self) -> NameKey:
        """Under which it is kept."""
        return name_key(self.name), name_key(self.ad_set or "")


@dataclass(frozen=True, slots=True)
class Standing:
    """What a name stands for; `problem` says why its rows cannot be recorded."""

    basis: ReportNameBasis
    campaign_id: int | None = None
    segment_id: int | None = None
    is_left_out: bool = False
    problem: SeggraphError | None = None


@dataclass(slots=True)
class Known:
    """What the workspace has that names may stand for, as the viewer sees it."""

    campaigns: dict[str, int]
    campaign_names: dict[int, str]
    creators: dict[int, int | None]
    segments: dict[str, int]
    segment_names: dict[int, str]
    targets: dict[int, list[int]]
    kept: dict[NameKey, tuple[int | None, int | None]]

    @property
    def segment_ids(self) -> Collection[int]:
        """The segments that the viewer sees."""
        return self.segment_names.keys()


def check(choices: Sequence[Choice]) -> None:
    """Raise what is wrong with choices: a name twice, or neither a campaign nor a reason to have none."""
    taken: set[NameKey] = set()
    for index, choice in enumerate(choices):
        if choice.key in taken:
            raise Duplicate("The name is given twice.", path=("campaigns", index, "name"))
        taken.add(choice.key)
        said = (choice.campaign_id is not None) + choice.leave_out + choice.forget
        if said != 1:
            message = "Give one of campaignId, leaveOut and forget."
            raise Invalid(message, path=("campaigns", index))
        if max(map(len, choice.key)) > MAX_KEPT_KEY or not choice.key[0]:
            raise Invalid(f"A name has 1 to {MAX_KEPT_KEY} characters.", path=("campaigns", index, "name"))


async def find(
    connection: asyncpg.Connection,
    viewer: Viewer,
    names: Iterable[NameKey],
    campaign_ids: Collection[int],
    segments: Iterable[str],
    segment_ids: Collection[int],
) -> Known:
    """What there is for the names and ids of a report and of its choices."""
    keys = sorted({key for key, _ in names})
    kept_rows = await connection.fetch(KEPT, *visibility_arguments(viewer), keys)
    kept = {
        (row["name_key"], row["ad_set_key"]): (row["campaign_id"], row["segment_id"]) for row in kept_rows
    }
    wanted = {*campaign_ids, *(campaign for campaign, _ in kept.values() if campaign is not None)}
    campaigns = await connection.fetch(CAMPAIGNS, viewer.workspace_id, keys, sorted(wanted))
    rows = await connection.fetch(TARGETS, viewer.workspace_id, [row["id"] for row in campaigns])
    targets = {row["campaign_id"]: row["segment_ids"] for row in rows}
    ids = {*segment_ids, *(one for targeted in targets.values() for one in targeted)}
    ids |= {segment for _, segment in kept.values() if segment is not None}
    arguments = *visibility_arguments(viewer), sorted(set(segments)), sorted(ids)
    found = await connection.fetch(SEGMENTS, *arguments)
    return Known(
        campaigns={row["name_key"]: row["id"] for row in campaigns},
        campaign_names={row["id"]: row["name"] for row in campaigns},
        creators={row["id"]: row["created_by_id"] for row in campaigns},
        segments={row["name_key"]: row["id"] for row in found},
        segment_names={row["id"]: row["name"] for row in found},
        targets=targets,
        kept=kept,
    )


def standing(
    key: NameKey, own_id: int | None, choices: Mapping[NameKey, Choice], known: Known, segment_id: int | None
) -> Standing:
    """What a name stands for: as chosen, else as kept, else the campaign of the same name or id (`own_id`).

    A choice for the ad set goes before that for its campaign. `segment_id` is that of the whole report.
    """
    for one in dict.fromkeys((key, (key[0], ""))):
        choice = choices.get(one)
        if choice is not None and choice.leave_out:
            return Standing(ReportNameBasis.CHOSEN, is_left_out=True)
        if choice is not None and not choice.forget:
            return _with_segment(
                ReportNameBasis.CHOSEN, choice.campaign_id, choice.segment_id or segment_id, known
            )
        if choice is None and one in known.kept:
            campaign, segment = known.kept[one]
            if campaign is None:
                return Standing(ReportNameBasis.KEPT, is_left_out=True)
            return _with_segment(ReportNameBasis.KEPT, campaign, segment_id or segment, known)
    campaign = known.campaigns.get(key[0], own_id)
    if campaign is None:
        return Standing(
            ReportNameBasis.NOTHING, problem=NotFound("There is no such campaign.", path=("campaignId",))
        )
    return _with_segment(ReportNameBasis.SAME_NAME, campaign, segment_id, known)


def _with_segment(
    basis: ReportNameBasis, campaign: int | None, segment: int | None, known: Known
) -> Standing:
    """With the segment that was chosen, or the only one of the campaign."""
    if campaign not in known.campaign_names:
        return Standing(basis, problem=NotFound("There is no such campaign.", path=("campaignId",)))
    if segment is None:
        targets = known.targets.get(campaign, [])
        if len(targets) == 1 and targets[0] in known.segment_ids:
            segment = targets[0]
        else:
            names = ", ".join(
                sorted(known.segment_names[one] for one in targets if one in known.segment_ids)[:10]
            )
            message = "Choose the segment: the campaign targets none." if not targets else (
                f"Choose the segment: the campaign targets {names or 'several'}."
            )  # fmt: skip
            return Standing(basis, campaign, problem=Required(message, path=("segmentId",)))
    return Standing(basis, campaign, segment)


def worth_keeping(
    viewer: Viewer,
    standings: Mapping[NameKey, Standing],
    choices: Mapping[NameKey, Choice],
    known: Known,
    segment_id: int | None,
) -> dict[NameKey, Choice]:
    """The choices of a report that the next one needs, as far as the viewer may make them for others.

    Those are what a person said about names, and the segment of the whole report for the names that stand in it.
    """
    found = {
        key: choice
        for key, choice in choices.items()
        if choice.forget
        or (
            viewer.manages_all
            if choice.campaign_id is None
            else _may_record(viewer, choice.campaign_id, known)
        )
    }
    if segment_id is None:
        return found
    for key, one in standings.items():
        is_said = key in choices or (key[0], "") in choices
        if is_said or one.problem is not None or one.campaign_id is None:
            continue
        if _may_record(viewer, one.campaign_id, known):
            found[key] = Choice("", None, one.campaign_id, segment_id)
    return found


def _may_record(viewer: Viewer, campaign_id: int, known: Known) -> bool:
    try:
        require_metric_recording(viewer, created_by_id=known.creators.get(campaign_id))
    except Forbidden:
        return False
    return True


async def keep(unit: UnitOfWork, viewer: Viewer, choices: Mapping[NameKey, Choice]) -> None:
    """Keep choices for the reports to come, and forget those that a person gave up."""
    kept = sorted(
        ((key, choice) for key, choice in choices.items() if not choice.forget), key=lambda one: one[0]
    )
    if kept:
        columns = (
            [key[0] for key, _ in kept],
            [key[1] for key, _ in kept],
            [choice.campaign_id for _, choice in kept],
            [choice.segment_id for _, choice in kept],
        )
        await unit.connection.execute(KEEP, viewer.workspace_id, *columns)
        await unit.connection.execute(FORGET_OLDEST, viewer.workspace_id, MAX_KEPT)
    given_up = sorted(key for key, choice in choices.items() if choice.forget)
    if given_up:
        pairs = [key[0] for key in given_up], [key[1] for key in given_up]
        await unit.connection.execute(FORGET, viewer.workspace_id, *pairs)
