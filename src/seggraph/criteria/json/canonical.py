"""Tree to JSON: the canonical form, in which criteria are stored. Defaults are written out."""

from collections.abc import Callable, Mapping
from typing import Any

from seggraph.criteria.nodes import (
    DAY_LENGTH,
    All,
    AnyOf,
    Attribute,
    Consent,
    Event,
    InSegment,
    Node,
    Not,
    Related,
    Sample,
    Sequence,
    Tags,
    Window,
)


def to_json(node: Node) -> dict[str, Any]:
    """The canonical JSON of a tree; `parse` of it is the same tree."""
    match node:
        case All(items):
            return {"all": [to_json(item) for item in items]}
        case AnyOf(items):
            return {"any": [to_json(item) for item in items]}
        case Not(item):
            return {"not": to_json(item)}
        case Attribute():
            return {"attribute": _attribute(node)}
        case Event():
            return {"event": _event(node)}
        case Sequence(steps, within):
            return {"sequence": {"steps": [_step(step) for step in steps]} | _given(within=within)}
        case Tags(op=set_op, values=tags):
            return {"tags": {"op": set_op.value, "values": list(tags)}}
        case Consent(channel, state):
            return {"consent": {"channel": channel.name, "state": state.name}}
        case InSegment(in_op, segment_id):
            return {"segment": {"op": in_op.value, "id": segment_id}}
        case Related(relation, where, count_op, count):
            inner = None if where is None else to_json(where)
            return {
                "related": {"relation": relation}
                | _given(where=inner)
                | {"op": count_op.value, "count": count}
            }
        case Sample(percent, seed):
            share = int(percent) if percent.is_integer() else percent
            return {"sample": {"percent": share} | _given(seed=seed)}


def with_segment_ids(document: Mapping[str, Any], id_of: Callable[[int], object]) -> dict[str, Any]:
    """The canonical JSON with other ids for its segments, such as global ids."""
    ((key, content),) = document.items()
    match key:
        case "all" | "any":
            return {key: [with_segment_ids(item, id_of) for item in content]}
        case "not":
            return {key: with_segment_ids(content, id_of)}
        case "related" if content.get("where") is not None:
            return {key: {**content, "where": with_segment_ids(content["where"], id_of)}}
        case "segment":
            return {key: {**content, "id": id_of(content["id"])}}
    return {key: content}


def _given(**parts: object) -> dict[str, Any]:
    return {key: value for key, value in parts.items() if value is not None}


def _attribute(test: Attribute) -> dict[str, Any]:
    written: dict[str, Any] = {"field": test.field, "op": test.op.value}
    if test.single:
        written["value"] = test.values[0]
    elif test.values:
        written["values"] = list(test.values)
    return written


def _event(test: Event) -> dict[str, Any]:
    value = test.values[0] if len(test.values) == 1 else list(test.values)
    return (
        {"name": test.name, "aggregate": test.aggregate.value}
        | _given(of=test.of)
        | {"op": test.op.value, "value": value}
        | _filters(test)
    )


def _step(step: Event) -> dict[str, Any]:
    return {"name": step.name} | _filters(step)


def _filters(test: Event) -> dict[str, Any]:
    where = [_attribute(one) for one in test.where] or None
    return _given(within=_window(test.within), where=where)


def _window(window: Window | None) -> dict[str, Any] | None:
    if window is None:
        return None
    return _given(last=window.last) | _end("from", window.start) | _end("to", window.end)


def _end(key: str, text: str | None) -> dict[str, Any]:
    """An end of a window: a day has a key of its own, for GraphQL has types for days and for instants."""
    if text is None:
        return {}
    return {f"{key}Day" if len(text) == DAY_LENGTH else key: text}
