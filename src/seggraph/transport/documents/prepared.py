"""Parsing and validation, once per query text.

Stock `ParserCache` and `ValidationCache` are not used: the first raises a syntax error where a WebSocket or
SSE stream does not catch it, the second hashes whole documents and misses whenever a rule class is made per
request, and neither measures a document before validating it.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Protocol, cast

from cachetools import LRUCache
from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    GraphQLSchema,
    GraphQLSyntaxError,
    InlineFragmentNode,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
    parse,
    specified_rules,
    validate,
)
from graphql.validation import ValuesOfCorrectTypeRule
from strawberry.extensions import SchemaExtension
from strawberry.schema.validation_rules.maybe_null import MaybeNullValidationRule
from strawberry.schema.validation_rules.one_of import OneOfInputValidationRule

from seggraph.errors import RateLimited, SeggraphError
from seggraph.transport.codes import TransportCode
from seggraph.transport.compiled.compiler import CompiledOperation, Programs
from seggraph.transport.cost import Costs
from seggraph.transport.cost.operations import OperationCost
from seggraph.transport.documents.values import LiteralsOfCorrectTypeRule
from seggraph.transport.limits import Limits, violations
from seggraph.transport.masking import failure_extensions
from seggraph.transport.throttled import spend

CACHED_DOCUMENTS = 512
CACHED_CHARACTERS = 16_384
"""A longer query text is not kept: it bounds the memory that strangers can fill to a few tens of MB."""

PASSING_DOCUMENTS: Final = 8
"""How many documents are kept for a moment: between their validation in another thread and their execution."""
MOST_ERRORS: Final = 10
"""After how many errors validation ends: to word an error can take longer than to find it."""
RULES: Final = (
    *(LiteralsOfCorrectTypeRule if rule is ValuesOfCorrectTypeRule else rule for rule in specified_rules),
    MaybeNullValidationRule,
    OneOfInputValidationRule,
)

_UNNAMED = GraphQLError(
    "Give the operationName: the document has several operations.",
    extensions={"code": TransportCode.BAD_REQUEST.value},
)


@dataclass(slots=True)
class KnownOperation:
    """An operation of a document that is known and valid, with what it costs and what it was compiled to."""

    node: OperationDefinitionNode
    fragments: Mapping[str, FragmentDefinitionNode]
    cost: OperationCost
    compiled: CompiledOperation


@dataclass(frozen=True, slots=True)
class PreparedDocument:
    """A parsed document with what validation said of it. It is shared among requests.

    `known` has its operations that were run, by the names that requests gave.
    """

    document: DocumentNode
    errors: tuple[GraphQLError, ...]
    operations: tuple[OperationDefinitionNode, ...]
    fragments: Mapping[str, FragmentDefinitionNode]
    known: dict[str | None, KnownOperation] = field(default_factory=dict)


class DocumentCache:
    """The documents of one schema that were asked for most recently, by their text."""

    def __init__(self, limits: Limits, costs: Costs, programs: Programs) -> None:
        self.limits = limits
        self.costs = costs
        self.programs = programs
        self._prepared: LRUCache[str, PreparedDocument] = LRUCache(CACHED_DOCUMENTS)
        self._longest: LRUCache[str, PreparedDocument] = LRUCache(PASSING_DOCUMENTS)
        self._unreadable: LRUCache[str, GraphQLSyntaxError] = LRUCache(PASSING_DOCUMENTS)

    def find(self, query: str | None) -> PreparedDocument | None:
        """Return the prepared document of this very text, or None."""
        if not query:
            return None
        return self._prepared.get(query) or self._longest.get(query)

    def syntax_error(self, query: str | None) -> GraphQLSyntaxError | None:
        """What is wrong with the syntax of a large document that was read a moment ago."""
        return self._unreadable.get(query) if query else None

    def read(self, schema: GraphQLSchema, query: str) -> None:
        """Parse, measure, validate and keep a large document. It may run in another thread, one at a time."""
        try:
            document = parse(query, max_tokens=self.limits.tokens)
        except GraphQLSyntaxError as error:
            self._unreadable[query] = error
        except RecursionError:  # the usual way says so
            return
        else:
            self.prepare(schema, query, document)

    def known(self, text: str, operation_name: str | None) -> KnownOperation | None:
        """The operation that is meant in a document that is known and valid; None when there is none."""
        prepared = self._prepared.get(text)
        if prepared is None or prepared.errors:
            return None
        known = prepared.known.get(operation_name)
        if known is None:
            node = self.meant(prepared, operation_name)
            if node is None:
                return None
            cost = self.costs.of(node, prepared.fragments)
            compiled = self.programs.operation(node, prepared.fragments)
            known = KnownOperation(node, prepared.fragments, cost, compiled)
            prepared.known[operation_name] = known
        return known

    @staticmethod
    def meant(prepared: PreparedDocument, operation_name: str | None) -> OperationDefinitionNode | None:
        """The operation that a request means; None when that is not clear."""
        if operation_name is None:
            return prepared.operations[0] if len(prepared.operations) == 1 else None
        named = (one for one in prepared.operations if one.name and one.name.value == operation_name)
        return next(named, None)

    def prepare(self, schema: GraphQLSchema, query: str | None, document: DocumentNode) -> PreparedDocument:
        """Measure and validate a document, and keep it; one that is too long only for a moment."""
        errors = violations(document, self.limits) or validate(
            schema, document, RULES, max_errors=MOST_ERRORS
        )
        for error in errors:
            error.extensions = {"code": TransportCode.GRAPHQL_VALIDATION_FAILED.value} | (
                error.extensions or {}
            )
        nodes = document.definitions
        prepared = PreparedDocument(
            document,
            tuple(errors),
            tuple(node for node in nodes if isinstance(node, OperationDefinitionNode)),
            {node.name.value: node for node in nodes if isinstance(node, FragmentDefinitionNode)},
        )
        if query:
            kept = self._prepared if len(query) <= CACHED_CHARACTERS else self._longest
            kept[query] = prepared
        return prepared


class Admitting(Protocol):
    """A context that decides which fields of a root type its client may ask for. Any other context lets all pass."""

    def admit(self, *, is_mutation: bool, fields: Collection[str]) -> None:
        """Raise Forbidden unless the client may ask for these fields."""


def admit(
    context: object, operation: OperationDefinitionNode, fragments: Mapping[str, FragmentDefinitionNode]
) -> None:
    """Let the context decide about an operation. Raises Forbidden."""
    decide = getattr(context, "admit", None)
    if decide is not None:
        fields = list(_root_fields(operation.selection_set, fragments))
        cast(Admitting, context).admit(
            is_mutation=operation.operation is OperationType.MUTATION, fields=fields
        )


def _root_fields(
    selected: SelectionSetNode, fragments: Mapping[str, FragmentDefinitionNode]
) -> Iterator[str]:
    """The names of the fields that a valid operation selects of its root type."""
    for node in selected.selections:
        if isinstance(node, FieldNode):
            yield node.name.value
        elif isinstance(node, InlineFragmentNode):
            yield from _root_fields(node.selection_set, fragments)
        elif isinstance(node, FragmentSpreadNode):
            yield from _root_fields(fragments[node.name.value].selection_set, fragments)


class PreparedDocuments(SchemaExtension):
    """Takes parsing and validation of an operation from the schema's `DocumentCache`.

    It refuses an operation that would cost too much.
    """

    def __init__(self, cache: DocumentCache) -> None:
        self._cache = cache
        self._prepared: PreparedDocument | None = None
        self._cost: dict[str, int] | None = None

    def on_parse(self) -> Iterator[None]:
        """Set the document if it is known; otherwise let it be parsed, up to the limit of tokens."""
        context = self.execution_context
        if context.graphql_document is None:
            context.parse_options["max_tokens"] = self._cache.limits.tokens
            self._prepared = self._cache.find(context.query)
            if self._prepared is not None:
                context.graphql_document = self._prepared.document
        yield

    def on_validate(self) -> Iterator[None]:
        """Set what validation finds.

        Stock runs the first of several operations when none is named; the specification calls it an error.
        """
        context = self.execution_context
        if self._prepared is None and context.graphql_document is not None:
            self._prepared = self._cache.prepare(
                context.schema._schema, context.query, context.graphql_document
            )
        if self._prepared is not None:
            ambiguous = len(self._prepared.operations) > 1 and context._provided_operation_name is None
            errors = [_UNNAMED] if ambiguous else list(self._prepared.errors)
            context.pre_execution_errors = (
                errors or self._admission_errors(self._prepared) or self._cost_errors(self._prepared)
            )
        yield

    def _admission_errors(self, prepared: PreparedDocument) -> list[GraphQLError]:
        """What is wrong with this client asking for this operation."""
        context = self.execution_context
        operation = self._cache.meant(prepared, context.operation_name)
        if operation is None:
            return []
        try:
            admit(context.context, operation, prepared.fragments)
        except SeggraphError as error:
            return [GraphQLError(error.message, extensions={"code": error.code.value})]
        return []

    def _cost_errors(self, prepared: PreparedDocument) -> list[GraphQLError]:
        """Work out what the operation costs; what is wrong with that."""
        context = self.execution_context
        operation = self._cache.meant(prepared, context.operation_name)
        if operation is None:
            return []
        cost = self._cache.costs.of(operation, prepared.fragments)
        try:
            estimate = cost.admit(context.variables or {})
            spend(context.context, estimate.cost)
        except GraphQLError as error:
            return [error]
        except RateLimited as error:
            return [GraphQLError(error.message, extensions=failure_extensions(error))]
        if operation.operation is not OperationType.SUBSCRIPTION:
            self._cost = cost.extensions(estimate)
        return []

    def get_results(self) -> dict[str, Any]:
        """What the answer says of its cost."""
        return {} if self._cost is None else {"cost": self._cost}
