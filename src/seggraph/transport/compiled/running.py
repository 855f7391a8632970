"""Running what was compiled: level by level, each field for all objects of its level at once."""

import asyncio
from collections.abc import Coroutine, Mapping, Sequence
from types import CoroutineType
from typing import Any, cast

from graphql import GraphQLSchema

from seggraph.transport.compiled.leaves import refuse
from seggraph.transport.compiled.plans import Field, ObjectPlan, Objects, RowPlan, Shape, Values
from seggraph.transport.pacing import STEP, turn

_NONE: type = type(None)


class Run:
    """One execution of a program. Whatever is not as expected is raised: graphql-core executes it then."""

    __slots__ = ("context", "served", "variable_values", "variables")

    def __init__(self, schema: GraphQLSchema, context: Any, variable_values: Any) -> None:
        self.served: Any = schema._strawberry_schema  # type: ignore[attr-defined]
        self.context = context
        self.variable_values = variable_values
        self.variables: Mapping[str, Any] = variable_values.coerced

    async def objects(self, plan: ObjectPlan, sources: Values) -> list[dict[str, Any]]:
        """The dictionaries of objects of one class."""
        made = plan.build(sources)
        whole: Values = ()
        if isinstance(plan, RowPlan) and plan.needs_objects:
            whole = [plan.type.make(one) for one in sources]
        pending: list[Coroutine[Any, Any, None]] = []
        opened: list[Coroutine[Any, Any, Values]] = []
        try:
            for field in plan.fields:
                values = field.resolve(self, whole if field.of_object else sources)
                if isinstance(values, Coroutine):
                    opened.append(values)
                    pending.append(self._fill_later(field, made, values))
                elif field.shape.leaf is not None:
                    _put(field.key, made, list(map(field.shape.leaf, values)))
                else:
                    pending.append(self._fill(field, made, values))
        except Exception:
            for one in (*pending, *opened):
                one.close()
            raise
        if len(pending) == 1:
            await pending[0]
        elif pending:
            await _together(pending)
        return made

    async def _fill(self, field: Field, made: list[dict[str, Any]], values: Values) -> None:
        _put(field.key, made, await self.complete(field.shape, values))

    async def _fill_later(
        self, field: Field, made: list[dict[str, Any]], values: Coroutine[Any, Any, Values]
    ) -> None:
        await self._fill(field, made, await values)

    async def complete(self, shape: Shape, values: Values) -> Values:
        """Values of one type as JSON needs them."""
        if shape.leaf is not None:
            return list(map(shape.leaf, values))
        if shape.item is not None:
            return await self._lists(shape.item, shape.is_nullable, values)
        return await self._objects(cast(Objects, shape.objects), shape.is_nullable, values)

    async def _lists(self, item: Shape, is_nullable: bool, values: Values) -> Values:
        flat: list[Any] = []
        for one in values:
            if type(one) is list:
                flat += one
            elif one is not None or not is_nullable:
                refuse(one)
        completed = await self.complete(item, flat)
        if len(values) == 1 and values[0] is not None:
            return [completed]
        made: list[Any] = []
        start = 0
        for one in values:
            if one is None:
                made.append(None)
            else:
                made.append(completed[start : start + len(one)])
                start += len(one)
        return made

    async def _objects(self, objects: Objects, is_nullable: bool, values: Values) -> Values:
        if len(values) > STEP:
            done: list[Any] = []
            for start in range(0, len(values), STEP):
                done += await self._objects(objects, is_nullable, values[start : start + STEP])
                await turn()
            return done
        classes = set(map(type, values))
        if len(classes) == 1 and _NONE not in classes and CoroutineType not in classes:
            return await self.objects(objects.plan(classes.pop()), values)
        for one in values:
            if (one is None and not is_nullable) or isinstance(one, Coroutine):
                refuse(one)
        made: list[Any] = [None] * len(values)
        for class_ in classes - {_NONE}:
            places = [index for index, one in enumerate(values) if type(one) is class_]
            some = await self.objects(objects.plan(class_), [values[index] for index in places])
            for index, one in zip(places, some, strict=True):
                made[index] = one
        return made


def _put(key: str, made: list[dict[str, Any]], values: Sequence[Any]) -> None:
    for one, value in zip(made, values, strict=True):
        one[key] = value


async def _together(pending: Sequence[Coroutine[Any, Any, None]]) -> None:
    """Await all, the first steps of each before the next ones; the first failure ends the others."""
    tasks = [asyncio.create_task(one) for one in pending]
    try:
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
