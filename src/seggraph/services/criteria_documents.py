"""Criteria as clients send them: JSON documents, parsed and checked against the workspace's catalogue."""

from collections.abc import Mapping
from typing import Any

import asyncpg
import orjson

from seggraph.criteria import Catalogue, Checked, Node, check, describe, parse, to_json
from seggraph.errors import CriteriaError, Path, SeggraphError
from seggraph.services import catalogues
from seggraph.vocabulary import MemberKind


async def checked(
    connection: asyncpg.Connection,
    workspace_id: int,
    kind: MemberKind,
    document: Mapping[str, Any],
    *,
    path: Path = ("criteria",),
) -> tuple[Node, Checked]:
    """The tree of a document, as written and as checked. Raises a CriteriaError, or Problems of several."""
    node = parse(document, path=path)
    return node, check(node, await catalogues.load(connection, workspace_id, kind), path=path)


def stored(node: Node) -> str:
    """The canonical JSON in which a segment keeps its criteria."""
    return orjson.dumps(to_json(node)).decode()


def canonical(document: Mapping[str, Any]) -> str:
    """A document as text, the same for equal documents. Raises CriteriaError for what no criteria can hold."""
    try:
        return orjson.dumps(document, option=orjson.OPT_SORT_KEYS).decode()
    except TypeError as error:  # whole numbers beyond 64 bits, half a surrogate pair, too deep
        raise CriteriaError("These criteria hold a value that no field can have.") from error


def sentence(document: Mapping[str, Any], catalogue: Catalogue) -> str | None:
    """Stored criteria in words; None if the catalogue no longer has what they ask about."""
    try:
        return describe(check(parse(document), catalogue))
    except SeggraphError:
        return None
