"""Attributes in criteria by their names: whether a tree asks about one, and the tree with another name for it."""

from collections.abc import Callable
from dataclasses import replace

from seggraph.criteria import relations
from seggraph.criteria.nodes import All, AnyOf, Attribute, Node, Not, Related
from seggraph.vocabulary import MemberKind


def asks_about(node: Node, kind: MemberKind, of_kind: MemberKind, name: str) -> bool:
    """Whether criteria for members of `kind` ask about a field of `of_kind`, also of related members."""
    found: list[str] = []

    def noted(field: str) -> str:
        if field == name:
            found.append(field)
        return field

    _mapped(node, kind, of_kind, noted)
    return bool(found)


def renamed(node: Node, kind: MemberKind, of_kind: MemberKind, name: str, new_name: str) -> Node:
    """The same criteria with another name for a field of `of_kind`."""
    return _mapped(node, kind, of_kind, lambda field: new_name if field == name else field)


def _mapped(node: Node, kind: MemberKind, of_kind: MemberKind, call_it: Callable[[str], str]) -> Node:
    match node:
        case All(items):
            return All(tuple(_mapped(item, kind, of_kind, call_it) for item in items))
        case AnyOf(items):
            return AnyOf(tuple(_mapped(item, kind, of_kind, call_it) for item in items))
        case Not(item):
            return Not(_mapped(item, kind, of_kind, call_it))
        case Attribute(field) if kind is of_kind:
            return replace(node, field=call_it(field))
        case Related(relation, where) if where is not None:
            direction = relations.find(kind, relation)
            if direction is not None:
                return replace(node, where=_mapped(where, direction.other_kind, of_kind, call_it))
    return node
