"""The campaigns that a seeded workspace starts with, over its example segments, and their metrics of a year. No I/O."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from math import cos, pi
from random import Random
from typing import Final

from seggraph.vocabulary import CampaignStatus, Channel

WEEKEND: Final = 0.45
"""What a day at the weekend is worth, of a working day."""


@dataclass(frozen=True, slots=True)
class ExampleCampaign:
    """A campaign to create. It began and ended, or ends, so many days before the day of the seeding.

    `audience` is how many impressions a working day has, `click_rate` and `cost` (of a click) the usual ones.
    """

    name: str
    channel: Channel
    segments: tuple[str, ...]
    excluded: tuple[str, ...]
    began: int
    ends: int
    path: tuple[CampaignStatus, ...]
    audience: int
    click_rate: float
    cost: float


REPORT_NAMES: Final = {"Always on: DACH": "alwayson_dach_search", "Trial to paid": "trial2paid | retargeting"}
"""What ad reports call some of the campaigns."""

ACTIVE, PAUSED, COMPLETED = CampaignStatus.ACTIVE, CampaignStatus.PAUSED, CampaignStatus.COMPLETED

EXAMPLE_CAMPAIGNS: Final = (
    ExampleCampaign(
        "Always on: DACH",
        Channel.EMAIL,
        ("Mid-market in DACH", "Reachable enterprise technology"),
        ("Key accounts without a warehouse",),
        began=364,
        ends=-60,
        path=(ACTIVE,),
        audience=2400,
        click_rate=0.012,
        cost=1.85,
    ),
    ExampleCampaign(
        "Renewals",
        Channel.EMAIL,
        ("Up for renewal in 60 days", "Renewal at risk"),
        (),
        began=240,
        ends=-120,
        path=(ACTIVE,),
        audience=600,
        click_rate=0.034,
        cost=0.6,
    ),
    ExampleCampaign(
        "Trial to paid",
        Channel.EMAIL,
        ("Trials that are warming up",),
        (),
        began=150,
        ends=-30,
        path=(ACTIVE, PAUSED),
        audience=900,
        click_rate=0.027,
        cost=0.95,
    ),
    ExampleCampaign(
        "Expansion mailing",
        Channel.DIRECT_MAIL,
        ("Key accounts without a warehouse",),
        ("Renewal at risk",),
        began=300,
        ends=180,
        path=(ACTIVE, COMPLETED),
        audience=150,
        click_rate=0.008,
        cost=6.4,
    ),
    ExampleCampaign(
        "Leaders' round table",
        Channel.EMAIL,
        ("Marketing leaders who read the newsletter",),
        ("Champions gone quiet",),
        began=60,
        ends=-14,
        path=(ACTIVE,),
        audience=1200,
        click_rate=0.019,
        cost=1.1,
    ),
    ExampleCampaign(
        "Champions by text message",
        Channel.SMS,
        ("Champions gone quiet",),
        (),
        began=45,
        ends=-30,
        path=(ACTIVE,),
        audience=300,
        click_rate=0.052,
        cost=0.4,
    ),
    ExampleCampaign(
        "Calls before the renewal",
        Channel.PHONE,
        ("Renewal at risk",),
        (),
        began=30,
        ends=-60,
        path=(ACTIVE,),
        audience=60,
        click_rate=0.11,
        cost=4.2,
    ),
    ExampleCampaign(
        "App news",
        Channel.PUSH,
        ("Marketing leaders who read the newsletter",),
        (),
        began=120,
        ends=30,
        path=(ACTIVE, COMPLETED),
        audience=800,
        click_rate=0.023,
        cost=0.2,
    ),
    ExampleCampaign(
        "Birthday greetings",
        Channel.EMAIL,
        ("Birthday in the coming week",),
        (),
        began=-7,
        ends=-60,
        path=(),
        audience=0,
        click_rate=0.0,
        cost=0.0,
    ),
)
"""In the order in which they are created: running, paused, completed ones, and a draft that has no metrics yet."""


@dataclass(frozen=True, slots=True)
class DayOfMetrics:
    """What came of a campaign for one of its segments on a day."""

    segment: str
    day: date
    spend: Decimal
    impressions: int
    clicks: int
    conversions: int


def metrics_of(campaign: ExampleCampaign, *, as_of: date) -> Iterator[DayOfMetrics]:
    """The metrics of a campaign up to yesterday: the same for the same day, campaign and segment."""
    random = Random()  # noqa: S311 - believable, not secret
    for segment in campaign.segments:
        for ago in range(campaign.began, max(campaign.ends, 0), -1):
            day = as_of - timedelta(days=ago)
            random.seed(f"{campaign.name} {segment} {day}")
            season = 1 + 0.25 * cos(
                2 * pi * (day.timetuple().tm_yday - 320) / 365
            )  # most before the holidays
            rhythm = WEEKEND if day.isoweekday() > 5 else 1.0
            impressions = int(campaign.audience * season * rhythm * random.uniform(0.7, 1.3))
            clicks = int(impressions * campaign.click_rate * random.uniform(0.6, 1.5))
            spend = Decimal(int(clicks * campaign.cost * random.uniform(85, 115))).scaleb(-2)
            conversions = sum(random.random() < 0.045 for _ in range(clicks))
            yield DayOfMetrics(segment, day, spend, impressions, clicks, conversions)
