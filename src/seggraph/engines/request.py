"""The request for one evaluation of criteria over a population."""

from collections.abc import Mapping, Sequence
from dataclasses import KW_ONLY, dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from pyroaring import BitMap

from seggraph.criteria.typed import Checked
from seggraph.engines.leaf_cache import Recall
from seggraph.engines.population import Population


@dataclass(frozen=True, slots=True)
class EvaluationRequest:
    """The population and the criteria to evaluate over it, the time, and the limits.

    `as_of` is aware; windows are relative to it, calendar operators use `zone`.

    `within_ordinals` restricts the evaluation to these members; None stands for all. `audiences` has the members of
    segments that the criteria refer to, by id; the members of other segments are read from the chunk store.

    `recall` has cached answers to single conditions, of the snapshot that is read; its instant must be `as_of`.

    `timeout_seconds` limits each statement. `is_limited` says that the caller has set that limit already, by
    `limited`. `max_cost` is the highest cost, in PostgreSQL's units, that a scan of all members may be estimated at.
    """

    population: Population
    criteria: Sequence[Checked]
    _: KW_ONLY
    as_of: datetime
    zone: ZoneInfo
    timeout_seconds: float
    within_ordinals: BitMap | None = None
    audiences: Mapping[int, BitMap] | None = None
    recall: Recall | None = None
    is_limited: bool = False
    max_cost: float | None = None
