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
    VISIBLE_REPORT_NAME,
    VISIBLE_SEGMENT,
    Viewer,
    require_metric_recording,
    visibility_arguments,
)
from seggraph.database.unit_of_work import UnitOfWork
from seggraph.errors import Duplicate, Forbidden, Invalid, NotFound, Required, SeggraphError
from seggraph.values.attribute_values import storable_text
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
    SELECT k.name_key, k.ad_set_key, k.campaign_id, k.segment_id, {VISIBLE_REPORT_NAME} AS is_visible
    FROM report_campaigns k WHERE k.workspace_id = $1 AND k.name_key = ANY($4)
"""  # noqa: S608

KEEP: Final = """
    INSERT INTO report_campaigns AS k (workspace_id, name_key, ad_set_key, name, ad_set, campaign_id, segment_id)
    SELECT $1, * FROM unnest($2::text[], $3::text[], $4::text[], $5::text[], $6::bigint[], $7::bigint[])
    ON CONFLICT (workspace_id, name_key, ad_set_key) DO UPDATE
      SET name = EXCLUDED.name, ad_set = EXCLUDED.ad_set,
      campaign_id = EXCLUDED.campaign_id, segment_id = EXCLUDED.segment_id, used_at = now()
"""

USED: Final = """
    UPDATE report_campaigns k SET used_at = now() FROM unnest($2::text[], $3::text[]) AS g(name_key, ad_set_key)
    WHERE k.workspace_id = $1 AND k.name_key = g.name_key AND k.ad_set_key = g.ad_set_key
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
    unseen: frozenset[NameKey] = frozenset()
    """Names that are kept for segments which the viewer does not see."""

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
        if not _fits(choice.key) or not all(storable_text(text, MAX_KEPT_KEY) for text in choice.key):
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
    keys = sorted({key for key, _ in names if key})
    kept_rows = await connection.fetch(KEPT, *visibility_arguments(viewer), keys)
    kept = {
        (row["name_key"], row["ad_set_key"]): (row["campaign_id"], row["segment_id"])
        for row in kept_rows
        if row["is_visible"]
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
        unseen=frozenset((row["name_key"], row["ad_set_key"]) for row in kept_rows if not row["is_visible"]),
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
    written: Mapping[NameKey, tuple[str, str]],
    choices: Mapping[NameKey, Choice],
    known: Known,
    segment_id: int | None,
) -> dict[NameKey, Choice]:
    """The choices of a report that the next one needs, as far as the viewer may make them for others.

    Those are what a person said about names, and the segment of the whole report for the names that stand in it;
    `written` is how the report writes these.
    """
    found = {
        key: choice
        for key, choice in choices.items()
        if _may_keep(viewer, key, choice.campaign_id, known) and (viewer.manages_all or not choice.leave_out)
    }
    if segment_id is None:
        return found
    for key, one in standings.items():
        is_said = key in choices or (key[0], "") in choices
        if is_said or one.problem is not None or one.campaign_id is None or not _fits(key):
            continue
        if _may_keep(viewer, key, one.campaign_id, known):
            name, ad_set = written[key]
            found[key] = Choice(name, ad_set, one.campaign_id, segment_id)
    return found


def _fits(key: NameKey) -> bool:
    """Whether a name can be kept: a report without a column of campaigns has none."""
    return bool(key[0]) and max(map(len, key)) <= MAX_KEPT_KEY


def _may_keep(viewer: Viewer, key: NameKey, campaign_id: int | None, known: Known) -> bool:
    """Whether the viewer may say what a name stands for, and replace what is kept for it."""
    if viewer.manages_all:
        return True
    if key in known.unseen:
        return False
    campaigns = [known.kept[key][0]] if key in known.kept else []
    if campaign_id is not None or not campaigns:
        campaigns.append(campaign_id)
    return all(one is not None and _may_record(viewer, one, known) for one in campaigns)


def _may_record(viewer: Viewer, campaign_id: int, known: Known) -> bool:
    try:
        require_metric_recording(viewer, created_by_id=known.creators.get(campaign_id))
    except Forbidden:
        return False
    return True


async def keep(
    unit: UnitOfWork, viewer: Viewer, choices: Mapping[NameKey, Choice], used: Iterable[NameKey]
) -> None:
    """Keep choices for the reports to come, and forget those that a person gave up; the `used` ones count as recent."""
    kept = sorted(
        ((key, choice) for key, choice in choices.items() if not choice.forget), key=lambda one: one[0]
    )
    recent = sorted(set(used))
    if recent:
        await unit.connection.execute(USED, viewer.workspace_id, *_columns(recent))
    if kept:
        columns = (
            *_columns([key for key, _ in kept]),
            [_shown(choice.name) for _, choice in kept],
            [_shown(choice.ad_set or "") for _, choice in kept],
            [choice.campaign_id for _, choice in kept],
            [choice.segment_id for _, choice in kept],
        )
        await unit.connection.execute(KEEP, viewer.workspace_id, *columns)
        await unit.connection.execute(FORGET_OLDEST, viewer.workspace_id, MAX_KEPT)
    given_up = sorted(key for key, choice in choices.items() if choice.forget)
    if given_up:
        await unit.connection.execute(FORGET, viewer.workspace_id, *_columns(given_up))


def _columns(keys: Sequence[NameKey]) -> tuple[list[str], list[str]]:
    return [key[0] for key in keys], [key[1] for key in keys]


def _shown(name: str) -> str:
    """A name as lists show it: on one line."""
    return " ".join(name.split())[:MAX_KEPT_KEY]
