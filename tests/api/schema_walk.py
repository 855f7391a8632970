"""A way through the whole schema: every field of every type asked for, every place that takes an id or a name tried.

Nothing here names a field of the product. What the schema says is enough for most of it; what it does not say (which
kind of object an id is of, what a choice of inputs is filled with) is given by tables, and a field that no table
covers is an error: whoever adds it says here what it is.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from graphql import (
    GraphQLArgument,
    GraphQLEnumType,
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLType,
    build_schema,
    get_named_type,
    is_leaf_type,
    is_list_type,
    is_non_null_type,
    is_required_argument,
    is_required_input_field,
)

from seggraph.api import schema as product

SCHEMA: Final = build_schema(product.build_schema().as_str())
"""The schema that is served."""

Place = tuple[str, ...]
"""A way from an argument down to a part of it: its name, then the names of input fields."""

MOST_FIELDS: Final = 400
"""How many fields one operation asks for at most; the server takes 500."""

MOST_FOUND: Final = 12
MOST_LISTED: Final = 3
"""How many objects of a query's list are asked for, and how many of a list within."""

WRAPPERS: Final = ("Connection", "Edge", "Payload")
"""Types that only hold others: going through them is no step."""


@dataclass(frozen=True)
class Tables:
    """What the schema does not say of itself."""

    kinds: Mapping[str, str]
    """Of which type an id is, by the last name of its place, the last two, or with the field: `archiveSegment.id`."""
    texts: Mapping[str, str]
    """Texts that may hold a name, by the name of their place; `{name}` is put in its place."""
    plain: Mapping[str, Any]
    """A value of every scalar, by its name."""
    choices: Mapping[str, Any]
    """A value of every input of which exactly one field is given, without any id in it."""
    extra: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """Fields that an input has to have although the schema does not say so, by its name."""
    given: Mapping[str, Any] = field(default_factory=dict)
    """Values for what would otherwise have the plain one, by `field.argument.name` or the last name."""


@dataclass(frozen=True)
class Operation:
    """A document and its variables, and what they are about."""

    title: str
    text: str
    variables: dict[str, Any]


@dataclass(frozen=True)
class Walk:
    """The ways through one schema."""

    schema: GraphQLSchema
    tables: Tables
    deep: frozenset[str] = frozenset()
    """The queries that are followed two steps beyond what they answer with; the others one."""

    def fields_of(self, root: str) -> Mapping[str, Any]:
        """The fields of a root type."""
        type_ = self.schema.type_map[root]
        assert isinstance(type_, GraphQLObjectType)
        fields: Mapping[str, Any] = type_.fields
        return fields

    # Reading everything

    def readings(
        self, name: str, ids: Mapping[str, str], only: str | None = None
    ) -> Iterator[tuple[Operation, set[str]]]:
        """Operations that together ask for all that can be had from a query, and the coordinates they ask for.

        Arguments are given only where they must be. `only` is the one type of the objects that an interface is
        asked about: fields of the same name may not differ within an operation.
        """
        field_ = self.fields_of("Query")[name]
        arguments = self._arguments(name, field_.args, ids)
        type_ = get_named_type(field_.type) if only is None else self.schema.type_map[only]
        steps = () if only is None else (f"... on {only}",)
        branches = list(self._branches(type_, (), ids, steps, 2 if name in self.deep else 1))
        while branches:
            packed: dict[str, Any] = {}
            asked: set[str] = {f"Query.{name}"}
            size = 0
            while branches and (size == 0 or size + branches[0].size <= MOST_FIELDS):
                branch = branches.pop(0)
                size += branch.size
                asked |= branch.asked
                node = packed
                for step in branch.steps:
                    node = node.setdefault(step, {})
                node |= {leaf: {} for leaf in branch.leaves}
            text = f"query {{ {name}{arguments}{_selection(packed)} }}"
            yield Operation(f"Query.{name}", text, {}), asked

    def _branches(
        self, type_: Any, trail: tuple[str, ...], ids: Mapping[str, str], steps: tuple[str, ...], depth: int
    ) -> Iterator["_Branch"]:
        if is_leaf_type(type_):
            yield _Branch((), (), set())
            return
        targets: Sequence[Any] = [type_]
        if isinstance(type_, GraphQLInterfaceType):
            targets = [type_, *self.schema.get_possible_types(type_)]
        for target in targets:
            within = steps if target is type_ else (*steps, f"... on {target.name}")
            leaves, deeper, asked = ["__typename"], [], set()
            for name, field_ in target.fields.items():
                call = name + self._arguments(name, field_.args, ids, target.name)
                named = get_named_type(field_.type)
                if is_leaf_type(named):
                    leaves.append(call)
                    asked.add(f"{target.name}.{name}")
                elif name == "nodes" and "edges" in target.fields:
                    asked.add(f"{target.name}.{name}")
                    leaves.append(name + " { __typename }")
                else:
                    deeper.append((f"{target.name}.{name}", call, named))
            yield _Branch(within, tuple(leaves), asked)
            if target.name in trail:
                continue
            if sum(not one.endswith(WRAPPERS) for one in trail) > depth:
                continue
            for coordinate, call, named in deeper:
                for branch in self._branches(named, (*trail, target.name), ids, (*within, call), depth):
                    yield _Branch(branch.steps, branch.leaves, branch.asked | {coordinate})

    def _arguments(
        self, name: str, arguments: Mapping[str, GraphQLArgument], ids: Mapping[str, str], owner: str = ""
    ) -> str:
        """The arguments that must be given, as text."""
        needed = {
            key: self._value(one.type, (owner, name, key) if owner else (name, key), ids, None, 0)
            for key, one in arguments.items()
            if is_required_argument(one)
        }
        if "first" in arguments:
            needed["first"] = MOST_LISTED if owner else MOST_FOUND
        return (
            "(" + ", ".join(f"{key}: {_literal(one)}" for key, one in needed.items()) + ")" if needed else ""
        )

    # Trying every place

    def places(self, root: str, name: str) -> list[Place]:
        """Every place of a field's arguments that takes an id, or a text that may hold a name."""
        return [
            (key, *rest)
            for key, argument in self.fields_of(root)[name].args.items()
            for rest in self._places_in(argument.type, key, ())
        ]

    def _places_in(self, type_: GraphQLType, name: str, seen: tuple[str, ...]) -> Iterator[Place]:
        named = get_named_type(type_)
        if named.name == "ID" or (named.name == "String" and name in self.tables.texts):
            yield ()
        elif isinstance(named, GraphQLInputObjectType) and named.name not in seen:
            for key, part in named.fields.items():
                for rest in self._places_in(part.type, key, (*seen, named.name)):
                    yield (key, *rest)

    def kind_of(self, name: str, place: Place) -> str:
        """Of which type the ids at a place are; `text` for one that takes a text."""
        if place[-1] in self.tables.texts:
            return "text"
        for key in (f"{name}.{place[-1]}", ".".join(place[-2:]), place[-1]):
            if key in self.tables.kinds:
                return self.tables.kinds[key]
        raise AssertionError(f"say in the table of ids whose id {name}({'.'.join(place)}) is")

    def trial(
        self, root: str, name: str, ids: Mapping[str, str], place: Place | None = None, value: str = ""
    ) -> Operation:
        """The operation that calls a field with a value at one place, and elsewhere only what must be given."""
        field_ = self.fields_of(root)[name]
        needed = {
            key: argument
            for key, argument in field_.args.items()
            if is_required_argument(argument) or (place is not None and key == place[0])
        }
        probe = None if place is None else (place, value)
        variables = {
            key: self._value(argument.type, (name, key), ids, probe, 1) for key, argument in needed.items()
        }
        declared = ", ".join(f"${key}: {argument.type}" for key, argument in needed.items())
        passed = ", ".join(f"{key}: ${key}" for key in needed)
        kind = {"Query": "query", "Mutation": "mutation", "Subscription": "subscription"}[root]
        chosen = self._shallow(get_named_type(field_.type), 2)
        head = f"{kind} ({declared}) {{ {name}({passed})" if needed else f"{kind} {{ {name}"
        return Operation(f"{root}.{name} {'.'.join(place or ())}", f"{head}{chosen} }}", variables)

    def _shallow(self, type_: Any, depth: int) -> str:
        """The leaves of a type and of what it holds, for which no argument is needed."""
        if is_leaf_type(type_):
            return ""
        parts = ["__typename"]
        for name, field_ in type_.fields.items():
            named = get_named_type(field_.type)
            if not any(map(is_required_argument, field_.args.values())) and (depth or is_leaf_type(named)):
                parts.append(name + self._shallow(named, depth - 1))
        return " { " + " ".join(parts) + " }"

    def _value(
        self,
        type_: GraphQLType,
        trail: Place,
        ids: Mapping[str, str],
        probe: tuple[Place, str] | None,
        start: int,
    ) -> Any:
        """A value of a type; `trail` is the field's name and the place, from `start` on what a probe's place is."""
        if is_non_null_type(type_):
            return self._value(type_.of_type, trail, ids, probe, start)
        if is_list_type(type_):
            return [self._value(type_.of_type, trail, ids, probe, start)]
        inner = trail[start:]
        if probe is not None and inner == probe[0]:
            return self.tables.texts.get(trail[-1], "{name}").replace("{name}", probe[1])
        on_the_way = probe is not None and probe[0][: len(inner)] == inner
        for key in (".".join(trail), f"{trail[0]}.{trail[-1]}", trail[-1]):
            if key in self.tables.given and not (on_the_way and isinstance(type_, GraphQLInputObjectType)):
                return self.tables.given[key]
        if isinstance(type_, GraphQLEnumType):
            return next(iter(type_.values))
        if isinstance(type_, GraphQLInputObjectType):
            return self._object(type_, trail, ids, probe if on_the_way else None, start)
        if type_.name == "ID":  # type: ignore[attr-defined]
            return ids[self.kind_of(trail[0], trail[start:] or trail[1:])]
        return self.tables.plain[str(type_)]

    def _object(
        self,
        type_: GraphQLInputObjectType,
        trail: Place,
        ids: Mapping[str, str],
        probe: tuple[Place, str] | None,
        start: int,
    ) -> Any:
        following = "" if probe is None else probe[0][len(trail[start:])]
        if type_.is_one_of and not following:
            assert type_.name in self.tables.choices, (
                f"say in the table of choices what a {type_.name} may be"
            )
            return self.tables.choices[type_.name]
        wanted: dict[str, GraphQLInputField] = {
            key: part
            for key, part in type_.fields.items()
            if key == following or (not type_.is_one_of and is_required_input_field(part))
        }
        found = {
            key: self._value(part.type, (*trail, key), ids, probe, start) for key, part in wanted.items()
        }
        return dict(self.tables.extra.get(type_.name, {})) | found


@dataclass(frozen=True)
class _Branch:
    """The leaves at the end of one way into a selection."""

    steps: tuple[str, ...]
    leaves: tuple[str, ...]
    asked: set[str]

    @property
    def size(self) -> int:
        return len(self.steps) + len(self.leaves)


def coordinates(schema: GraphQLSchema, root: str) -> set[str]:
    """Every field of every type that can be reached from a root type."""
    found: set[str] = set()
    waiting: list[Any] = [schema.type_map[root]]
    seen: set[str] = set()
    while waiting:
        type_ = waiting.pop()
        if is_leaf_type(type_) or type_.name in seen:
            continue
        seen.add(type_.name)
        if isinstance(type_, GraphQLInterfaceType):
            waiting += schema.get_possible_types(type_)
            continue
        for name, part in type_.fields.items():
            found.add(f"{type_.name}.{name}")
            waiting.append(get_named_type(part.type))
    return found


def values_in(answer: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Every leaf of an answer, with the names on the way to it."""
    if isinstance(answer, dict):
        for key, one in answer.items():
            yield from values_in(one, (*path, key))
    elif isinstance(answer, list):
        for one in answer:
            yield from values_in(one, path)
    else:
        yield path, answer


def _selection(tree: Mapping[str, Any]) -> str:
    return " { " + " ".join(key + _selection(below) for key, below in tree.items()) + " }" if tree else ""


def _literal(value: Any) -> str:
    """A value in GraphQL's own notation; enums are told by capitals that no text of the tables has."""
    match value:
        case bool():
            return "true" if value else "false"
        case int() | float():
            return str(value)
        case str() if value.isupper() and value.isidentifier():
            return value
        case str():
            return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
        case list():
            return "[" + ", ".join(map(_literal, value)) + "]"
        case dict():
            return "{" + ", ".join(f"{key}: {_literal(one)}" for key, one in value.items()) + "}"
    raise AssertionError(f"no literal for {value!r}")
