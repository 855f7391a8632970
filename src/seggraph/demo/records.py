"""Believable records around the accounts and people of `demo_data`: of the other kinds, and how all are related.

They follow from the seed and the number of accounts and people alone, as those do. No I/O.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from random import Random
from typing import Any, Final, NamedTuple

from seggraph.demo.members import PRODUCTS, Member
from seggraph.vocabulary import AttributeType, MemberKind

ACCOUNTS_PER_ORGANIZATION: Final = 40
GROUPED: Final = 0.4
"""The share of accounts that belong to an organization."""
DEALS_PER_ACCOUNT: Final = 0.4
ACTIVITIES_PER_PERSON: Final = 0.3
TICKETS_PER_PERSON: Final = 0.15

ATTRIBUTES: Final[Mapping[MemberKind, Mapping[str, AttributeType]]] = {
    MemberKind.ORGANIZATION: {"ownership": AttributeType.STRING},
    MemberKind.PRODUCT: {"category": AttributeType.STRING, "pricePerSeat": AttributeType.NUMBER},
    MemberKind.DEAL: {
        "stage": AttributeType.STRING,
        "amount": AttributeType.NUMBER,
        "closeDate": AttributeType.DATE,
        "owner": AttributeType.STRING,
    },
    MemberKind.ACTIVITY: {
        "activityType": AttributeType.STRING,
        "outcome": AttributeType.STRING,
        "day": AttributeType.DATE,
    },
    MemberKind.TICKET: {
        "status": AttributeType.STRING,
        "priority": AttributeType.STRING,
        "topic": AttributeType.STRING,
        "openedOn": AttributeType.DATE,
        "satisfaction": AttributeType.NUMBER,
    },
}
"""The custom attributes of the records, with their types."""

_OCCASIONS: Final = ("New business", "Expansion", "Renewal")
_PLATFORM: Final = ("crm", "analytics", "warehouse-sync")
_OWNERSHIPS: Final = ("family", "listed", "private equity", "foundation")
_STAGES: Final = ("qualified", "demo", "proposal", "negotiation", "won", "won", "lost")
_OWNERS: Final = ("Leo Leader", "Tess Teammate", "Ada Admin")
_ACTIVITIES: Final = ("call", "meeting", "email", "webinar")
_OUTCOMES: Final = ("no answer", "follow up", "interested", "not interested")
_STATUSES: Final = ("open", "pending", "solved", "solved", "solved")
_PRIORITIES: Final = ("low", "normal", "normal", "high", "urgent")
_TOPICS: Final = ("billing", "login", "import", "export", "integration", "performance", "training")
_GROUPS: Final = ("Alder", "Birch", "Cedar", "Elm", "Hazel", "Juniper", "Larch", "Maple", "Oak", "Rowan")


class Relation(NamedTuple):
    """A relation between two members, by their external ids; `name` is what the first calls it."""

    name: str
    kind: MemberKind
    external_id: str
    other_kind: MemberKind
    other_external_id: str


class Records(NamedTuple):
    """Records of several kinds, and how they and the accounts and people are related."""

    members: Mapping[MemberKind, Sequence[Member]]
    relations: Sequence[Relation]


def employment(people: Sequence[Mapping[str, Any]]) -> Iterator[Relation]:
    """The relation of each person of `demo_data` to the account where they work."""
    for person in people:
        account = person["attributes"]["accountExternalId"]
        yield Relation("account", MemberKind.PERSON, person["externalId"], MemberKind.ACCOUNT, account)


def records(seed: int, account_count: int, person_count: int, *, as_of: date) -> Records:
    """The records around so many accounts and people, as they stand on `as_of`."""
    maker = _Maker(seed, account_count, person_count, as_of)
    maker.make_organizations()
    maker.make_deals(maker.make_products())
    maker.make_activities()
    maker.make_tickets()
    return Records(maker.members, maker.relations)


class _Maker:
    """Makes records one after the other, with one sequence of random numbers."""

    def __init__(self, seed: int, account_count: int, person_count: int, as_of: date) -> None:
        self.members: dict[MemberKind, list[Member]] = {kind: [] for kind in ATTRIBUTES}
        self.relations: list[Relation] = []
        self._account_count, self._person_count = account_count, person_count
        self._today = as_of.toordinal()
        self._random = Random(f"{seed} records")  # noqa: S311 - believable, not secret

    def make_organizations(self) -> None:
        """Groups, to which some accounts belong."""
        organizations = []
        for number in range(1 + self._account_count // ACCOUNTS_PER_ORGANIZATION):
            turn, place = divmod(number, len(_GROUPS))
            name = f"{_GROUPS[place]} Group {turn + 1}" if turn else f"{_GROUPS[place]} Group"
            organizations.append(
                self._add(MemberKind.ORGANIZATION, "org", name, ownership=self._pick(_OWNERSHIPS))
            )
        for number in range(1, self._account_count + 1):
            if self._random.random() < GROUPED:
                account, group = f"acc-{number:06d}", self._pick(organizations)
                self._relate("organization", MemberKind.ACCOUNT, account, MemberKind.ORGANIZATION, group)

    def make_products(self) -> list[str]:
        """What is sold; returns the external ids."""
        return [
            self._add(
                MemberKind.PRODUCT,
                "prd",
                name.replace("-", " ").capitalize(),
                category="platform" if name in _PLATFORM else "channel",
                pricePerSeat=self._random.randint(4, 40),
            )
            for name in PRODUCTS
        ]

    def make_deals(self, products: Sequence[str]) -> None:
        """Deals with accounts, over some products each."""
        for number in range(1, 2 + int(self._account_count * DEALS_PER_ACCOUNT)):
            stage = self._pick(_STAGES)
            deal = self._add(
                MemberKind.DEAL,
                "deal",
                f"{self._pick(_OCCASIONS)} {number}",
                stage=stage,
                amount=self._random.randint(10, 900) * 100,
                closeDate=self._day(-300, -1) if stage in ("won", "lost") else self._day(0, 120),
                owner=self._pick(_OWNERS),
            )
            self._relate_to_account(MemberKind.DEAL, deal)
            for product in self._random.sample(products, self._random.randint(1, 3)):
                self._relate("products", MemberKind.DEAL, deal, MemberKind.PRODUCT, product)

    def make_activities(self) -> None:
        """What colleagues did with people."""
        for number in range(1, 1 + int(self._person_count * ACTIVITIES_PER_PERSON)):
            type_ = self._pick(_ACTIVITIES)
            activity = self._add(
                MemberKind.ACTIVITY,
                "act",
                f"{type_.capitalize()} {number}",
                activityType=type_,
                outcome=self._pick(_OUTCOMES),
                day=self._day(-365, 0),
            )
            self._relate_to_person(MemberKind.ACTIVITY, activity)
            self._relate_to_account(MemberKind.ACTIVITY, activity)

    def make_tickets(self) -> None:
        """What people asked for help with."""
        for number in range(1, 1 + int(self._person_count * TICKETS_PER_PERSON)):
            topic, status = self._pick(_TOPICS), self._pick(_STATUSES)
            rated = {"satisfaction": self._random.randint(1, 5)} if status == "solved" else {}
            ticket = self._add(
                MemberKind.TICKET,
                "tic",
                f"Question about {topic} {number}",
                status=status,
                priority=self._pick(_PRIORITIES),
                topic=topic,
                openedOn=self._day(-200, 0),
                **rated,
            )
            self._relate_to_person(MemberKind.TICKET, ticket)
            self._relate_to_account(MemberKind.TICKET, ticket)

    def _add(self, kind: MemberKind, prefix: str, name: str, **attributes: object) -> str:
        external_id = f"{prefix}-{len(self.members[kind]) + 1:06d}"
        self.members[kind].append({"externalId": external_id, "name": name, "attributes": attributes})
        return external_id

    def _relate(self, *relation: Any) -> None:
        self.relations.append(Relation(*relation))

    def _relate_to_account(self, kind: MemberKind, external_id: str) -> None:
        account = f"acc-{self._random.randint(1, self._account_count):06d}"
        self._relate("account", kind, external_id, MemberKind.ACCOUNT, account)

    def _relate_to_person(self, kind: MemberKind, external_id: str) -> None:
        person = f"per-{self._random.randint(1, self._person_count):06d}"
        self._relate("person", kind, external_id, MemberKind.PERSON, person)

    def _day(self, earliest: int, latest: int) -> str:
        """A day between two, counted from the day of the records."""
        return date.fromordinal(self._today + self._random.randint(earliest, latest)).isoformat()

    def _pick(self, things: Sequence[str]) -> str:
        return self._random.choice(things)
