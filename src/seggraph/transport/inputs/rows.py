"""Bulk rows on their way from variables to a service: fast, and a refused value is its row's error.

Stock graphql-core refuses a whole request for one value that a scalar refuses, and walks every value of every
row several times over in Python, as Strawberry does afterwards. `row` marks the input types that are rows of a bulk
input, `with_rows` those that have lists of them. Before execution `take_rows` takes these lists out of the variables,
reads them itself, and puts the result back afterwards. What a resolver gets is what stock would give it, but for
refused values: each stands in its row as a `RefusedValue`, which the service reports like any other mistake in a row.
Whatever is wrong with the shape of the input (no list, a row that is no object, an unknown field) is left to stock,
which refuses the request and says why.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import MISSING, dataclass, field
from functools import lru_cache
from typing import Any, Final, NamedTuple, TypeVar

from graphql import (
    DocumentNode,
    GraphQLBoolean,
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLScalarType,
    GraphQLSchema,
    GraphQLString,
    OperationDefinitionNode,
    Undefined,
    is_required_input_field,
    type_from_ast,
)
from graphql.utilities import coerce_input_value, validate_input_value
from graphql.utilities.coerce_input_value import coerce_default_value
from strawberry.schema.schema_converter import GraphQLCoreConverter
from strawberry.types.arguments import InputContext
from strawberry.types.base import StrawberryList, get_object_definition

from seggraph.row_errors import RefusedValue

T = TypeVar("T", bound=type)
Row = Mapping[str, Any]
"""A row as a resolver gets it: coerced values by the names of the schema, those that were given."""

_EXACTLY: Final[dict[Any, type]] = {GraphQLString: str, GraphQLBoolean: bool}
_ROWS: Final[set[type]] = set()


def row(type_: T) -> T:
    """Mark a Strawberry input as a row: lists of it are read here, and stay mappings in resolvers."""
    definition = get_object_definition(type_, strict=True)
    definition.from_input = lambda _type, value, _context: value
    _ROWS.add(type_)
    return type_


def with_rows(type_: T) -> T:
    """Mark a Strawberry input that has lists of rows: they are not looked at again, row by row, on their way."""
    get_object_definition(type_, strict=True).from_input = _with_rows
    return type_


def _with_rows(type_: type, given: Mapping[str, Any], context: InputContext) -> Any:
    """What Strawberry makes of an input by itself, but for the rows."""
    definition = get_object_definition(type_, strict=True)
    values: dict[str, Any] = {}
    for one in definition.fields:
        name = context.config.name_converter.from_field(one)
        if name in given:
            its_type = one.resolve_type(type_definition=definition)
            is_rows = isinstance(its_type, StrawberryList) and its_type.of_type in _ROWS
            values[one.python_name] = given[name] if is_rows else context.convert(given[name], its_type, name)
        elif one.default_value is MISSING and one.default_factory is MISSING:
            values[one.python_name] = None
    return type_(**values)


class _Shape(Exception):
    """The rows are not what stock graphql-core would look at value by value."""


class _Reader(NamedTuple):
    """How a field of a row is read: a value of exactly one class as it is, any other by `coerce`."""

    exact: type | None
    coerce: Callable[[Any], Any]


@dataclass(slots=True)
class Taken:
    """The variables without their rows, and the rows that were read, by the variable and the field in it."""

    variables: dict[str, Any]
    rows: dict[tuple[str, str | None], list[Row]] = field(default_factory=dict)

    def put_back(self, coerced: dict[str, Any]) -> None:
        """Put the rows into the coerced variables."""
        for (variable, name), rows in self.rows.items():
            if name is None:
                coerced[variable] = rows
            else:
                coerced[variable][name] = rows


def take_rows(
    schema: GraphQLSchema, document: DocumentNode, operation_name: str | None, variables: dict[str, Any]
) -> Taken:
    """Take the rows out of the variables of an operation and read them, where their shape allows."""
    taken = Taken(variables)
    for definition in document.definitions:
        if not isinstance(definition, OperationDefinitionNode):
            continue
        if operation_name is None or (definition.name and definition.name.value == operation_name):
            for node in definition.variable_definitions or ():
                name = node.variable.name.value
                if type(variables.get(name)) in (list, dict):
                    _take(taken, name, type_from_ast(schema, node.type))
            break
    return taken


def _take(taken: Taken, variable: str, type_: Any) -> None:
    value = taken.variables[variable]
    inner = type_.of_type if isinstance(type_, GraphQLNonNull) else type_
    try:
        if isinstance(value, list):
            if (rows := _rows_of(inner)) is not None:
                taken.rows[variable, None] = rows.read_all(value)
                taken.variables = taken.variables | {variable: []}
        elif isinstance(inner, GraphQLInputObjectType):
            for name, definition in inner.fields.items():
                listed = definition.type
                listed = listed.of_type if isinstance(listed, GraphQLNonNull) else listed
                if type(value.get(name)) is list and (rows := _rows_of(listed)) is not None:
                    taken.rows[variable, name] = rows.read_all(value[name])
                    taken.variables = taken.variables | {variable: taken.variables[variable] | {name: []}}
    except _Shape:
        return


def has_rows(type_: Any) -> bool:
    """Whether a type, non-null or not, is a list of rows of a bulk input."""
    return _rows_of(type_.of_type if isinstance(type_, GraphQLNonNull) else type_) is not None


def _rows_of(type_: Any) -> "_RowType | None":
    """How a list of rows is read, or None if the type is none."""
    if not isinstance(type_, GraphQLList):
        return None
    inner = type_.of_type.of_type if isinstance(type_.of_type, GraphQLNonNull) else type_.of_type
    return _row_type(inner) if isinstance(inner, GraphQLInputObjectType) else None


@lru_cache(maxsize=64)
def _row_type(type_: GraphQLInputObjectType) -> "_RowType | None":
    definition = type_.extensions.get(GraphQLCoreConverter.DEFINITION_BACKREF)
    return _RowType(type_) if getattr(definition, "origin", None) in _ROWS else None


class _RowType:
    """Reads the rows of one input type."""

    def __init__(self, type_: GraphQLInputObjectType) -> None:
        self._readers = {name: _reader(one.type) for name, one in type_.fields.items()}
        self._required = [name for name, one in type_.fields.items() if is_required_input_field(one)]
        defaults = {name: coerce_default_value(one) for name, one in type_.fields.items()}
        self._defaults = {name: value for name, value in defaults.items() if value is not Undefined}

    def read_all(self, values: Sequence[Any]) -> list[Row]:
        """The rows. Raises _Shape."""
        return [self._read(value) for value in values]

    def _read(self, value: Any) -> Row:
        if type(value) is not dict:
            raise _Shape
        row: dict[str, Any] = dict(self._defaults)
        readers = self._readers
        for name, given in value.items():
            reader = readers.get(name)
            if reader is None:
                raise _Shape
            exact, coerce = reader
            row[name] = given if given is None or type(given) is exact else coerce(given)
        for name in self._required:
            row.setdefault(name)  # the service says that it is required, and in which row
        return row


def _reader(type_: GraphQLInputType) -> _Reader:
    named = type_.of_type if isinstance(type_, GraphQLNonNull) else type_
    return _Reader(_EXACTLY.get(named), _coercion(named))


def _coercion(type_: GraphQLInputType) -> Callable[[Any], Any]:
    """What makes of a value what graphql-core makes of it, or says why it makes nothing of it."""
    if not isinstance(type_, GraphQLScalarType | GraphQLEnumType):
        return lambda value: _coerced(value, type_)
    of_leaf = type_.coerce_input_value

    def coerce(value: Any) -> Any:
        try:
            coerced = of_leaf(value)
        except (
            Exception
        ):  # whatever a scalar raises is its refusal; `_refused` has graphql-core say it in words
            return _refused(value, type_)
        return _refused(value, type_) if coerced is Undefined else coerced

    return coerce


def _coerced(value: Any, type_: GraphQLInputType) -> Any:
    coerced = coerce_input_value(value, type_)
    return _refused(value, type_) if coerced is Undefined else coerced


def _refused(value: Any, type_: GraphQLInputType) -> RefusedValue:
    found: list[RefusedValue] = []
    validate_input_value(
        value, type_, lambda error, path: found.append(RefusedValue(error.message, tuple(path)))
    )
    return found[0]
