"""The difference between two audiences in the schema: who would enter, and who would leave."""

from typing import Annotated

import strawberry
from pyroaring import BitMap
from strawberry.types import Info

from seggraph.api.base.context import caller_of
from seggraph.api.base.errors import UserError
from seggraph.api.members.members import Member
from seggraph.database.paging import PageRequest
from seggraph.services.members import pages
from seggraph.services.members.lists import MemberList
from seggraph.services.members.orders import BY_ORDINAL
from seggraph.vocabulary import MemberKind

DEFAULT_SAMPLE = 10

SampleSize = Annotated[
    int | None,
    strawberry.argument(description=f"How many members to return: up to 1,000, default {DEFAULT_SAMPLE}."),
]


@strawberry.type(description="How criteria would change the members of a segment.")
class PreviewDiff:
    """Who would enter, who would leave, and who would stay."""

    entered: int | None = strawberry.field(
        default=None, description="How many members would enter; null beside errors."
    )
    exited: int | None = strawberry.field(
        default=None, description="How many members would exit; null beside errors."
    )
    unchanged: int | None = strawberry.field(
        default=None, description="How many members would stay; null beside errors."
    )
    errors: list[UserError] = strawberry.field(
        default_factory=list,
        description="The errors because of which nothing was compared; empty on success.",
    )
    entering: strawberry.Private[MemberList | None] = None
    leaving: strawberry.Private[MemberList | None] = None

    @strawberry.field(description="Some of the members that would enter, oldest first.")
    async def entered_sample(self, info: Info, first: SampleSize = None) -> list[Member]:
        """Read a few members."""
        return await sample_of(info, self.entering, first)

    @strawberry.field(description="Some of the members that would exit, oldest first.")
    async def exited_sample(self, info: Info, first: SampleSize = None) -> list[Member]:
        """Read a few members."""
        return await sample_of(info, self.leaving, first)

    @staticmethod
    def of(kind: MemberKind, before: BitMap, after: BitMap) -> "PreviewDiff":
        """The difference of these audiences."""
        entering, leaving = after - before, before - after
        return PreviewDiff(
            entered=len(entering),
            exited=len(leaving),
            unchanged=before.intersection_cardinality(after),
            entering=MemberList(kind, audience=entering),
            leaving=MemberList(kind, audience=leaving),
        )


async def sample_of(info: Info, list_: MemberList | None, first: int | None) -> list[Member]:
    """Some members of a list, oldest first."""
    if list_ is None:
        return []
    request = PageRequest(first=DEFAULT_SAMPLE if first is None else first)
    page = await pages.list_page(caller_of(info).viewer, list_, BY_ORDINAL, request)
    return [Member.of(view) for view in page.items]
