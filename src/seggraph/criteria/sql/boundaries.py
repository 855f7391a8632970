"""Looks in SQL: each is a SELECT of the members that time may have moved, served by a range of an index.

Three looks have no such index and scan the members of the kind: those at `updatedAt` and at DATETIME attributes
whenever criteria have a window over them, those at DATE attributes once a day.
"""

from typing import Final

from pyroaring import BitMap
from sqlglot import exp

from seggraph.criteria.relations import Direction
from seggraph.criteria.sql.dates import anniversary
from seggraph.criteria.sql.events import PopulationScope, counted, within_ordinals
from seggraph.criteria.sql.fields import EVENTS, MEMBERS
from seggraph.criteria.sql.parameters import Parameters
from seggraph.criteria.sql.predicates import comparison
from seggraph.criteria.sql.sides import Context, Operand
from seggraph.criteria.time.boundaries import EventLook
from seggraph.criteria.typed import Comparison
from seggraph.vocabulary import AttributeType

_RELATIONS: Final = "r"
INDEXED: Final = frozenset({"created_at"})
"""The columns of members by which ranges are found in an index."""


def is_indexed(look: Comparison) -> bool:
    """Whether an index finds the members in a range of the field."""
    return look.field.key in INDEXED and not look.field.is_custom


def events_query(look: EventLook, scope: PopulationScope, context: Context) -> exp.Select:
    """The ordinals of the members with such events, perhaps repeated."""
    conditions = counted(look.events, scope, context)
    if look.ahead:
        recorded, happened = exp.column("recorded_at", EVENTS), exp.column("occurred_at", EVENTS)
        conditions.append(exp.LT(this=recorded, expression=happened))
    if look.days is not None:
        side = Operand(
            lambda: exp.column("occurred_at", EVENTS), "timestamptz", lambda value: value, context.parameters
        )
        conditions.append(anniversary(AttributeType.DATETIME, side, look.days, context.zone))
    return _selected("ordinal", "events", EVENTS, conditions)


def members_query(look: Comparison, scope: PopulationScope, context: Context) -> exp.Select:
    """The ordinals of the members whose field is in the range."""
    conditions = [*scope.conditions(MEMBERS, context.parameters), comparison(look, context)]
    return _selected("ordinal", "members", MEMBERS, conditions)


def related_query(
    direction: Direction, others: BitMap, workspace_id: int, parameters: Parameters
) -> exp.Select:
    """The ordinals of the members that are related to one of these in a direction."""
    own, other = ("from_ordinal", "to_ordinal") if direction.forward else ("to_ordinal", "from_ordinal")
    conditions: list[exp.Expr] = [
        exp.EQ(
            this=exp.column("workspace_id", _RELATIONS), expression=parameters.bind(workspace_id, "bigint")
        ),
        exp.EQ(
            this=exp.column("relation", _RELATIONS),
            expression=parameters.bind(int(direction.type), "smallint"),
        ),
        within_ordinals(exp.column(other, _RELATIONS), others, parameters),
    ]
    return _selected(own, "relations", _RELATIONS, conditions)


def _selected(column: str, table: str, alias: str, conditions: list[exp.Expr]) -> exp.Select:
    query = exp.select(exp.column(column, alias), copy=False).from_(
        exp.to_table(table).as_(alias), copy=False
    )
    return query.where(exp.and_(*conditions, copy=False), copy=False)
