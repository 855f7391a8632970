"""Whether criteria ask about personal data: who may not read it may not find it out by selecting members either."""

from seggraph.criteria.nodes import All, AnyOf, Not
from seggraph.criteria.typed import Checked, Comparison, EventFilter, EventTest, RelatedTest, SequenceTest


def asks_about_persons(tree: Checked) -> bool:
    """Whether a tree compares a personal field, or a property of events, of which nobody says whether it is one."""
    match tree:
        case All(items) | AnyOf(items):
            return any(map(asks_about_persons, items))
        case Not(item):
            return asks_about_persons(item)
        case Comparison(field):
            return field.is_personal
        case EventTest(events, of=of):
            return of is not None or _looks_into(events)
        case SequenceTest(steps):
            return any(map(_looks_into, steps))
        case RelatedTest(where=where):
            return where is not None and asks_about_persons(where)
    return False


def _looks_into(events: EventFilter) -> bool:
    return bool(events.where)
