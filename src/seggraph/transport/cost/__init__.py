"""What an operation may cost, worked out before anything of it runs.

The cost of an operation is the number of objects and values that its answer can have, plus the weights of fields
that are dear in themselves. Lists multiply: a connection counts as many objects as its `first` or `last` says, or
as a page has by default. The cost of a document is worked out once, as a tree whose leaves are numbers and names of
variables; with the variables of a request it takes some microseconds.

The ways of GitHub (nodes, https://docs.github.com/graphql/overview/rate-limits-and-query-limits-for-the-graphql-api)
and Shopify (points, https://shopify.dev/docs/api/usage/rate-limits) taken together.
"""

from seggraph.transport.cost.limits import CostLimits, Estimate, FieldCost
from seggraph.transport.cost.operations import Costs, OperationCost

__all__ = ["CostLimits", "Costs", "Estimate", "FieldCost", "OperationCost"]
