"""How each field of a selection is executed, worked out once per operation and not once per row."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, cast

from graphql import (
    FieldNode,
    GraphQLField,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLSchema,
)
from strawberry.schema.schema_converter import GraphQLCoreConverter
from strawberry.types.base import StrawberryObjectDefinition
from strawberry.types.field import StrawberryField

from seggraph.transport.leaves import Completion, completion
from seggraph.transport.loading import is_marked

SETTLED_DIRECTIVES: Final = frozenset({"include", "skip"})
"""Directives that have had their effect once the fields of a selection are collected."""


@dataclass(frozen=True, slots=True)
class Leaf:
    """A field that is an attribute holding, most likely, what the wire needs."""

    attribute: str
    return_type: GraphQLOutputType
    complete: Completion


@dataclass(frozen=True, slots=True)
class Shape:
    """A type of values, taken apart: at most one of `complete`, `object_type` and `item` is there.

    `source` is the class whose very instances need no question whether they are of the object type.
    """

    return_type: GraphQLOutputType
    is_nullable: bool
    complete: Completion | None = None
    object_type: GraphQLObjectType | None = None
    source: type | None = None
    item: "Shape | None" = None


@dataclass(frozen=True, slots=True)
class Way:
    """How a field is resolved that is no leaf: by an attribute, by our function, or by the stock resolver."""

    name: str
    details: Any
    nodes: list[FieldNode]
    parent_type: GraphQLObjectType
    field: GraphQLField
    shape: Shape
    attribute: str | None
    function: Callable[..., Any] | None
    """Takes the source and, if that is wanted, the `Info` by the name `info_name`."""
    info_name: str | None
    definition: StrawberryField
    awaits_loaders: bool


FieldPlan = tuple[str, Any, Leaf | Way | None]


def plan_of(schema: GraphQLSchema, parent_type: GraphQLObjectType, name: str, details: Any) -> FieldPlan:
    """How one field of a selection is executed; None is the stock way."""
    nodes = [detail.node for detail in details]
    node = nodes[0]
    field = schema.get_field(parent_type, node.name.value)
    if field is None or any(one.name.value not in SETTLED_DIRECTIVES for one in node.directives or ()):
        return name, details, None
    if node.name.value == "__typename":
        # Clients with a cache ask for it on every object; it is known already.
        typename = parent_type.name
        return name, details, Leaf("__class__", field.type, lambda _class: typename)
    definition = field.extensions.get(GraphQLCoreConverter.DEFINITION_BACKREF)
    if not isinstance(definition, StrawberryField) or type(definition).get_result is not _GET_RESULT:
        return name, details, None
    if definition.is_basic_field:
        if definition.default_resolver is not getattr or not getattr(field.resolve, "_is_default", False):
            return name, details, None
        complete = completion(field.type)
        if complete is not None:
            return name, details, Leaf(definition.python_name, field.type, complete)
    return name, details, _way(name, details, nodes, parent_type, field, definition)


_GET_RESULT: Final = StrawberryField.get_result


def _way(
    name: str,
    details: Any,
    nodes: list[FieldNode],
    parent_type: GraphQLObjectType,
    field: GraphQLField,
    definition: StrawberryField,
) -> Way:
    resolver = definition.base_resolver
    function: Callable[..., Any] | None = None
    info_name: str | None = None
    is_stock = hasattr(
        field.resolve, "_is_default"
    )  # The events of a subscription have a resolver of their own.
    if resolver is not None and is_stock and not field.args and not definition.extensions:
        info = resolver.info_parameter
        names = {parameter.name for parameter in resolver.signature.parameters.values()}
        if resolver.self_parameter is not None and names <= {"self", info.name if info else "self"}:
            function = cast(Callable[..., Any], resolver.wrapped_func)
            info_name = info.name if info else None
    return Way(
        name,
        details,
        nodes,
        parent_type,
        field,
        shape_of(field.type),
        attribute=definition.python_name if definition.is_basic_field else None,
        function=function,
        info_name=info_name,
        definition=definition,
        awaits_loaders=resolver is not None
        and is_stock
        and not definition.extensions
        and is_marked(resolver.wrapped_func),
    )


def shape_of(return_type: GraphQLOutputType) -> Shape:
    """Take a type apart."""
    is_nullable = not isinstance(return_type, GraphQLNonNull)
    inner: Any = return_type if is_nullable else return_type.of_type  # type: ignore[union-attr]
    complete = completion(return_type)
    if complete is not None:
        return Shape(return_type, is_nullable, complete=complete)
    if isinstance(inner, GraphQLList):
        return Shape(return_type, is_nullable, item=shape_of(inner.of_type))
    if isinstance(inner, GraphQLObjectType):
        definition = inner.extensions.get(GraphQLCoreConverter.DEFINITION_BACKREF)
        if isinstance(definition, StrawberryObjectDefinition) and not definition.is_type_of:
            # Values of a generic type are of the generic class; its origin is a class that Strawberry made.
            source = (definition.concrete_of or definition).origin
            return Shape(return_type, is_nullable, object_type=inner, source=source)
    return Shape(return_type, is_nullable)
