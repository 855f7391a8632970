"""The example campaigns: over the example segments, with a year of metrics, and made once."""

from datetime import UTC, datetime, timedelta

import asyncpg

from seggraph.access import Viewer
from seggraph.context import Context
from seggraph.database.paging import PageRequest
from seggraph.demo import campaigns as demo_campaigns
from seggraph.demo import seeding
from seggraph.demo.segments import EXAMPLE_SEGMENTS
from seggraph.services.campaigns import views as campaign_views
from seggraph.services.campaigns.views import CampaignList
from seggraph.vocabulary import CampaignStatus

DAY = datetime.now(UTC).date()


def test_campaigns_are_over_example_segments_of_one_kind() -> None:
    kinds = {segment.name: segment.kind for segment in EXAMPLE_SEGMENTS}
    for example in demo_campaigns.EXAMPLE_CAMPAIGNS:
        assert len({kinds[name] for name in (*example.segments, *example.excluded)}) == 1
        assert list(demo_campaigns.metrics_of(example, as_of=DAY)) == list(
            demo_campaigns.metrics_of(example, as_of=DAY)
        )


async def test_seeding_makes_campaigns_with_metrics_once(
    context: Context, viewer: Viewer, connection: asyncpg.Connection
) -> None:
    for _ in range(2):
        await seeding.seed(context, viewer.workspace_id, 6, number=1, as_of=DAY, advance=lambda _: None)

    page = await campaign_views.list_page(viewer, CampaignList(), PageRequest())
    assert {view.name: view.status for view in page.items} == {
        "Always on: DACH": CampaignStatus.ACTIVE,
        "Renewals": CampaignStatus.ACTIVE,
        "Trial to paid": CampaignStatus.PAUSED,
        "Expansion mailing": CampaignStatus.COMPLETED,
        "Leaders' round table": CampaignStatus.ACTIVE,
        "Champions by text message": CampaignStatus.ACTIVE,
        "Calls before the renewal": CampaignStatus.ACTIVE,
        "App news": CampaignStatus.COMPLETED,
        "Birthday greetings": CampaignStatus.DRAFT,
    }
    row = await connection.fetchrow(
        """SELECT count(DISTINCT day) AS days, max(day) AS last, count(*) FILTER (WHERE clicks > impressions) AS odd,
        min(spend) >= 0 AS is_positive FROM campaign_metrics"""
    )
    assert row["days"] == 364
    assert (row["last"], row["odd"], row["is_positive"]) == (DAY - timedelta(days=1), 0, True)
