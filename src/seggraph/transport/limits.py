"""How large a GraphQL document may be, measured before anything expensive looks at it.

The rules of Strawberry and graphql-core expand each fragment wherever it is spread, so a few hundred tokens
(`fragment a {...b ...b}`, `fragment b {...c ...c}`, ...) keep them busy for ever. Here every fragment is
measured once. Validation proper runs only on documents that pass.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
)

from seggraph.transport.codes import TransportCode

_INTROSPECTION = frozenset({"__schema", "__type"})


@dataclass(frozen=True, slots=True)
class Limits:
    """The largest document that is served.

    Depth counts nested selections below the root; introspection has a limit of its own, which the
    introspection queries of the usual tools pass. The other counts are per operation, with every fragment
    counted wherever it is spread. Validation compares the fields of a selection set pair by pair, so its time
    grows with the square of `fields`: 500 take a sixth of a second. `repeats` is how often one selection set may
    select the same name. The numbers of operations, fragments and variables are those of the whole document.
    """

    tokens: int = 5_000
    depth: int = 15
    introspection_depth: int = 20
    fields: int = 500
    root_fields: int = 20
    aliases: int = 30
    directives: int = 50
    repeats: int = 10
    operations: int = 100
    fragments: int = 250
    variables: int = 250


@dataclass(slots=True)
class Size:
    """What a selection set adds up to."""

    depth: int = 0
    introspection_depth: int = 0
    fields: int = 0
    root_fields: int = 0
    aliases: int = 0
    directives: int = 0
    repeats: int = 0

    def include(self, other: "Size", *, below: FieldNode | None = None) -> None:
        """Add what is selected by a fragment, or below a field."""
        self.fields += other.fields
        self.aliases += other.aliases
        self.directives += other.directives
        self.repeats = max(self.repeats, other.repeats)
        depth, introspection = other.depth, other.introspection_depth
        if below is None:
            self.root_fields += other.root_fields
        elif below.name.value in _INTROSPECTION:
            depth, introspection = 0, max(depth, introspection) + 1
        else:
            depth, introspection = depth + 1, introspection + 1 if introspection else 0
        self.depth = max(self.depth, depth)
        self.introspection_depth = max(self.introspection_depth, introspection)


@dataclass(slots=True)
class _Measure:
    fragments: dict[str, FragmentDefinitionNode]
    measured: dict[str, Size] = field(default_factory=dict)

    def selection_set(self, selection_set: SelectionSetNode) -> Size:
        size = Size(repeats=max(Counter(_direct_names(selection_set)).values(), default=0))
        for selection in selection_set.selections:
            size.directives += len(selection.directives or ())
            if isinstance(selection, FieldNode):
                self._add_field(size, selection)
            elif isinstance(selection, FragmentSpreadNode):
                size.include(self._fragment(selection.name.value))
            else:
                size.include(self.selection_set(getattr(selection, "selection_set")))  # noqa: B009
        return size

    def _add_field(self, size: Size, node: FieldNode) -> None:
        size.fields += 1
        size.root_fields += 1
        size.aliases += node.alias is not None
        size.include(self.selection_set(node.selection_set) if node.selection_set else Size(), below=node)

    def _fragment(self, name: str) -> Size:
        known = self.measured.get(name)
        if known is None:
            # A fragment met again inside itself adds nothing: validation refuses the cycle.
            self.measured[name] = Size()
            definition = self.fragments.get(name)
            known = self.selection_set(definition.selection_set) if definition else Size()
            self.measured[name] = known
        return known


def _direct_names(selection_set: SelectionSetNode) -> Iterator[str]:
    """The names in the answer that a selection set selects itself, without its named fragments."""
    for selection in selection_set.selections:
        if isinstance(selection, FieldNode):
            yield (selection.alias or selection.name).value
        elif isinstance(selection, InlineFragmentNode):
            yield from _direct_names(selection.selection_set)


def measure(document: DocumentNode) -> list[Size]:
    """Return the size of each operation of the document.

    Raises RecursionError for a document nested deeper than Python's stack.
    """
    fragments = {
        definition.name.value: definition
        for definition in document.definitions
        if isinstance(definition, FragmentDefinitionNode)
    }
    measuring = _Measure(fragments)
    sizes = []
    for definition in document.definitions:
        if isinstance(definition, OperationDefinitionNode):
            size = measuring.selection_set(definition.selection_set)
            size.directives += len(definition.directives or ())
            sizes.append(size)
    return sizes


def violations(document: DocumentNode, limits: Limits) -> list[GraphQLError]:
    """Return one error for each limit that an operation of the document exceeds."""
    counts = _counts(document, limits)
    if counts:
        return counts
    try:
        sizes = measure(document)
    except RecursionError:
        return [_refusal(TransportCode.QUERY_TOO_DEEP, f"The query is nested deeper than {limits.depth}.")]
    return [error for size in sizes for error in _exceeded(size, limits)]


def _counts(document: DocumentNode, limits: Limits) -> list[GraphQLError]:
    """Errors of a document with too many parts."""
    parts = Counter(type(definition) for definition in document.definitions)
    variables = sum(
        len(definition.variable_definitions or ())
        for definition in document.definitions
        if isinstance(definition, OperationDefinitionNode)
    )
    found = (
        ("operations", parts[OperationDefinitionNode], limits.operations),
        ("fragments", parts[FragmentDefinitionNode], limits.fragments),
        ("variables", variables, limits.variables),
    )
    return [
        _refusal(
            TransportCode.QUERY_TOO_LARGE, f"The document has {count} {what}; at most {allowed} are served."
        )
        for what, count, allowed in found
        if count > allowed
    ]


def _exceeded(size: Size, limits: Limits) -> Sequence[GraphQLError]:
    deep, large = TransportCode.QUERY_TOO_DEEP, TransportCode.QUERY_TOO_LARGE
    checks = (
        (deep, "nested {} deep", size.depth, limits.depth),
        (deep, "nested {} deep in introspection", size.introspection_depth, limits.introspection_depth),
        (large, "asking for {} fields", size.fields, limits.fields),
        (large, "asking for {} root fields", size.root_fields, limits.root_fields),
        (large, "using {} aliases", size.aliases, limits.aliases),
        (large, "using {} directives", size.directives, limits.directives),
        (large, "selecting the same name {} times in one place", size.repeats, limits.repeats),
    )
    return [
        _refusal(code, f"The query is {what.format(_readable(found))}; at most {allowed} are served.")
        for code, what, found, allowed in checks
        if found > allowed
    ]


def _readable(count: int) -> str:
    return str(count) if count < 1_000_000 else "more than a million"


def _refusal(code: TransportCode, message: str) -> GraphQLError:
    return GraphQLError(message, extensions={"code": code.value})
