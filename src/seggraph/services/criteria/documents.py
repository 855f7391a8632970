"""Criteria as clients send them, JSON documents or texts, checked against the workspace's catalogue."""

from collections.abc import Mapping
from typing import Any, TypeAlias

import asyncpg
import orjson

from seggraph.access import Viewer, require_personal_data, visibility_arguments
from seggraph.criteria import Catalogue, Checked, Node, check, describe, parse, segments_read, to_json
from seggraph.criteria.personal import asks_about_persons
from seggraph.errors import CriteriaError, Path, SeggraphError
from seggraph.services.catalogue import catalogues
from seggraph.services.criteria import texts
from seggraph.services.criteria.texts import CriteriaText
from seggraph.services.rules import segment_references
from seggraph.vocabulary import MemberKind

Given: TypeAlias = Mapping[str, Any] | CriteriaText
"""Criteria in either form."""


async def read(
    connection: asyncpg.Connection, viewer: Viewer, kind: MemberKind, given: Given
) -> tuple[Node, Checked]:
    """The tree of criteria in either form, as written and as checked.

    Raises a CriteriaError, Problems, or Forbidden for what the viewer may not ask about.
    """
    if isinstance(given, CriteriaText):
        node, tree = await texts.checked(connection, viewer, kind, given)
    else:
        node, tree = await checked(connection, viewer.workspace_id, kind, given)
    require_askable(viewer, tree, path=path_of(given))
    await segment_references.require_usable(connection, viewer, kind, tree, path=path_of(given))
    return node, tree


def require_askable(viewer: Viewer, tree: Checked, *, path: Path = ()) -> None:
    """Raise Forbidden if criteria ask about personal data, and the viewer may not read it."""
    if not viewer.sees_personal_data and asks_about_persons(tree):
        require_personal_data(viewer, path=path)


def may_show(viewer: Viewer, document: Mapping[str, Any], catalogue: Catalogue | None) -> bool:
    """Whether the viewer may read stored criteria: those about personal data hold values of it."""
    if viewer.sees_personal_data:
        return True
    try:
        return catalogue is not None and not asks_about_persons(check(parse(document), catalogue))
    except SeggraphError:  # a field that was deleted: nobody can say what it was
        return False


def path_of(given: Given) -> Path:
    """Where in the input criteria stand."""
    return ("criteriaText",) if isinstance(given, CriteriaText) else ("criteria",)


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


def sentence(
    document: Mapping[str, Any], catalogue: Catalogue, segment_names: Mapping[int, str] | None = None
) -> str | None:
    """Stored criteria in words; None if the catalogue no longer has what they ask about.

    A segment that is not among `segment_names` is "a segment".
    """
    try:
        return describe(check(parse(document), catalogue), segment_names=segment_names)
    except SeggraphError:
        return None


async def segment_names(connection: asyncpg.Connection, viewer: Viewer, tree: Checked) -> dict[int, str]:
    """What the segments that a tree refers to are called; those that the viewer does not see are absent."""
    ids = segments_read(tree)
    if not ids:
        return {}
    rows = await connection.fetch(segment_references.FIND, *visibility_arguments(viewer), list(ids))
    return {row["id"]: row["name"] for row in rows}
