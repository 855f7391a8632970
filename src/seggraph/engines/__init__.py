"""Engines: typed criteria in, bitmaps of member ordinals out."""

from seggraph.engines.engine import Engine
from seggraph.engines.fetching import limited, too_slow
from seggraph.engines.leaf_cache import Recall
from seggraph.engines.population import Population
from seggraph.engines.postgres import PostgresEngine
from seggraph.engines.request import EvaluationRequest

__all__ = ["Engine", "EvaluationRequest", "Population", "PostgresEngine", "Recall", "limited", "too_slow"]
