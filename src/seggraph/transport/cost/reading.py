"""Reads the cost of an operation out of its selections."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSchema,
    NamedTypeNode,
    OperationDefinitionNode,
    SelectionSetNode,
    get_named_type,
    is_abstract_type,
    is_leaf_type,
    type_from_ast,
)
from graphql.utilities import value_from_ast_untyped

from seggraph.transport.cost.limits import CostLimits, FieldCost
from seggraph.transport.cost.sizes import SIZES, bounded, conditions_of, size_of
from seggraph.transport.cost.trees import (
    Conditions,
    CostTree,
    Part,
    Size,
    conditional,
    dearest,
    listed,
    single,
)
from seggraph.transport.inputs.rows import has_rows

SIZED: Final = frozenset({"edges", "nodes"})
"""The lists of a connection: as long as its page."""
_TYPE_NAME: Final = "__typename"


class Reading:
    """Reads the cost of one operation."""

    def __init__(
        self,
        schema: GraphQLSchema,
        costs: Mapping[str, FieldCost],
        limits: CostLimits,
        operation: OperationDefinitionNode,
        fragments: Mapping[str, FragmentDefinitionNode],
    ) -> None:
        self._schema = schema
        self._costs = costs
        self._limits = limits
        self._operation = operation
        self._fragments = fragments

    def tree(self) -> CostTree:
        """The cost of the operation, by its variables."""
        root = self._schema.get_root_type(self._operation.operation)
        if root is None:
            return CostTree()
        tree, _ = self._object(root, [self._operation.selection_set], None, is_nested=False, path=())
        return tree

    def defaults(self) -> dict[str, Any]:
        """The default values of the variables that have one."""
        return {
            one.variable.name.value: value_from_ast_untyped(one.default_value)
            for one in self._operation.variable_definitions or ()
            if one.default_value is not None
        }

    def declared(self) -> list[tuple[str, bool]]:
        """The variables, and whether each has the rows of a bulk input."""
        return [
            (one.variable.name.value, _is_bulk(type_from_ast(self._schema, one.type)))
            for one in self._operation.variable_definitions or ()
        ]

    def _object(
        self,
        type_: GraphQLObjectType,
        sets: Sequence[SelectionSetNode],
        page: tuple[Size, bool] | None,
        *,
        is_nested: bool,
        path: tuple[str, ...],
    ) -> tuple[CostTree, bool]:
        """What an object costs, and whether that is the same for all variables.

        `page` says how long the lists of a connection are.
        """
        tree = CostTree(cost=1)
        for key, asked in self._collected(type_, sets).items():
            nodes = [node for node, _ in asked]
            name = nodes[0].name.value
            if name == _TYPE_NAME:
                tree.cost += 1
                continue
            definition = self._schema.get_field(type_, name)
            if definition is None:
                continue
            sized = page if name in SIZED else None
            part, is_constant = self._field(
                type_, definition, nodes, sized, is_nested=is_nested, path=(*path, key)
            )
            ways = [conditions for _, conditions in asked]
            if all(ways):
                tree.add(conditional(part, ways), is_constant=False)
            else:
                tree.add(part, is_constant=is_constant)
        return tree, not tree.parts

    def _field(
        self,
        parent: GraphQLObjectType,
        definition: GraphQLField,
        nodes: Sequence[FieldNode],
        page: tuple[Size, bool] | None,
        *,
        is_nested: bool,
        path: tuple[str, ...],
    ) -> tuple[Part, bool]:
        name = nodes[0].name.value
        cost = self._costs.get(f"{parent.name}.{name}") or self._costs.get(f"*.{name}", _FREE)
        weight = cost.weight
        if cost.arguments:
            given = {argument.name.value for argument in nodes[0].arguments or ()}
            weight += sum(more for argument, more in cost.arguments if argument in given)
        named: Any = get_named_type(definition.type)
        if is_leaf_type(named):
            points = 1 + weight
            return (lambda _: (0, points)), True
        size, is_fixed = page or size_of(definition, nodes[0], cost, self._limits.default_page)
        many = is_list(definition.type)
        is_connection = not many and any(argument in definition.args for argument in SIZES)
        if is_connection and is_nested:
            size = bounded(size, self._limits.nested_page, path)
        child, is_constant = self._any_of(
            named,
            [node.selection_set for node in nodes if node.selection_set is not None],
            (size, is_fixed) if is_connection else None,
            is_nested=is_nested or many or is_connection,
            path=path,
        )
        if not many:
            weight += self._limits.connection if is_connection else 0
            return single(child, weight), is_constant
        return listed(child, weight, size), is_constant and is_fixed

    def _any_of(
        self,
        type_: Any,
        sets: Sequence[SelectionSetNode],
        page: tuple[Size, bool] | None,
        *,
        is_nested: bool,
        path: tuple[str, ...],
    ) -> tuple[Part, bool]:
        """What an object of a type costs: of an interface or a union, that of the dearest type."""
        if not is_abstract_type(type_):
            return self._object(type_, sets, page, is_nested=is_nested, path=path)
        trees = [
            self._object(one, sets, page, is_nested=is_nested, path=path)
            for one in self._schema.get_possible_types(type_)
        ]
        parts = [tree for tree, _ in trees]
        return dearest(parts), all(is_constant for _, is_constant in trees)

    def _collected(
        self, type_: GraphQLObjectType, sets: Iterable[SelectionSetNode]
    ) -> dict[str, list[tuple[FieldNode, Conditions]]]:
        """The nodes of each key of an object; what a directive leaves out for all variables is left out."""
        found: dict[str, list[tuple[FieldNode, Conditions]]] = {}
        spread: set[tuple[str, Conditions]] = set()
        for one in sets:
            self._collect(type_, one, (), found, spread)
        return found

    def _collect(
        self,
        type_: GraphQLObjectType,
        selections: SelectionSetNode,
        conditions: Conditions,
        found: dict[str, list[tuple[FieldNode, Conditions]]],
        spread: set[tuple[str, Conditions]],
    ) -> None:
        for one in selections.selections:
            own = conditions_of(one)
            if own is None:
                continue
            holding = conditions + tuple(each for each in own if each not in conditions)
            inner: Any = one
            if isinstance(one, FieldNode):
                key = one.alias.value if one.alias else one.name.value
                found.setdefault(key, []).append((one, holding))
                continue
            if isinstance(one, FragmentSpreadNode):
                inner = self._fragments.get(one.name.value)
                if inner is None or (one.name.value, holding) in spread:
                    continue
                spread.add((one.name.value, holding))
            if self._applies(inner.type_condition, type_):
                self._collect(type_, inner.selection_set, holding, found, spread)

    def _applies(self, condition: NamedTypeNode | None, type_: GraphQLObjectType) -> bool:
        if condition is None or condition.name.value == type_.name:
            return True
        wanted = self._schema.get_type(condition.name.value)
        return is_abstract_type(wanted) and self._schema.is_sub_type(wanted, type_)


_FREE: Final = FieldCost()


def is_list(type_: Any) -> bool:
    """Whether a field of the type has several objects."""
    return isinstance(type_.of_type if isinstance(type_, GraphQLNonNull) else type_, GraphQLList)


def _is_bulk(type_: Any) -> bool:
    """Whether a variable has the rows of a bulk input, which are read with less ado."""
    inner: Any = type_.of_type if isinstance(type_, GraphQLNonNull) else type_
    if isinstance(inner, GraphQLInputObjectType):
        return any(has_rows(one.type) for one in inner.fields.values())
    return inner is not None and has_rows(inner)
