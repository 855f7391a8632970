"""Literals in documents: what is wrong with a large one is said once.

graphql-core words each mistake in a literal with the whole literal: eleven mistakes in one of 5,000 tokens took half a
second to say.
"""

from contextlib import suppress
from typing import Final

from graphql import GraphQLError, GraphQLInputType, ValueNode
from graphql.language import SKIP, VisitorAction
from graphql.utilities import validate_input_literal
from graphql.validation import ValuesOfCorrectTypeRule

LARGE_CHARACTERS: Final = 500
"""Of a literal that is longer only the first mistake is reported."""


class _Reported(Exception):
    """The first mistake was reported."""


class LiteralsOfCorrectTypeRule(ValuesOfCorrectTypeRule):
    """The stock rule, but that a large literal has one mistake at most."""

    def is_valid_value_node(self, node: ValueNode, input_type: GraphQLInputType | None) -> VisitorAction:
        """Report what is wrong with a literal; see the stock rule."""
        if node.loc is None or node.loc.end - node.loc.start <= LARGE_CHARACTERS:
            return super().is_valid_value_node(node, input_type)
        if input_type:
            with suppress(_Reported):
                validate_input_literal(
                    node, input_type, self._report_first, None, None, self.context.hide_suggestions
                )
        return SKIP

    def _report_first(self, error: GraphQLError, _: list[str | int]) -> None:
        self.report_error(error)
        raise _Reported
