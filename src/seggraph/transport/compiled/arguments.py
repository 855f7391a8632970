"""Variables and arguments: the general way is graphql-core's and Strawberry's, plain ones are read at once.

A variable is plain if its type is a scalar of GraphQL itself and it has no default: its value is what was sent. An
argument is plain if it is a plain variable, or the same whatever the variables are.
"""

from collections.abc import Callable, Sequence
from enum import Enum
from typing import Any, Final

from graphql import (
    FieldNode,
    GraphQLError,
    GraphQLField,
    GraphQLNonNull,
    GraphQLSchema,
    OperationDefinitionNode,
    VariableNode,
    Visitor,
    specified_scalar_types,
    visit,
)
from graphql.execution.get_variable_signature import GraphQLVariableSignature, get_variable_signature
from graphql.execution.values import (
    VariableValues,
    VariableValueSource,
    get_argument_values,
    get_variable_values,
)
from strawberry.types.arguments import StrawberryArgument, convert_arguments

_CONSTANT: Final = frozenset({int, str, bool, float, type(None)})
_CLASSES: Final = {"ID": str, "String": str, "Boolean": bool}
"""Scalars whose values are taken as they are if they are of exactly a class."""
NO_VARIABLES: Final = VariableValues({}, {})


class VariableReader:
    """Reads the variables of an operation."""

    def __init__(self, schema: GraphQLSchema, operation: OperationDefinitionNode) -> None:
        self._schema = schema
        self._nodes = operation.variable_definitions or ()
        self._plain: list[tuple[str, type, GraphQLVariableSignature]] | None = []
        for node in self._nodes:
            signature = get_variable_signature(schema, node)
            class_ = None
            if not isinstance(signature, GraphQLError) and node.default_value is None:
                class_ = _CLASSES.get(_named(signature.type))
            if class_ is None or isinstance(signature, GraphQLError):
                self._plain = None
                break
            self._plain.append((signature.name, class_, signature))

    def read(self, variables: dict[str, Any]) -> VariableValues:
        """The values of the variables. Raises GraphQLError."""
        if not self._nodes:
            return NO_VARIABLES
        if self._plain is not None:
            sources: dict[str, VariableValueSource] = {}
            coerced: dict[str, Any] = {}
            for name, class_, signature in self._plain:
                value = variables.get(name)
                if type(value) is not class_:
                    break
                sources[name] = VariableValueSource(signature, value)
                coerced[name] = value
            else:
                return VariableValues(sources, coerced)
        values = get_variable_values(self._schema, self._nodes, variables, max_errors=1)
        if isinstance(values, list):
            raise values[0]
        return values


class ArgumentReader:
    """Reads the arguments of a field, by their names in Python."""

    def __init__(
        self, definition: GraphQLField, node: FieldNode, arguments: Sequence[StrawberryArgument], served: Any
    ) -> None:
        self._definition = definition
        self._node = node
        self._arguments = arguments
        self._served = served
        self._constants: dict[str, Any] | None = None if definition.args else {}
        self._variables: list[tuple[str, str, type]] = []
        """The plain variables among the arguments: name in Python, name of the variable, class."""

    def read(self, values: VariableValues) -> dict[str, Any]:
        """The arguments. Raises what graphql-core and Strawberry raise for values that do not fit."""
        constants, coerced = self._constants, values.coerced
        if constants is not None:
            given = constants.copy()
            for name, variable, class_ in self._variables:
                value = coerced.get(variable)
                if type(value) is not class_:
                    break
                given[name] = value
            else:
                return given
        given = convert_arguments(
            get_argument_values(self._definition, self._node, values),
            list(self._arguments),
            scalar_registry=self._served.schema_converter.scalar_registry,
            config=self._served.config,
        )
        if constants is None:
            self._learn(given, coerced)
        return given

    def _learn(self, given: dict[str, Any], coerced: dict[str, Any]) -> None:
        """Keep what is the same for all variables, and which arguments are plain variables."""
        name_of: Callable[[StrawberryArgument], str] = self._served.config.name_converter.from_argument
        in_python = {name_of(one): one.python_name for one in self._arguments}
        variables: list[tuple[str, str, type]] = []
        for argument in self._node.arguments or ():
            name = in_python.get(argument.name.value)
            if isinstance(argument.value, VariableNode):
                variable = argument.value.name.value
                value = coerced.get(variable)
                type_ = _named(self._definition.args[argument.name.value].type)
                if name is None or type(value) is not _CLASSES.get(type_) or given.get(name) is not value:
                    return
                variables.append((name, variable, type(value)))
            elif _has_variables(argument.value):
                return
        varying = {name for name, _, _ in variables}
        constants = {name: value for name, value in given.items() if name not in varying}
        if all(type(one) in _CONSTANT or isinstance(one, Enum) for one in constants.values()):
            self._variables = variables
            self._constants = constants


def _named(type_: Any) -> str:
    """The name of a scalar of GraphQL itself, nullable or not; empty for any other type."""
    inner = type_.of_type if isinstance(type_, GraphQLNonNull) else type_
    name: str = getattr(inner, "name", "")
    return name if name in specified_scalar_types else ""


class _Variables(Visitor):
    def __init__(self) -> None:
        super().__init__()
        self.found = False

    def enter_variable(self, _node: VariableNode, *_: Any) -> None:
        self.found = True


def _has_variables(node: Any) -> bool:
    looking = _Variables()
    visit(node, looking)
    return looking.found
