"""The text form of criteria in the schema: what may stand at a place while a person types."""

from typing import Annotated

import strawberry
from strawberry.types import Info

from seggraph.api.base.context import caller_of
from seggraph.criteria.text import Completion, CompletionKind
from seggraph.services.criteria import texts as criteria_texts
from seggraph.vocabulary import MemberKind


@strawberry.type(description="Something that may stand at a place in criteria that are being typed.")
class CriteriaCompletion:
    """One completion."""

    kind: CompletionKind = strawberry.field(description="What it is.")
    text: str = strawberry.field(description="What to insert, with quotes where they are needed.")
    start: int = strawberry.field(
        description="The first character that it replaces, counted in Unicode characters."
    )
    end: int = strawberry.field(description="The character after the last that it replaces.")
    description: str = strawberry.field(description="What it means, for people; may be empty.")

    @staticmethod
    def of(found: Completion) -> "CriteriaCompletion":
        """The completion as the language gives it."""
        return CriteriaCompletion(
            kind=found.kind,
            text=found.text,
            start=found.start,
            end=found.end,
            description=found.description,
        )


@strawberry.type
class CriteriaTextQueries:
    """The query of completions."""

    @strawberry.field(
        description="What may stand at the cursor in criteria as text: fields, operators, values, names, words."
        " Empty when there is a mistake further left."
    )
    async def criteria_completions(
        self,
        info: Info,
        kind: Annotated[MemberKind, strawberry.argument(description="The kind of the members.")],
        text: Annotated[
            str, strawberry.argument(description="The criteria so far, up to 20,000 characters.")
        ],
        cursor: Annotated[
            int,
            strawberry.argument(
                description="Where the cursor is: how many Unicode characters are left of it."
            ),
        ],
    ) -> list[CriteriaCompletion]:
        """Complete."""
        found = await criteria_texts.completions(caller_of(info).viewer, kind, text, cursor)
        return [CriteriaCompletion.of(completion) for completion in found]
