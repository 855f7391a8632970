"""Engines: typed criteria in, bitmaps of member ordinals out."""

from seggraph.engines.engine import Engine, Population
from seggraph.engines.postgres import PostgresEngine

__all__ = ["Engine", "Population", "PostgresEngine"]
