"""The text form of criteria in the schema: what may stand at a place while a person types."""

from typing import Annotated

import strawberry
from strawberry.types import Info

from seggraph.api.base.context import caller_of
from seggraph.criteria.text import Completion, CompletionKind
from seggraph.services.criteria import texts as criteria_texts
from seggraph.vocabulary import MemberKind


@strawberry.type(description="A completion of criteria text at the cursor.")
class CriteriaCompletion:
    """One completion."""

    kind: CompletionKind = strawberry.field(description="What the completion is.")
    text: str = strawberry.field(description="The text to insert, with quotes where they are needed.")
    start: int = strawberry.field(
        description="The position of the first character to replace, counted in Unicode characters from 0."
    )
    end: int = strawberry.field(description="The position after the last character to replace.")
    description: str = strawberry.field(description="An explanation for people; it may be empty.")

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
