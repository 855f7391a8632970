"""What an operator is: one entry with everything that the language knows of it, and the table of all entries.

The parsers, the checker, sentences, completion, SQL, time and the naive evaluator look an operator up here. None of
them names a single operator. docs/contributing.md shows how one is added.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Final, TypeAlias

from sqlglot import exp

from seggraph.criteria.operators.cases import Case
from seggraph.criteria.operators.names import AttributeOp, CompareOp, SetOp
from seggraph.criteria.sentences.phrases import Wording
from seggraph.criteria.sql.sides import Side
from seggraph.criteria.time.days import MonthDays
from seggraph.criteria.time.passage import Passage, Reach
from seggraph.criteria.values import BY_TYPE, Scalar, Value, calendar_duration, day, duration, some_time
from seggraph.vocabulary import AttributeType


class Arity(Enum):
    """How many values an operator takes, and under which key they stand."""

    NONE = "no value"
    ONE = "one `value`"
    TWO = "two `values`, the lower one first"
    MANY = "`values`, a list of one or more"


@dataclass(frozen=True, slots=True)
class ValueForm:
    """How each value of an operator is written.

    `read` converts a value for a field of a type and raises Unfit. `is_duration` says that the text form writes a
    length of time, such as `30 DAYS`.
    """

    read: Callable[[AttributeType, Scalar], Value]
    is_duration: bool = False


OF_THE_FIELD: Final = ValueForm(lambda type_, value: BY_TYPE[type_](value))
"""A value of the field's own type."""

A_DAY: Final = ValueForm(lambda _, value: day(value))
"""A calendar day."""

A_DURATION: Final = ValueForm(lambda _, value: some_time(duration(value)), is_duration=True)
"""A duration longer than nothing."""

A_CALENDAR_DURATION: Final = ValueForm(lambda _, value: calendar_duration(value), is_duration=True)
"""A duration of whole days, weeks, months or years; no time at all is today."""

Meaning: TypeAlias = Callable[[Case], bool]
"""Whether the operator holds for a stored value, which is set. The naive evaluator uses it."""

InSql: TypeAlias = Callable[[Side, tuple[Value, ...]], exp.Expr]
"""The SQL condition: true, false, or NULL when the field is unset."""

PassedOver: TypeAlias = Callable[[tuple[Value, ...], Passage], Iterator[Reach | MonthDays]]
"""Which stored values a boundary of the operator passed over in a passage of time: ranges, or months-and-days."""


@dataclass(frozen=True, slots=True)
class Operator:
    """One operator of fields.

    `description` is what GraphQL clients read, `hint` what completion shows. `keyword` is the text form: a sign, or
    words in capitals. `passed_over` is None for an operator whose answer time alone never changes.

    `when_unset` is the answer for an unset field. `any_type` says that a property of an event is not converted first,
    whatever type it is stored as. `cost` is what the operator adds to the reading of a column: conditions that cost
    more are evaluated later.
    """

    op: AttributeOp
    types: tuple[AttributeType, ...]
    arity: Arity
    description: str
    hint: str
    wording: Wording
    keyword: str
    holds: Meaning
    sql: InSql
    passed_over: PassedOver | None = None
    takes: ValueForm = OF_THE_FIELD
    when_unset: bool = False
    any_type: bool = False
    cost: int = 0

    @property
    def is_sign(self) -> bool:
        """Whether the text form is a sign such as `>=`."""
        return not self.keyword[0].isalpha()


class Operators:
    """The table of operators, in the order in which a field offers them."""

    def __init__(self, entries: Iterable[Operator]) -> None:
        self._entries = {entry.op.value: entry for entry in entries}
        self._arrange()

    def __getitem__(self, op: AttributeOp | CompareOp | SetOp) -> Operator:
        """The entry of an operator. Operators of aggregates and of tags are those of fields with the same name."""
        return self._entries[op.value]

    def __iter__(self) -> Iterator[Operator]:
        """All entries."""
        return iter(self._entries.values())

    def register(self, entry: Operator) -> None:
        """Add an operator. Raises ValueError when there is one of that name."""
        if entry.op.value in self._entries:
            raise ValueError(f"there is an operator {entry.op} already")
        self._entries[entry.op.value] = entry
        self._arrange()

    def remove(self, op: AttributeOp) -> None:
        """Take an operator out again."""
        del self._entries[op.value]
        self._arrange()

    def of_type(self, type_: AttributeType) -> tuple[AttributeOp, ...]:
        """The operators of fields of a type."""
        return self._of_type[type_]

    def of_aggregate(self, type_: AttributeType) -> tuple[CompareOp, ...]:
        """The operators of aggregates of a type: numbers or instants."""
        return self._of_aggregate[type_]

    @property
    def keywords(self) -> Mapping[AttributeOp, str]:
        """The text form of each operator, signs first."""
        return self._keywords

    def _arrange(self) -> None:
        signs_first = sorted(self, key=lambda entry: not entry.is_sign)
        self._keywords = {entry.op: entry.keyword for entry in signs_first}
        self._of_type = {
            type_: tuple(entry.op for entry in self if type_ in entry.types) for type_ in AttributeType
        }
        self._of_aggregate = {
            type_: tuple(op for op in CompareOp if op.value in map(str, self._of_type[type_]))
            for type_ in AttributeType
        }
