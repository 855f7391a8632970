"""Audiences: bitmaps of member ordinals, cut into chunks, and the store that keeps the chunks."""

from seggraph.audiences.bitmap import (
    CHUNK_BITS,
    DELTA_CHUNK,
    SqlBlocks,
    bits_of,
    chunk_of,
    from_bytes,
    from_parts,
    in_block,
    page,
    page_backwards,
    pieces,
    split,
    to_bytes,
    to_sql_blocks,
)
from seggraph.audiences.chunk_cache import ChunkCache
from seggraph.audiences.store import ChunkOwner, ChunkStore, chunks_of, joined_chunks

__all__ = [
    "CHUNK_BITS",
    "DELTA_CHUNK",
    "ChunkCache",
    "ChunkOwner",
    "ChunkStore",
    "SqlBlocks",
    "bits_of",
    "chunk_of",
    "chunks_of",
    "from_bytes",
    "from_parts",
    "in_block",
    "joined_chunks",
    "page",
    "page_backwards",
    "pieces",
    "split",
    "to_bytes",
    "to_sql_blocks",
]
