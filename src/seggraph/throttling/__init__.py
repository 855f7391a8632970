"""What one user, API key or workspace may use at once and in a time, over all processes as well as Redis allows.

It knows no GraphQL. `points` counts what operations cost, `places` what is open or running at the same time, and
`lanes` divides one process among workspaces. `throttle` puts them together for a viewer.
"""

from seggraph.throttling.lanes import Lane
from seggraph.throttling.places import Place
from seggraph.throttling.points import Standing
from seggraph.throttling.throttle import Bounded, Throttle

__all__ = ["Bounded", "Lane", "Place", "Standing", "Throttle"]
