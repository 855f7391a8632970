"""The text form of criteria: a language that a person can read and type.

`read_text` and `write_text` are each other's inverse; `complete` says what may stand at a place. The grammar is in
docs/criteria-text.md.
"""

from seggraph.criteria.text.completion import Completion, CompletionKind, complete, spot_at
from seggraph.criteria.text.names import segments_in, segments_named
from seggraph.criteria.text.parser import Reading, read, read_text
from seggraph.criteria.text.writer import write_text

__all__ = [
    "Completion",
    "CompletionKind",
    "Reading",
    "complete",
    "read",
    "read_text",
    "segments_in",
    "segments_named",
    "spot_at",
    "write_text",
]
