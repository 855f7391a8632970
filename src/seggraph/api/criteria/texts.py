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
    def of(completion: Completion) -> "CriteriaCompletion":
        """The completion as the language gives it."""
        return CriteriaCompletion(
            kind=completion.kind,
            text=completion.text,
            start=completion.start,
            end=completion.end,
            description=completion.description,
        )


@strawberry.type
class CriteriaTextQueries:
    """The query of completions."""

    @strawberry.field(
        description="Completions at the cursor of criteria text: fields, operators, values, names and"
        " keywords. Empty if the text left of the cursor has an error."
    )
    async def criteria_completions(
        self,
        info: Info,
        kind: Annotated[MemberKind, strawberry.argument(description="The kind of the members.")],
        text: Annotated[
            str, strawberry.argument(description="The criteria text so far, up to 20,000 characters.")
        ],
        cursor: Annotated[
            int,
            strawberry.argument(
                description="The position of the cursor: the number of Unicode characters left of it."
            ),
        ],
    ) -> list[CriteriaCompletion]:
        """Complete."""
        completions = await criteria_texts.completions(caller_of(info).viewer, kind, text, cursor)
        return [CriteriaCompletion.of(completion) for completion in completions]
