"""Which fields a selection has: fragments spread, directives applied, equal keys put together."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from graphql import (
    BooleanValueNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLObjectType,
    GraphQLSchema,
    NamedTypeNode,
    OperationDefinitionNode,
    SelectionNode,
    SelectionSetNode,
    VariableNode,
    Visitor,
    is_abstract_type,
    visit,
)

SETTLED: Final = frozenset({"include", "skip"})
"""Directives that have had their effect once fields are collected."""


class NotCompiled(Exception):
    """Something in a document that the compiler does not know: graphql-core executes it."""


@dataclass(frozen=True, slots=True)
class Selections:
    """Collects the fields of selections, for one choice of the variables that directives ask for."""

    schema: GraphQLSchema
    fragments: Mapping[str, FragmentDefinitionNode]
    conditions: Mapping[str, Any]

    def fields(
        self, type_: GraphQLObjectType, sets: Iterable[SelectionSetNode]
    ) -> dict[str, list[FieldNode]]:
        """The nodes of each key of an object, in the order of the response. Raises NotCompiled."""
        found: dict[str, list[FieldNode]] = {}
        spread: set[str] = set()
        for one in sets:
            self._collect(type_, one, found, spread)
        return found

    def _collect(
        self,
        type_: GraphQLObjectType,
        selections: SelectionSetNode,
        found: dict[str, list[FieldNode]],
        spread: set[str],
    ) -> None:
        for one in selections.selections:
            if not self._is_included(one):
                continue
            if isinstance(one, FieldNode):
                key = one.alias.value if one.alias else one.name.value
                found.setdefault(key, []).append(one)
                continue
            inner: Any = one
            if isinstance(one, FragmentSpreadNode):
                if one.name.value in spread:
                    continue
                spread.add(one.name.value)
                inner = self.fragments[one.name.value]
            if self._applies(inner.type_condition, type_):
                self._collect(type_, inner.selection_set, found, spread)

    def _is_included(self, node: SelectionNode) -> bool:
        included = True
        for directive in node.directives or ():
            name = directive.name.value
            if name not in SETTLED:
                raise NotCompiled(name)
            value = (directive.arguments or ())[0].value
            if isinstance(value, VariableNode):
                holds = self.conditions.get(value.name.value)
            elif isinstance(value, BooleanValueNode):
                holds = value.value
            else:
                raise NotCompiled(name)
            if type(holds) is not bool:
                raise NotCompiled(name)
            included = included and holds is (name == "include")
        return included

    def _applies(self, condition: NamedTypeNode | None, type_: GraphQLObjectType) -> bool:
        if condition is None or condition.name.value == type_.name:
            return True
        wanted = self.schema.get_type(condition.name.value)
        return is_abstract_type(wanted) and self.schema.is_sub_type(wanted, type_)


class _Conditions(Visitor):
    def __init__(self) -> None:
        super().__init__()
        self.found: dict[str, None] = {}

    def enter_directive(self, node: Any, *_: Any) -> None:
        for argument in node.arguments:
            if isinstance(argument.value, VariableNode):
                self.found[argument.value.name.value] = None


def conditions_of(
    operation: OperationDefinitionNode, fragments: Mapping[str, FragmentDefinitionNode]
) -> tuple[str, ...]:
    """The variables that directives of an operation ask for."""
    looking = _Conditions()
    for node in (operation, *fragments.values()):
        visit(node, looking)
    return tuple(looking.found)
