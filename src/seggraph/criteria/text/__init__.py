"""The text form of criteria: a language that a person can read and type.

`read_text` and `write_text` are each other's inverse; `complete` says what may stand at a place. The grammar is in
docs/criteria-text.md.
"""

from seggraph.criteria.text.reader import Reading, read, read_text
from seggraph.criteria.text.writer import write_text

__all__ = ["Reading", "read", "read_text", "write_text"]
