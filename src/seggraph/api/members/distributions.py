"""The distribution of a field over members, in the schema."""

from decimal import Decimal
from typing import Annotated, TypeAlias

import strawberry
from pyroaring import BitMap

from seggraph.access import Viewer
from seggraph.api.base.errors import UserError, user_errors
from seggraph.api.base.scalars import JSON
from seggraph.errors import RetryLater, SeggraphError
from seggraph.services.distributions import distributions
from seggraph.services.distributions.distributions import Distribution as DistributionView
from seggraph.vocabulary import MemberKind

FieldName: TypeAlias = Annotated[
    str,
    strawberry.argument(
        description="The name of a field of the kind, such as country or a custom attribute."
    ),
]
BucketCount: TypeAlias = Annotated[
    int | None,
    strawberry.argument(description="How many values or ranges, 1 to 100; default 10."),
]


@strawberry.type(description="A value, or a range of values, and how many members have it.")
class DistributionBucket:
    """A bar of the picture."""

    value: JSON | None = strawberry.field(description="The value; null for a range.")
    start: str | None = strawberry.field(
        description="The start of the range, included: a number, date or instant; null for a value."
    )
    end: str | None = strawberry.field(
        description="The end of the range, not included except in the last range; null for a value."
    )
    count: int = strawberry.field(description="How many members have it.")


@strawberry.type(
    description="How the values of a field are distributed over members. Of more than 50,000 members an even part is"
    " looked at, and the numbers are estimates."
)
class Distribution:
    """The picture behind the question who they are."""

    member_count: int | None = strawberry.field(
        default=None, description="How many members there are; null beside errors."
    )
    unset_count: int | None = strawberry.field(
        default=None, description="How many of them have no value; null beside errors."
    )
    other_count: int | None = strawberry.field(
        default=None,
        description="How many have a value that is not among the buckets; null beside errors. 0 for lists, where a"
        " member can have several.",
    )
    is_estimate: bool = strawberry.field(default=False, description="Whether the numbers are estimates.")
    minimum: str | None = strawberry.field(
        default=None, description="The smallest value of a number, date or instant; null for other fields."
    )
    maximum: str | None = strawberry.field(
        default=None, description="The greatest value of a number, date or instant; null for other fields."
    )
    sum: Decimal | None = strawberry.field(
        default=None, description="The sum of a number field; null for other fields, and without values."
    )
    average: Decimal | None = strawberry.field(
        default=None, description="The mean of a number field; null for other fields, and without values."
    )
    median: Decimal | None = strawberry.field(
        default=None, description="The median of a number field; null for other fields, and without values."
    )
    buckets: list[DistributionBucket] = strawberry.field(
        default_factory=list,
        description="Ranges of equal width from the smallest to the greatest value of a number, date or instant; of"
        " other fields the most frequent values, the most frequent first.",
    )
    errors: list[UserError] = strawberry.field(
        default_factory=list, description="The errors because of which there is nothing; empty on success."
    )

    @staticmethod
    def of(view: DistributionView) -> "Distribution":
        """The distribution as the service reads it."""
        return Distribution(
            member_count=view.member_count,
            unset_count=view.member_count - view.given_count,
            other_count=view.other_count,
            is_estimate=view.is_estimate,
            minimum=view.minimum,
            maximum=view.maximum,
            sum=view.total,
            average=view.average,
            median=view.median,
            buckets=[
                DistributionBucket(
                    value=None if bucket.value is None else JSON(bucket.value),
                    start=bucket.start,
                    end=bucket.end,
                    count=bucket.count,
                )
                for bucket in view.buckets
            ],
        )


async def distribution_of(
    viewer: Viewer, kind: MemberKind, audience: BitMap, field: str, buckets: int | None
) -> Distribution:
    """The distribution of a field over members, or the errors."""
    try:
        found = await distributions.of_audience(viewer, kind, audience, field, buckets)
    except RetryLater:
        raise
    except SeggraphError as error:  # an extension of the field would keep its document from being compiled
        return Distribution(errors=user_errors(error))
    return Distribution.of(found)
