"""The criteria language: pure functions over frozen values, no input or output.

`parse` reads JSON into a tree, `check` types it against a `Catalogue`, `predicate` makes SQL of it, `describe` a
sentence, and `naive` evaluates it over plain objects for tests.
"""

from seggraph.criteria.canonical import to_json, with_segment_ids
from seggraph.criteria.catalogue import AttributeDefinition, Catalogue, Field, Group
from seggraph.criteria.checker import check
from seggraph.criteria.dependencies import Reads, Reference, fields_read, references, segments_read
from seggraph.criteria.describe import describe
from seggraph.criteria.durations import Duration
from seggraph.criteria.nodes import Node
from seggraph.criteria.operators import AttributeOp, CompareOp, EventAggregate, InOp, SetOp
from seggraph.criteria.parser import parse
from seggraph.criteria.typed import Checked, Comparison

__all__ = [
    "AttributeDefinition",
    "AttributeOp",
    "Catalogue",
    "Checked",
    "CompareOp",
    "Comparison",
    "Duration",
    "EventAggregate",
    "Field",
    "Group",
    "InOp",
    "Node",
    "Reads",
    "Reference",
    "SetOp",
    "check",
    "describe",
    "fields_read",
    "parse",
    "references",
    "segments_read",
    "to_json",
    "with_segment_ids",
]
