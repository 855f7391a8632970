"""Random documents of a schema: aliases, fragments, directives, variables, objects of interfaces and unions."""

import random

from graphql import (
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLUnionType,
    get_named_type,
    is_abstract_type,
    is_composite_type,
    is_required_argument,
)

DEEPEST = 4


class Documents:
    """Writes one document after another, the same ones for the same seed."""

    def __init__(self, schema: GraphQLSchema, seed: int, leave_out: frozenset[str] = frozenset()) -> None:
        self._schema = schema
        self._choose = random.Random(seed)
        self._leave_out = leave_out
        self._fragments: list[str] = []

    def document(self) -> str:
        """A query with two Boolean variables that may have any value."""
        self._fragments = []
        selection = self._selection(self._schema.query_type, 0)
        head = "query ($yes: Boolean! = true, $no: Boolean! = false)"
        return f"{head} {selection} {' '.join(self._fragments)}"

    def _selection(self, type_: GraphQLNamedType | None, depth: int) -> str:
        parts = ["__typename"] if self._choose.random() < 0.4 or isinstance(type_, GraphQLUnionType) else []
        parts += [self._part(type_, depth, number) for number in range(self._choose.randint(1, 5))]
        text = " ".join(part for part in parts if part)
        return "{ " + (text or "__typename") + " }"

    def _part(self, type_: GraphQLNamedType | None, depth: int, number: int) -> str:
        kind = self._choose.random()
        if is_abstract_type(type_) and kind < 0.6:
            one = self._choose.choice(list(self._schema.get_possible_types(type_)))
            return f"... on {one.name}{self._directive()} {self._selection(one, depth)}"
        if type_ is not None and kind < 0.15 and depth < DEEPEST:
            name = f"f{len(self._fragments)}"
            self._fragments.append("")
            place = len(self._fragments) - 1
            self._fragments[place] = f"fragment {name} on {type_.name} {self._selection(type_, DEEPEST - 1)}"
            return f"...{name}{self._directive()} ...{name}"
        if isinstance(type_, GraphQLObjectType | GraphQLInterfaceType):
            return self._field(type_, depth, number)
        return ""

    def _field(self, type_: GraphQLObjectType | GraphQLInterfaceType, depth: int, number: int) -> str:
        fields = {
            name: field
            for name, field in type_.fields.items()
            if name not in self._leave_out
            and not any(is_required_argument(one) for one in field.args.values())
            and (depth < DEEPEST or not is_composite_type(get_named_type(field.type)))
        }
        if not fields:
            return "__typename"
        name = self._choose.choice(list(fields))
        inner = get_named_type(fields[name].type)
        is_merged = self._choose.random() < 0.5 and not is_composite_type(inner)
        alias = "" if is_merged else f"a{depth}{number}{name}: "
        below = self._selection(inner, depth + 1) if is_composite_type(inner) else ""
        return f"{alias}{name}{self._directive()} {below}"

    def _directive(self) -> str:
        if self._choose.random() < 0.75:
            return ""
        return self._choose.choice(
            [" @include(if: $yes)", " @skip(if: $no)", " @include(if: $no)", " @skip(if: true)"]
        )
