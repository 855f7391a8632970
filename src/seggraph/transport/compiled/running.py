"""Running what was compiled: level by level, each field for all objects of its level at once."""

import asyncio
from collections.abc import Awaitable, Coroutine, Generator, Mapping, Sequence
from types import CoroutineType
from typing import Any, Final, TypeAlias, cast

from graphql import GraphQLSchema

from seggraph.transport.compiled.leaves import refuse
from seggraph.transport.compiled.plans import Field, ObjectPlan, Objects, RowPlan, Shape, Values
from seggraph.transport.pacing import STEP, turn

_NONE: type = type(None)


class Later:
    """Work that waits for parts of it; to close it closes the parts too, which it may not have begun to await."""

    __slots__ = ("_parts", "work")

    def __init__(self, work: Coroutine[Any, Any, Any], *parts: Any) -> None:
        self.work = work
        self._parts = parts

    def __await__(self) -> Generator[Any, Any, Any]:
        return self.work.__await__()

    def close(self) -> None:
        """End it, wherever it is."""
        self.work.close()
        for part in self._parts:
            part.close()

    def close_after(self, _: asyncio.Task[Any]) -> None:
        """End it when its task is done."""
        self.close()


WAITING: Final = frozenset({CoroutineType, Later})

Completed: TypeAlias = Values | Coroutine[Any, Any, Values] | Later
"""Values as JSON needs them, or what waits for them: of one of the classes in WAITING."""


class Run:
    """One execution of a program. Whatever is not as expected is raised: graphql-core executes it then."""

    __slots__ = ("context", "served", "variable_values", "variables")

    def __init__(self, schema: GraphQLSchema, context: Any, variable_values: Any) -> None:
        self.served: Any = schema._strawberry_schema  # type: ignore[attr-defined]
        self.context = context
        self.variable_values = variable_values
        self.variables: Mapping[str, Any] = variable_values.coerced

    def objects(self, plan: ObjectPlan, sources: Values) -> Completed:
        """The dictionaries of objects of one class."""
        made = plan.build(sources)
        if not plan.fields:
            return made
        whole: Values = ()
        if isinstance(plan, RowPlan) and plan.needs_objects:
            whole = [plan.type.make(one) for one in sources]
        pending: list[Later] = []
        try:
            for field in plan.fields:
                values: Any = field.resolve(self, whole if field.of_object else sources)
                if type(values) in WAITING:
                    pending.append(Later(self._fill_later(field, made, values), values))
                    continue
                completed: Any = self.complete(field.shape, values)
                if type(completed) in WAITING:
                    pending.append(Later(_put_later(field.key, made, completed), completed))
                else:
                    _put(field.key, made, completed)
        except Exception:
            for one in pending:
                one.close()
            raise
        return Later(_after(pending, made), *pending) if pending else made

    async def _fill_later(self, field: Field, made: list[dict[str, Any]], values: Awaitable[Values]) -> None:
        _put(field.key, made, await settled(self.complete(field.shape, await values)))

    def complete(self, shape: Shape, values: Values) -> Completed:
        """Values of one type as JSON needs them."""
        if shape.leaf is not None:
            return list(map(shape.leaf, values))
        if shape.item is not None:
            return self._lists(shape.item, shape.is_nullable, values)
        return self._objects(cast(Objects, shape.objects), shape.is_nullable, values)

    def _lists(self, item: Shape, is_nullable: bool, values: Values) -> Completed:
        flat: list[Any] = []
        for one in values:
            if type(one) is list:
                flat += one
            elif one is not None or not is_nullable:
                refuse(one)
        completed: Any = self.complete(item, flat)
        if type(completed) in WAITING:
            return Later(_cut_later(values, completed), completed)
        return _cut(values, completed)

    def _objects(self, objects: Objects, is_nullable: bool, values: Values) -> Completed:
        if len(values) > STEP:
            return self._in_steps(objects, is_nullable, values)
        classes = set(map(type, values))
        if len(classes) == 1 and _NONE not in classes and CoroutineType not in classes:
            return self.objects(objects.plan(classes.pop()), values)
        for one in values:
            if (one is None and not is_nullable) or isinstance(one, Coroutine):
                refuse(one)
        classes.discard(_NONE)
        return self._of_classes(objects, classes, values) if classes else [None] * len(values)

    async def _in_steps(self, objects: Objects, is_nullable: bool, values: Values) -> Values:
        done: list[Any] = []
        for start in range(0, len(values), STEP):
            done += await settled(self._objects(objects, is_nullable, values[start : start + STEP]))
            await turn()
        return done

    async def _of_classes(self, objects: Objects, classes: set[type], values: Values) -> Values:
        made: list[Any] = [None] * len(values)
        for class_ in classes:
            places = [index for index, one in enumerate(values) if type(one) is class_]
            some = await settled(self.objects(objects.plan(class_), [values[index] for index in places]))
            for index, one in zip(places, some, strict=True):
                made[index] = one
        return made


async def settled(completed: Completed) -> Values:
    """What was completed, once it is."""
    waiting: Any = completed
    values: Values = await waiting if type(waiting) in WAITING else waiting
    return values


def _put(key: str, made: list[dict[str, Any]], values: Sequence[Any]) -> None:
    for one, value in zip(made, values, strict=True):
        one[key] = value


async def _put_later(key: str, made: list[dict[str, Any]], values: Awaitable[Values]) -> None:
    _put(key, made, await values)


def _cut(values: Values, completed: Values) -> Values:
    """The completed items of several lists as lists again, of the lengths that they had."""
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


async def _cut_later(values: Values, completed: Awaitable[Values]) -> Values:
    return _cut(values, await completed)


async def _after(pending: Sequence[Later], made: list[dict[str, Any]]) -> Values:
    """What was made, when all that is pending is in it; the first failure ends the others."""
    if len(pending) == 1:
        await pending[0]
        return made
    tasks = [asyncio.create_task(one.work) for one in pending]
    for one, task in zip(pending, tasks, strict=True):
        # A task that is cancelled before it begins awaits none of its parts.
        task.add_done_callback(one.close_after)
    try:
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
    return made
