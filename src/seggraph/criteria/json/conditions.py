"""Reading the conditions at the leaves of a tree: one method for each key of a node that holds no other node."""

from collections.abc import Callable, Mapping
from typing import Final

from seggraph.criteria.json.shapes import Shapes
from seggraph.criteria.nodes import (
    DAY_LENGTH,
    MAX_LEAVES,
    MAX_STEPS,
    AnyOf,
    Attribute,
    Consent,
    Event,
    InSegment,
    Node,
    Sample,
    Sequence,
    Tags,
    Window,
)
from seggraph.criteria.operators import OPERATORS, AttributeOp, CompareOp, EventAggregate, InOp, SetOp
from seggraph.criteria.problems import shown
from seggraph.criteria.values import Scalar
from seggraph.errors import BadOperator, BadValue, CriteriaError, CriteriaTooLarge, Path
from seggraph.vocabulary import Channel, ConsentState

NOTHING: Final[Node] = AnyOf(())
"""The placeholder after a mistake. It is never evaluated."""

_COUNT_OPS: Final = {op.name: op for op in CompareOp if OPERATORS[op].is_sign}


class ConditionReader(Shapes):
    """Reads conditions, and counts them."""

    def __init__(self) -> None:
        super().__init__()
        self._leaves = 0

    def count_leaf(self, path: Path) -> None:
        """Count one more condition. Raises CriteriaTooLarge when there are too many."""
        self._leaves += 1
        if self._leaves > MAX_LEAVES:
            raise CriteriaTooLarge(f"more than {MAX_LEAVES} conditions; split the criteria", path=path)

    def attribute(self, content: object, path: Path) -> Attribute | None:
        """Read a condition on a field."""
        parts = self.parts(content, path, required=("field", "op"), optional=("value", "values"))
        if parts is None:
            return None
        field = parts["field"]
        if not isinstance(field, str):
            self.mistakes.add(
                CriteriaError, f"the name of a field is needed, not {shown(field)}", (*path, "field")
            )
        op = self.choice(AttributeOp.__members__, parts["op"], (*path, "op"), BadOperator, "operator")
        value, values = parts.get("value"), parts.get("values")
        if value is not None and values is not None:
            self.mistakes.add(BadValue, "give either `value` or `values`, not both", (*path, "values"))
            return None
        given: tuple[Scalar, ...] | None
        if value is not None:
            given = self.scalar(value, (*path, "value"))
        else:
            given = self.scalars(values, (*path, "values")) if values is not None else ()
        if op is None or given is None or not isinstance(field, str):
            return None
        return Attribute(field, op, given, single=value is not None)

    def tags(self, content: object, path: Path) -> Tags | None:
        """Read a condition on tags."""
        parts = self.parts(content, path, required=("op", "values"))
        if parts is None:
            return None
        op = self.choice(SetOp.__members__, parts["op"], (*path, "op"), BadOperator, "operator")
        values = self.scalars(parts["values"], (*path, "values"))
        if values == ():
            self.mistakes.add(BadValue, "at least one tag is needed", (*path, "values"))
        texts = tuple(value for value in values or () if isinstance(value, str))
        if values is not None and len(texts) < len(values):
            self.mistakes.add(BadValue, "tags are texts", (*path, "values"))
        return Tags(op, texts) if op is not None else None

    def consent(self, content: object, path: Path) -> Consent | None:
        """Read a condition on consent."""
        parts = self.parts(content, path, required=("channel", "state"))
        if parts is None:
            return None
        channel = self.choice(Channel.__members__, parts["channel"], (*path, "channel"), BadValue, "channel")
        state = self.choice(ConsentState.__members__, parts["state"], (*path, "state"), BadValue, "state")
        return Consent(channel, state) if channel is not None and state is not None else None

    def event(self, content: object, path: Path) -> Event | None:
        """Read a condition on events. Absent and null keys have the defaults of `Event`."""
        optional = ("aggregate", "of", "op", "value", "within", "where")
        parts = self.parts(content, path, required=("name",), optional=optional)
        if parts is None:
            return None
        default = Event("")
        name = self.name(parts["name"], (*path, "name"), "the name of an event")
        aggregate: EventAggregate | None = default.aggregate
        if (word := parts.get("aggregate")) is not None:
            at = (*path, "aggregate")
            aggregate = self.choice(EventAggregate.__members__, word, at, BadValue, "aggregate")
        of = self.optional_name(parts.get("of"), (*path, "of"), "the name of a property")
        op: CompareOp | None = default.op
        if (word := parts.get("op")) is not None:
            op = self.choice(CompareOp.__members__, word, (*path, "op"), BadOperator, "operator")
        values = self._compared(parts.get("value"), (*path, "value"))
        within = self._window(parts.get("within"), (*path, "within"))
        where = self._where(parts.get("where"), (*path, "where"))
        if name is None or aggregate is None or op is None or values is None:
            return None
        return Event(name, aggregate, of, op, values, within, where)

    def _compared(self, value: object, path: Path) -> tuple[Scalar, ...] | None:
        """The value of an event condition: one, or a list of two for BETWEEN."""
        if value is None:
            return Event("").values
        if not isinstance(value, list | tuple):
            return self.scalar(value, path)
        if len(value) != 2:
            self.mistakes.add(BadValue, "one value is needed, or a list of two for BETWEEN", path)
            return None
        return self.scalars(value, path)

    def _window(self, content: object, path: Path) -> Window | None:
        if content is None:
            return None
        parts = self.parts(content, path, required=(), optional=("last", "from", "fromDay", "to", "toDay"))
        if parts is None:
            return None
        last = self.optional_name(parts.get("last"), (*path, "last"), "a duration")
        start, end = (self._end(parts, key, path) for key in ("from", "to"))
        given = {key for key, value in parts.items() if value is not None}
        if not given:
            self.mistakes.add(BadValue, "give `last`, or `from` or `to` or both", path)
        elif "last" in given and len(given) > 1:
            self.mistakes.add(BadValue, "give either `last`, or `from` and `to`, not both", path)
        return Window(last, start, end)

    def _end(self, parts: Mapping[str, object], key: str, path: Path) -> str | None:
        """An end of a window: an instant or, under a key of its own, a day."""
        day_key = f"{key}Day"
        instant = self.optional_name(parts.get(key), (*path, key), "an instant")
        day = self.optional_name(parts.get(day_key), (*path, day_key), "a day")
        if day is not None and len(day) != DAY_LENGTH:
            self.mistakes.add(
                BadValue, f"a day like 2026-01-31 is needed, not {shown(day)}", (*path, day_key)
            )
        if instant is not None and day is not None:
            self.mistakes.add(BadValue, f"give either `{key}` or `{day_key}`, not both", path)
        return day if instant is None else instant

    def _where(self, content: object, path: Path) -> tuple[Attribute, ...]:
        if content is None:
            return ()
        if not isinstance(content, list | tuple):
            message = f"a list of conditions on properties is needed, not {shown(content)}"
            self.mistakes.add(CriteriaError, message, path)
            return ()
        found: list[Attribute] = []
        for index, item in enumerate(content):
            self.count_leaf((*path, index))
            test = self.attribute(item, (*path, index))
            if test is not None and self.is_name(test.field, (*path, index, "field")):
                found.append(test)
        return tuple(found)

    def sequence(self, content: object, path: Path) -> Sequence | None:
        """Read a sequence of events."""
        parts = self.parts(content, path, required=("steps",), optional=("within",))
        if parts is None:
            return None
        within = self.optional_name(parts.get("within"), (*path, "within"), "a duration")
        steps, at = parts["steps"], (*path, "steps")
        if not isinstance(steps, list | tuple):
            self.mistakes.add(CriteriaError, f"a list of events is needed, not {shown(steps)}", at)
            return None
        if len(steps) > MAX_STEPS:
            raise CriteriaTooLarge(f"more than {MAX_STEPS} steps; shorten the sequence", path=at)
        if len(steps) < 2:
            self.mistakes.add(BadValue, "a sequence has two steps or more; for one event use `event`", at)
        found = [step for index, item in enumerate(steps) if (step := self._step(item, (*at, index)))]
        return Sequence(tuple(found), within)

    def _step(self, content: object, path: Path) -> Event | None:
        self.count_leaf(path)
        step = self.event(content, path)
        plain = Event("")
        if step is None:
            return None
        for key in ("aggregate", "of", "op", "values"):
            if getattr(step, key) != getattr(plain, key):
                shown_key = "value" if key == "values" else key
                message = f"a step of a sequence is one event that happened, it has no `{shown_key}`"
                self.mistakes.add(BadValue, message, (*path, shown_key))
        return step

    def segment(self, content: object, path: Path) -> InSegment | None:
        """Read a condition on membership; the id is a number, or its digits as text."""
        parts = self.parts(content, path, required=("op", "id"))
        if parts is None:
            return None
        op = self.choice(InOp.__members__, parts["op"], (*path, "op"), BadOperator, "operator")
        given = parts["id"]
        if isinstance(given, str) and given.isascii() and given.isdigit() and len(given) < 19:
            given = int(given)
        if isinstance(given, bool) or not isinstance(given, int) or not 0 < given < 10**18:
            self.mistakes.add(BadValue, f"there is no segment {shown(given)}", (*path, "id"))
            return None
        return InSegment(op, given) if op is not None else None

    def sample(self, content: object, path: Path) -> Sample | None:
        """Read a sample."""
        parts = self.parts(content, path, required=("percent",), optional=("seed",))
        if parts is None:
            return None
        percent = self.scalar(parts["percent"], (*path, "percent"))
        seed = None
        if parts.get("seed") is not None:
            (seed,) = self.scalar(parts["seed"], (*path, "seed")) or (None,)
            if seed is not None and not isinstance(seed, str):
                self.mistakes.add(BadValue, f"a seed is a text, not {shown(seed)}", (*path, "seed"))
        if percent is None:
            return None
        (share,) = percent
        if isinstance(share, bool) or not isinstance(share, int | float) or not 0 <= share <= 100:
            message = f"a share is a number from 0 to 100, not {shown(share)}"
            self.mistakes.add(BadValue, message, (*path, "percent"))
            return None
        return Sample(float(share), seed if isinstance(seed, str) else None)

    def count(self, given: object, path: Path) -> int | None:
        """Read how many related members there must be."""
        if isinstance(given, bool) or not isinstance(given, int) or not 0 <= given < 2**31:
            message = f"a count is a whole number, zero or more, not {shown(given)}"
            self.mistakes.add(BadValue, message, path)
            return None
        return given

    def count_op(self, word: object, path: Path) -> CompareOp | None:
        """Read how a count of related members is compared."""
        return self.choice(_COUNT_OPS, word, path, BadOperator, "operator")


CONDITIONS: Final[dict[object, Callable[[ConditionReader, object, Path], Node | None]]] = {
    "attribute": ConditionReader.attribute,
    "event": ConditionReader.event,
    "sequence": ConditionReader.sequence,
    "tags": ConditionReader.tags,
    "consent": ConditionReader.consent,
    "segment": ConditionReader.segment,
    "sample": ConditionReader.sample,
}
"""How each condition is read, by its key."""
