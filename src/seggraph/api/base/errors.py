"""Errors that a user can cause, as data: every payload lists them, and they never appear as top-level errors."""

from collections.abc import Awaitable, Callable, Iterable
from typing import Any

import strawberry
from strawberry.extensions import FieldExtension
from strawberry.types import Info
from strawberry.types.base import get_object_definition
from strawberry.types.field import StrawberryField

from seggraph.errors import CriteriaError as CriteriaFailure
from seggraph.errors import ErrorCode, Path, Problems, RateLimited, SeggraphError
from seggraph.row_errors import RowError as RowErrorView


@strawberry.interface(description="An error in the input that the user can correct.")
class UserError:
    """The interface of all errors in payloads."""

    code: ErrorCode = strawberry.field(
        description="A code for programs, which says what kind of error it is."
    )
    message: str = strawberry.field(
        description="A message for people, which says what is wrong and what would work."
    )
    path: list[str] | None = strawberry.field(
        description="Where in the input the error is: keys and indexes from its root, like criteria, all, 2,"
        " attribute, field; null for the whole input."
    )


@strawberry.type(description="An error in the input of a mutation that is not about criteria.")
class InputError(UserError):
    """The ordinary error of a payload."""


@strawberry.type(
    description="An error in criteria. Its code is CRITERIA_INVALID, and reason tells which error it is."
)
class CriteriaError(UserError):
    """The error of a node of the tree, or of a place in the text."""

    reason: ErrorCode = strawberry.field(description="The specific error, like CRITERIA_UNKNOWN_FIELD.")
    line: int | None = strawberry.field(
        default=None, description="The line in criteriaText where the error begins, from 1; null for a tree."
    )
    column: int | None = strawberry.field(
        default=None, description="The column where the error begins, from 1; null for a tree."
    )
    start: int | None = strawberry.field(
        default=None,
        description="The offset in criteriaText where the error begins, in characters from 0; null for a tree.",
    )
    end: int | None = strawberry.field(
        default=None, description="The offset after the last character of the error; null for a tree."
    )
    suggestions: list[str] = strawberry.field(
        default_factory=list,
        description="What could stand there instead, such as the field with the most similar name; often empty.",
    )


@strawberry.type(
    description="An error because of which one row was not stored. Rows without errors are stored."
)
class RowError:
    """The report of one row."""

    index: int = strawberry.field(description="The position of the row in the input, from 0.")
    code: ErrorCode = strawberry.field(
        description="A code for programs, which says what kind of error it is."
    )
    message: str = strawberry.field(
        description="A message for people, which says what is wrong and what would work."
    )
    path: list[str] | None = strawberry.field(
        description="Where in the row the error is: keys and indexes from its root; null for the whole row."
    )
    is_stored: bool = strawberry.field(
        default=False, description="Whether the rest of the row was stored, without what the error is about."
    )

    @staticmethod
    def of(view: RowErrorView) -> "RowError":
        """The error as the service reports it."""
        return RowError(
            index=view.index,
            code=view.code,
            message=view.message,
            path=_texts(view.path),
            is_stored=view.is_stored,
        )


def user_errors(error: SeggraphError) -> list[UserError]:
    """The errors of a payload for a failure, one for each problem."""
    problems: Iterable[SeggraphError] = error.problems if isinstance(error, Problems) else (error,)
    return [_user_error(problem) for problem in problems]


def _user_error(problem: SeggraphError) -> UserError:
    code, message, path = problem.published_code, problem.message, _texts(problem.path)
    if problem.family is not None:
        found = CriteriaError(code=code, message=message, path=path, reason=problem.code)
        if isinstance(problem, CriteriaFailure):
            found.suggestions = list(problem.suggestions)
            if problem.span is not None:
                found.line, found.column = problem.span.line, problem.span.column
                found.start, found.end = problem.span.start, problem.span.end
        return found
    return InputError(code=code, message=message, path=path)


def _texts(path: Path) -> list[str] | None:
    return [str(part) for part in path] or None


class ReportErrors(FieldExtension):
    """Turns an expected failure of a mutation into its payload, empty but for the errors."""

    def __init__(self, payload: type[Any]) -> None:
        self._payload = payload

    def apply(self, field: StrawberryField) -> None:
        """Describe the mutation's one argument as its type is described."""
        for argument in field.arguments:
            definition = get_object_definition(argument.type)
            if argument.description is None and definition is not None:
                argument.description = definition.description

    async def resolve_async(
        self, next_: Callable[..., Awaitable[Any]], source: Any, info: Info, **kwargs: Any
    ) -> Any:
        """Run the mutation."""
        try:
            return await next_(source, info, **kwargs)
        except RateLimited:
            raise  # nothing is wrong with the input
        except SeggraphError as error:
            return self._payload(errors=user_errors(error))
