"""The criteria language: pure functions over frozen values, no input or output.

`parse` reads JSON into a tree, `check` types it against a `Catalogue`, `predicate` makes SQL of it, `describe` a
sentence, and `naive` evaluates it over plain objects for tests.
"""

from seggraph.criteria.catalogue import AttributeDefinition, Catalogue, Field, Group
from seggraph.criteria.checking.checker import check
from seggraph.criteria.dependencies import Reads, Reference, fields_read, references, segments_read
from seggraph.criteria.json.canonical import to_json, with_segment_ids
from seggraph.criteria.json.parser import parse
from seggraph.criteria.nodes import Node
from seggraph.criteria.operators import AttributeOp, CompareOp, EventAggregate, InOp, SetOp
from seggraph.criteria.sentences.describe import describe
from seggraph.criteria.time.durations import Duration
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
