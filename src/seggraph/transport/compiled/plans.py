"""What is compiled of a document: how the objects at each of its places are read and completed."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from asyncpg import Record
from graphql import FieldNode, GraphQLField, GraphQLObjectType
from strawberry.schema.schema_converter import GraphQLCoreConverter
from strawberry.types.base import StrawberryObjectDefinition
from strawberry.types.field import StrawberryField

from seggraph.transport.compiled.leaves import Unexpected
from seggraph.transport.compiled.records import RowType, row_type_of

if TYPE_CHECKING:
    from seggraph.transport.compiled.compiler import Program
    from seggraph.transport.compiled.running import Completed, Run

Values: TypeAlias = Sequence[Any]
Resolve: TypeAlias = "Callable[[Run, Values], Completed]"
"""Takes the objects of a level and returns the values of a field of each of them, in their order."""


@dataclass(slots=True)
class Shape:
    """A type of values, taken apart: one of `leaf`, `item` and `objects` is there."""

    is_nullable: bool
    leaf: Callable[[Any], Any] | None = None
    item: "Shape | None" = None
    objects: "Objects | None" = None


@dataclass(slots=True)
class Field:
    """A field whose value is not just an attribute or a column of a leaf type."""

    key: str
    shape: Shape
    resolve: Resolve
    is_plain: bool = False
    """Whether its value is there without any statement."""
    of_object: bool = False
    """In a plan of rows: whether the whole object is needed."""
    rows: Shape | None = None
    """What rows are below it, where `shape` does not say so."""


@dataclass(slots=True)
class ObjectPlan:
    """The selection of a type at one place of a document.

    `build` makes a dictionary of each source, with leaves completed and None for each of `fields`. Without fields
    it may make any JSON.
    """

    build: Callable[[Values], list[Any]]
    fields: Sequence[Field]


@dataclass(slots=True)
class RowPlan(ObjectPlan):
    """The same for sources that are rows: which columns are to be read."""

    type: RowType
    columns: tuple[str, ...] | None
    """None: all of them, and in their order."""

    @property
    def needs_objects(self) -> bool:
        """Whether whole objects are to be made of the rows."""
        return any(field.of_object for field in self.fields)


class Objects:
    """The objects at one place of a document: a plan for each class that occurs there, made when it does."""

    def __init__(
        self, program: "Program", nodes: Sequence[FieldNode], types: Sequence[GraphQLObjectType]
    ) -> None:
        self._program = program
        self._nodes = nodes
        self._plans: dict[type, ObjectPlan] = {}
        self._types = {origin: type_ for type_ in types if (origin := origin_of(type_)) is not None}

    def plan(self, source: type) -> ObjectPlan:
        """The plan for objects of exactly a class. Raises Unexpected for one that is not of the type."""
        found = self._plans.get(source)
        if found is None:
            found = self._plans[source] = self._make(source)
        return found

    def _make(self, source: type) -> ObjectPlan:
        if source is Record:
            row_type = self.row_type
            if row_type is None:
                raise Unexpected
            [type_] = self._types.values()
            return self._program.row_plan(type_, self._nodes, row_type)
        if source not in self._types:
            raise Unexpected
        return self._program.object_plan(self._types[source], self._nodes)

    @property
    def row_type(self) -> RowType | None:
        """How rows stand for these objects; None where they do not."""
        return row_type_of(next(iter(self._types))) if len(self._types) == 1 else None

    @property
    def only(self) -> ObjectPlan | None:
        """The plan where objects are of one class."""
        return self.plan(next(iter(self._types))) if len(self._types) == 1 else None


NO_ROWS: Final = object()


def columns_in(shape: Shape) -> Any:
    """The columns that are read of rows among values of a shape, or below them without a statement.

    None when whole objects are needed, NO_ROWS where no rows are.
    """
    if shape.item is not None:
        return columns_in(shape.item)
    if shape.objects is None or shape.objects.only is None:
        return NO_ROWS
    if shape.objects.row_type is not None:
        plan = shape.objects.plan(Record)
        return plan.columns if isinstance(plan, RowPlan) else None
    found: dict[str, None] | None = None
    for field in shape.objects.only.fields:
        inner: Any = columns_in(field.rows or field.shape) if field.is_plain else NO_ROWS
        if inner is None:
            return None
        if inner is not NO_ROWS:
            found = (found or {}) | dict.fromkeys(inner)
    return NO_ROWS if found is None else tuple(found)


def origin_of(type_: GraphQLObjectType) -> type | None:
    """The class whose instances are objects of a type; None where that takes a closer look."""
    definition = type_.extensions.get(GraphQLCoreConverter.DEFINITION_BACKREF)
    if not isinstance(definition, StrawberryObjectDefinition):
        return None
    if definition.concrete_of is not None:
        return definition.concrete_of.origin
    return None if definition.is_type_of else definition.origin


def definition_of(field: GraphQLField | None) -> StrawberryField | None:
    """What Strawberry knows of a field, if it made it."""
    definition = None if field is None else field.extensions.get(GraphQLCoreConverter.DEFINITION_BACKREF)
    return definition if isinstance(definition, StrawberryField) else None
