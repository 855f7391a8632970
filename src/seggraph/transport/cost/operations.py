"""The costs of operations, kept by operation, and what refuses one that costs too much."""

from collections.abc import Mapping
from typing import Any, Final, NoReturn

from cachetools import LRUCache
from graphql import FragmentDefinitionNode, GraphQLError, GraphQLSchema, OperationDefinitionNode

from seggraph.transport.codes import TransportCode
from seggraph.transport.cost.introspection import lengths
from seggraph.transport.cost.limits import CostLimits, Estimate, FieldCost
from seggraph.transport.cost.reading import Reading
from seggraph.transport.cost.trees import ANY_PAGE, PageTooLarge, Variables
from seggraph.transport.cost.variables import check

KEPT_COSTS: Final = 512


class OperationCost:
    """What an operation costs, for any variables."""

    def __init__(self, reading: Reading, limits: CostLimits) -> None:
        self._tree = reading.tree()
        self._declared = reading.declared()
        self._defaults = reading.defaults()
        self._limits = limits

    def estimate(self, variables: Variables) -> Estimate:
        """The nodes and the cost with the variables as they came. Raises GraphQLError for a page that is too large."""
        if self._defaults:
            variables = {**self._defaults, **variables}
        try:
            return Estimate(*self._tree(variables))
        except PageTooLarge as refusal:
            estimate = Estimate(*self._tree({**variables, ANY_PAGE: True}))
            self._refuse_cost(estimate, refusal.message, path=refusal.path)

    def admit(self, variables: Variables) -> Estimate:
        """The estimate. Raises GraphQLError when it, or what the variables hold, is over a limit."""
        limits = self._limits
        if variables:
            check(variables, self._declared, limits.variables)
        nodes, cost = estimate = self.estimate(variables)
        if nodes > limits.nodes or cost > limits.cost:
            advice = "Ask for smaller pages (`first`), fewer lists in lists, or several requests."
            self._refuse_cost(estimate, advice)
        return estimate

    def _refuse_cost(self, estimate: Estimate, advice: str, **extensions: Any) -> NoReturn:
        limits = self._limits
        raise GraphQLError(
            f"The answer could have {_readable(estimate.nodes)} objects in lists"
            f" and cost {_readable(estimate.cost)} points;"
            f" at most {limits.nodes:,} objects and {limits.cost:,} points are served. {advice}",
            extensions={
                "code": TransportCode.COST_LIMIT_EXCEEDED.value,
                "cost": self.extensions(estimate) | {"nodeLimit": limits.nodes},
                **extensions,
            },
        )

    def extensions(self, estimate: Estimate) -> dict[str, int]:
        """What an answer says of its cost."""
        return {
            "requested": min(estimate.cost, _MOST),
            "limit": self._limits.cost,
            "nodes": min(estimate.nodes, _MOST),
        }


_MOST: Final = 2**53 - 1
"""The largest number that every JSON reader has exactly: larger estimates are said to be this."""


def _readable(number: int) -> str:
    return f"{number:,}" if number <= _MOST else "countless"


class Costs:
    """The costs of the operations of a schema that were asked for most recently.

    `fields` has what is to be known of fields by `Type.field`, or by `*.field` for all types.
    """

    def __init__(self, schema: GraphQLSchema, fields: Mapping[str, FieldCost], limits: CostLimits) -> None:
        self._schema = schema
        self._fields = {**fields, **lengths(schema)}
        self.limits = limits
        self._kept: LRUCache[int, tuple[OperationDefinitionNode, OperationCost]] = LRUCache(KEPT_COSTS)

    def of(
        self, operation: OperationDefinitionNode, fragments: Mapping[str, FragmentDefinitionNode]
    ) -> OperationCost:
        """The cost of an operation of a document that is valid and not too large."""
        kept = self._kept.get(id(operation))
        if kept is None or kept[0] is not operation:
            reading = Reading(self._schema, self._fields, self.limits, operation, fragments)
            made = OperationCost(reading, self.limits)
            kept = self._kept[id(operation)] = operation, made
        return kept[1]
