"""Audiences: bitmaps of member ordinals, cut into chunks, and the store that keeps the chunks."""

from seggraph.audiences.bitmap import (
    CHUNK_BITS,
    chunk_of,
    from_bytes,
    from_chunk,
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
    "chunk_of",
    "from_bytes",
    "from_chunk",
    "page",
    "page_backwards",
    "split",
    "to_bytes",
]
