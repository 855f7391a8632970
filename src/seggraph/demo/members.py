"""Believable accounts and people, made from a seed: for the demo, `seggraph seed` and benchmarks. No I/O.

Member *i* of a seed is always the same, however many are made: each starts the random numbers anew. Only
`Random.random` is used, whose sequence Python keeps the same from version to version. Web and e-mail addresses
are in the top-level domain `example`, which is reserved, so that nothing sent by mistake arrives anywhere.
"""

import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import lru_cache
from math import exp, log
from random import Random
from statistics import NormalDist
from typing import Final, TypeVar

from seggraph.demo import words
from seggraph.demo.words import Country, Industry
from seggraph.vocabulary import AttributeType, MemberKind

Member = dict[str, object]
"""A member under the keys of the API's `MemberInput`; every key is there, what is unset is None."""

ATTRIBUTES: Final[Mapping[MemberKind, Mapping[str, AttributeType]]] = {
    MemberKind.ACCOUNT: {
        "plan": AttributeType.STRING,
        "seats": AttributeType.NUMBER,
        "monthlyRevenue": AttributeType.NUMBER,
        "foundedYear": AttributeType.NUMBER,
        "trial": AttributeType.BOOLEAN,
        "renewalDate": AttributeType.DATE,
        "signedUpAt": AttributeType.DATETIME,
        "lastSeenAt": AttributeType.DATETIME,
        "products": AttributeType.STRING_LIST,
    },
    MemberKind.PERSON: {
        "accountExternalId": AttributeType.STRING,
        "jobTitle": AttributeType.STRING,
        "seniority": AttributeType.STRING,
        "department": AttributeType.STRING,
        "language": AttributeType.STRING,
        "loyaltyPoints": AttributeType.NUMBER,
        "newsletter": AttributeType.BOOLEAN,
        "birthday": AttributeType.DATE,
        "signedUpAt": AttributeType.DATETIME,
        "lastSeenAt": AttributeType.DATETIME,
        "interests": AttributeType.STRING_LIST,
    },
}
"""The custom attributes that the members have, with their types: the workspace's catalogue needs them first."""

PEOPLE_PER_ACCOUNT: Final = 4
"""On average; big accounts have more."""

_ACCOUNTS_IN_BLOCK = 16
_PLANS = (("free", 0), ("starter", 12), ("team", 18), ("business", 29), ("enterprise", 46))
PRODUCTS = ("analytics", "crm", "email", "forms", "journeys", "support", "surveys", "warehouse-sync")
_ACCOUNT_TAGS = (
    "key-account",
    "partner",
    "reference",
    "at-risk",
    "expansion",
    "event-2026",
    "inbound",
    "outbound",
)
_PERSON_TAGS = ("decision-maker", "champion", "vip", "webinar", "beta", "speaker", "detractor")
_INTERESTS = ("automation", "data", "design", "events", "leadership", "pricing", "security", "sustainability")
_DEPARTMENTS = ("Marketing", "Sales", "Engineering", "Operations", "Finance", "Customer Success", "People")
_SENIORITIES = (
    ("Associate", 34),
    ("Manager", 30),
    ("Senior Manager", 16),
    ("Director", 12),
    ("VP", 5),
    ("Chief", 3),
)
_DECIDING = ("Director", "VP", "Chief")
_TITLES = {
    "Associate": "{} Associate",
    "Manager": "{} Manager",
    "Senior Manager": "Senior {} Manager",
    "Director": "Director of {}",
    "VP": "VP {}",
    "Chief": "Chief {} Officer",
}
_CONSENTS = (
    {"EMAIL": (0.62, 0.13), "DIRECT_MAIL": (0.30, 0.06), "PHONE": (0.22, 0.18)},
    {"EMAIL": (0.55, 0.16), "DIRECT_MAIL": (0.24, 0.08), "SMS": (0.18, 0.22), "PUSH": (0.15, 0.10)},
)

_T = TypeVar("_T")


def _weighted(pairs: Sequence[tuple[_T, int]]) -> tuple[_T, ...]:
    """Each thing as often as it weighs, so that drawing one is a plain index."""
    return tuple(thing for thing, weight in pairs for _ in range(weight))


_COUNTRIES = _weighted([(country, country.weight) for country in words.COUNTRIES])
_INDUSTRIES = _weighted([(industry, industry.weight) for industry in words.INDUSTRIES])
_RANKS = _weighted(_SENIORITIES)
_STEMS = tuple(words.STEMS.split())
_TAILS = tuple(words.TAILS.split())
_GIVEN = {region: tuple(names.split()) for region, names in words.GIVEN_NAMES.items()}
_FAMILY = {region: tuple(names.split()) for region, names in words.FAMILY_NAMES.items()}


class _Draw:
    """Random numbers that start anew for every member."""

    __slots__ = ("_random", "_start", "unit")

    def __init__(self, seed: int, kind: MemberKind) -> None:
        self._random = Random()  # noqa: S311 - believable, not secret
        self._start = ((seed & 0xFFFF_FFFF) << 8 | kind) << 40
        self.unit = self._random.random

    def begin(self, index: int) -> None:
        """Draw for member `index` from now on."""
        self._random.seed(self._start | index)

    def pick(self, things: Sequence[_T]) -> _T:
        """One of the things, each as likely."""
        return things[int(self.unit() * len(things))]

    def below(self, bound: int) -> int:
        """A whole number from 0 up to, not including, `bound`."""
        return int(self.unit() * bound)

    def log_normal(self, median: float, spread: float) -> float:
        """A positive number around `median`; `spread` is the standard deviation of its logarithm."""
        return median * exp(spread * _NORMAL.inv_cdf(self.unit() or 0.5))

    def some(self, things: Sequence[str], likelihood: float) -> list[str]:
        """Those of the things that turn up, each with the same likelihood."""
        return [thing for thing in things if self.unit() < likelihood]


_NORMAL = NormalDist()


@dataclass(frozen=True, slots=True)
class _Company:
    """What an account and the people who work there have in common."""

    name: str
    domain: str
    industry: Industry
    country: Country
    city: str
    postal_code: str
    employees: int


def accounts(seed: int, count: int, *, as_of: date) -> Iterator[Member]:
    """The first `count` accounts of a seed, as they stand on `as_of`."""
    draw = _Draw(seed, MemberKind.ACCOUNT)
    for index in range(count):
        draw.begin(index)
        yield _account(draw, _company(draw), index, as_of.toordinal())


def people(seed: int, count: int, account_count: int, *, as_of: date) -> Iterator[Member]:
    """The first `count` people of a seed, who work at its first `account_count` accounts, as of `as_of`.

    With `account_count` at least a quarter of `count` (and a little more), a person's employer does not depend on
    either number. Raises ValueError without an account.
    """
    if account_count < 1:
        raise ValueError("people need at least one account to work at")
    draw, employers = _Draw(seed, MemberKind.PERSON), _Draw(seed, MemberKind.ACCOUNT)

    @lru_cache(maxsize=4 * _ACCOUNTS_IN_BLOCK)
    def employer(index: int) -> _Company:
        employers.begin(index)
        return _company(employers)

    for index in range(count):
        draw.begin(index)
        account = _employer_of(draw, index) % account_count
        yield _person(draw, employer(account), index, account, as_of.toordinal())


def _employer_of(draw: _Draw, index: int) -> int:
    """The account of person `index`: neighbours share a block of accounts, the first of which get the most."""
    block = index // (PEOPLE_PER_ACCOUNT * _ACCOUNTS_IN_BLOCK)
    return block * _ACCOUNTS_IN_BLOCK + int(_ACCOUNTS_IN_BLOCK * draw.unit() ** 1.7)


def _company(draw: _Draw) -> _Company:
    """The first draws of an account: the same whether it is asked for itself or for who works there."""
    country = draw.pick(_COUNTRIES)
    industry = draw.pick(_INDUSTRIES)
    city, postal_code = draw.pick(country.cities)
    first = draw.pick(_STEMS)
    shape = draw.unit()
    if shape < 0.5:
        first += draw.pick(_TAILS)
    elif shape < 0.7:
        first += f" & {draw.pick(_STEMS)}"
    name = f"{first} {draw.pick(industry.nouns)}"
    employees = max(1, round(draw.log_normal(industry.median_employees, 1.35)))
    return _Company(
        name=f"{name} {draw.pick(country.legal)}",
        domain=f"{name.lower().replace(' & ', '-').replace(' ', '-')}.example",
        industry=industry,
        country=country,
        city=city,
        postal_code=postal_code,
        employees=employees,
    )


def _account(draw: _Draw, company: _Company, index: int, today: int) -> Member:
    revenue = company.employees * draw.log_normal(company.industry.revenue_per_employee, 0.45)
    street = _street(draw, company.country)
    plan, price = _plan(draw, company.employees)
    seats = 0 if price == 0 else max(1, round(company.employees * (0.1 + 0.5 * draw.unit())))
    on_trial = price == 0 and draw.unit() < 0.25
    signed_up = 1 + draw.below(45 if on_trial else 2500)
    last_seen = min(signed_up, 1 + int(draw.log_normal(25 if plan == "free" and not on_trial else 4, 1.6)))
    attributes: dict[str, object] = {
        "plan": plan,
        "seats": seats,
        "foundedYear": int(_day(today - signed_up)[:4]) - int(draw.log_normal(14, 0.8)),
        "trial": on_trial,
        "signedUpAt": _instant(draw, today - signed_up),
        "lastSeenAt": _instant(draw, today - last_seen),
        "products": draw.some(PRODUCTS, 0.3 if price or on_trial else 0.12),
    }
    if price:
        attributes["monthlyRevenue"] = seats * price
        attributes["renewalDate"] = _day(today - 20 + draw.below(365))
    return {
        "externalId": f"acc-{index + 1:06d}",
        "name": company.name,
        "firstName": None,
        "lastName": None,
        "salutation": None,
        "domain": company.domain,
        "email": f"{draw.pick(('info', 'hello', 'office', 'contact'))}@{company.domain}"
        if draw.unit() < 0.84
        else None,
        "phone": _phone(draw, company.country) if draw.unit() < 0.78 else None,
        "country": company.country.code,
        "city": company.city,
        "postalCode": company.postal_code,
        "state": None,
        "address": _one_line(street, company) if draw.unit() < 0.72 else None,
        "shippingAddress": _postal(street, company.city, company.postal_code, company.country)
        if draw.unit() < 0.35
        else None,
        "billingAddress": _postal(street, company.city, company.postal_code, company.country)
        if price
        else None,
        "revenue": Decimal(max(1, round(revenue / 1000)) * 1000),
        "employees": company.employees,
        "industry": company.industry.name,
        "score": _score(draw, seats, last_seen),
        "isTarget": 20 <= company.employees <= 2500 and draw.unit() < 0.8,
        "attributes": attributes,
        "tags": draw.some(_ACCOUNT_TAGS, 0.11),
        "consents": _consents(draw, _CONSENTS[0]),
    }


def _person(draw: _Draw, company: _Company, index: int, account: int, today: int) -> Member:
    country = company.country
    given, family = draw.pick(_GIVEN[country.names]), draw.pick(_FAMILY[country.names])
    city, postal_code = (
        draw.pick(country.cities) if draw.unit() < 0.2 else (company.city, company.postal_code)
    )
    street = _street(draw, country)
    seniority, department = draw.pick(_RANKS), draw.pick(_DEPARTMENTS)
    signed_up = 1 + draw.below(1800)
    last_seen = min(signed_up, 1 + int(draw.log_normal(14, 1.5)))
    interests = draw.some(_INTERESTS, 0.25)
    attributes: dict[str, object] = {
        "accountExternalId": f"acc-{account + 1:06d}",
        "jobTitle": _job_title(seniority, department),
        "seniority": seniority,
        "department": department,
        "language": country.language,
        "loyaltyPoints": int(draw.log_normal(180, 1.2)),
        "newsletter": draw.unit() < 0.4,
        "signedUpAt": _instant(draw, today - signed_up),
        "lastSeenAt": _instant(draw, today - last_seen),
        "interests": interests,
    }
    if draw.unit() < 0.7:
        attributes["birthday"] = _day(today - int(365.25 * (21 + 44 * draw.unit())))
    has_address = draw.unit() < 0.58
    return {
        "externalId": f"per-{index + 1:06d}",
        "name": f"{given} {family}",
        "firstName": given,
        "lastName": family,
        "salutation": "Dr." if index % 23 == 0 else None,
        "domain": company.domain,
        "email": f"{_slug(given)}.{_slug(family)}@{company.domain}" if draw.unit() < 0.88 else None,
        "phone": _phone(draw, country) if draw.unit() < 0.55 else None,
        "country": country.code,
        "city": city,
        "postalCode": postal_code,
        "state": None,
        "address": f"{street}, {postal_code} {city}, {country.code}" if has_address else None,
        "shippingAddress": _postal(street, city, postal_code, country)
        if has_address and index % 3 == 0
        else None,
        "billingAddress": None,
        "revenue": None,
        "employees": None,
        "industry": company.industry.name,
        "score": _score(draw, 8 * len(interests), last_seen),
        "isTarget": seniority != "Associate" and draw.unit() < 0.85,
        "attributes": attributes,
        "tags": draw.some(_PERSON_TAGS if seniority in _DECIDING else _PERSON_TAGS[1:], 0.14),
        "consents": _consents(draw, _CONSENTS[1]),
    }


def _plan(draw: _Draw, employees: int) -> tuple[str, int]:
    """A plan and its price for a seat and month: the bigger the company, the bigger the plan."""
    if draw.unit() < 0.34:
        return _PLANS[0]
    step = int(log(employees + 1) / 2.15 + draw.unit() - 1.0)
    return _PLANS[min(1 + max(step, 0), len(_PLANS) - 1)]


def _score(draw: _Draw, weight: int, last_seen_days: int) -> float:
    """0 to 100 with one decimal: recent use and size raise it."""
    recent = 45 * exp(-last_seen_days / 30)
    return round(min(100.0, recent + min(35.0, 6 * log(weight + 1)) + 20 * draw.unit()), 1)


def _consents(draw: _Draw, odds: Mapping[str, tuple[float, float]]) -> list[dict[str, str]]:
    """A consent for most channels; a channel that nobody asked about is left out, which means the same as UNKNOWN."""
    consents = []
    for channel, (granted, denied) in odds.items():
        luck = draw.unit()
        if luck < granted:
            consents.append({"channel": channel, "state": "GRANTED"})
        elif luck < granted + denied:
            consents.append({"channel": channel, "state": "DENIED"})
        elif luck < 0.9:
            consents.append({"channel": channel, "state": "UNKNOWN"})
    return consents


def _job_title(seniority: str, department: str) -> str:
    return _TITLES[seniority].format(department)


def _street(draw: _Draw, country: Country) -> str:
    return country.street.format(street=draw.pick(country.streets), number=1 + draw.below(180))


def _one_line(street: str, company: _Company) -> str:
    return f"{street}, {company.postal_code} {company.city}, {company.country.code}"


def _postal(street: str, city: str, postal_code: str, country: Country) -> dict[str, object]:
    return {"lines": [street], "postalCode": postal_code, "city": city, "country": country.code}


def _phone(draw: _Draw, country: Country) -> str:
    """The country's pattern with its digits filled in; the first is not 0 or 1, as in an American area code.

    It is written as members have it, without spaces.
    """
    pattern, length = _phone_pattern(country.phone)
    return pattern % tuple(str(int((0.2 + 0.8 * draw.unit()) * 10**length)))


@lru_cache
def _phone_pattern(phone: str) -> tuple[str, int]:
    return phone.replace(" ", "").replace("#", "%s"), phone.count("#")


def _instant(draw: _Draw, day: int) -> str:
    """Some time in the working hours of a day, in UTC, as the API writes instants."""
    minute, second = divmod(draw.below(12 * 3600), 60)
    hour, minute = divmod(minute, 60)
    return f"{_day(day)}T{hour + 7:02d}:{minute:02d}:{second:02d}.000000Z"


@lru_cache(maxsize=8192)
def _day(ordinal: int) -> str:
    return date.fromordinal(ordinal).isoformat()


@lru_cache(maxsize=4096)
def _slug(text: str) -> str:
    """The text as it would stand in a web address: ASCII letters, digits and hyphens."""
    spelled = text.lower().translate(_SPELLED_OUT)
    ascii_only = unicodedata.normalize("NFKD", spelled).encode("ascii", "ignore").decode()
    return "-".join("".join(letter if letter.isalnum() else " " for letter in ascii_only).split())


_SPELLED_OUT = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "ł": "l", "ı": "i", "ø": "o"})
