"""Audiences: bitmaps of member ordinals, cut into chunks, and the store that keeps the chunks."""

from seggraph.audiences.bitmap import (
    CHUNK_BITS,
    changed_chunks,
    chunk_of,
    from_bytes,
    page,
    page_backwards,
    split,
    to_bytes,
)
from seggraph.audiences.store import ChunkOwner, ChunkStore

__all__ = [
    "CHUNK_BITS",
    "ChunkOwner",
    "ChunkStore",
    "changed_chunks",
    "chunk_of",
    "from_bytes",
    "page",
    "page_backwards",
    "split",
    "to_bytes",
]
