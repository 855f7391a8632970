"""What seggraph takes from inside its libraries: found in the sources, and compared with a record.

A library may change two things without notice: a name that begins with `_`, and a method that it did not make for
others to override. This module finds both. `internals.toml` beside it is the record, with the signatures of the
versions that were tested and the reason for each use.

`python -m tests.project.internals` writes the record again and keeps the reasons.
"""

import ast
import importlib
import inspect
import json
import pkgutil
import re
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Final

import seggraph

RECORD: Final = Path(__file__).parent / "internals.toml"
SOURCES: Final = Path(seggraph.__file__).parent
NOT_YET: Final = "say why"
ATTRIBUTE: Final = "attribute"
PREFIXES: Final[dict[inspect._ParameterKind, str]] = {
    inspect.Parameter.VAR_POSITIONAL: "*",
    inspect.Parameter.VAR_KEYWORD: "**",
}

EXTENSION_POINTS: Final = frozenset(
    {
        "httpcore.AsyncNetworkBackend",
        "prometheus_client.registry.Collector",
        "pydantic.main.BaseModel",
        "pydantic_settings.main.BaseSettings",
        "strawberry.extensions.base_extension.SchemaExtension",
        "strawberry.extensions.field_extension.FieldExtension",
        "tortoise.models.Model",
    }
)
"""Classes that their libraries document for others to extend: what is overridden in them is no internal."""

PUBLIC: Final = frozenset({"_replace"})
"""A method of named tuples that Python documents, in spite of its name."""


@dataclass
class Extended:
    """A class of a library that one of ours extends, with the members that ours overrides or calls."""

    ours: set[str] = field(default_factory=set)
    members: dict[str, str] = field(default_factory=dict)


def signature(owner: type, name: str) -> str:
    """The parameters of a method; `attribute` for what is no function. Raises AttributeError for what is gone."""
    value = inspect.getattr_static(owner, name)
    function = getattr(value, "__func__", value)
    if not inspect.isfunction(function):
        return ATTRIBUTE
    shown = []
    for parameter in inspect.signature(function).parameters.values():
        prefix = PREFIXES.get(parameter.kind, "")
        optional = "" if parameter.default is parameter.empty else "=..."
        only = "keyword " if parameter.kind is parameter.KEYWORD_ONLY else ""
        shown.append(f"{only}{prefix}{parameter.name}{optional}")
    return ", ".join(shown)


@cache
def extended_classes() -> dict[str, Extended]:
    """The classes of libraries that ours extend, unless they are there to be extended."""
    found: dict[str, Extended] = {}
    for ours in _our_classes():
        named = _members_named_in(ours)
        for name in sorted(named):
            owner = next((base for base in ours.__mro__[1:] if name in vars(base)), None)
            if owner is None or not _is_internal(owner):
                continue
            entry = found.setdefault(_name_of(owner), Extended())
            entry.ours.add(_name_of(ours))
            entry.members[name] = signature(owner, name)
    return found


@cache
def private_names() -> dict[str, set[str]]:
    """The names with one underscore that a file uses and does not define, with the files that use them.

    What a class reaches by `self.` may be defined in a base class, so in any file of src.
    """
    trees = {path: ast.parse(path.read_text(encoding="utf-8")) for path in _source_files()}
    defined = {
        path: {name for node in ast.walk(tree) for name in _defined(node)} for path, tree in trees.items()
    }
    everywhere = set[str]().union(*defined.values())
    found: dict[str, set[str]] = {}
    for path, tree in trees.items():
        for node in ast.walk(tree):
            ours = (
                everywhere
                if isinstance(node, ast.Attribute) and _is_own_instance(node.value)
                else defined[path]
            )
            for name in _used(node):
                if name.startswith("_") and not name.startswith("__") and name not in ours | PUBLIC:
                    found.setdefault(name, set()).add(path.relative_to(SOURCES).as_posix())
    return found


def says(owner: Any, name: str) -> bool:
    """Whether the source of a module, a function, or a class with its bases has a name in it."""
    parts = [base for base in owner.__mro__ if base is not object] if inspect.isclass(owner) else [owner]
    return any(re.search(rf"\b{re.escape(name)}\b", _source_of(part)) for part in parts)


def locate(name: str) -> Any:
    """The object that a dotted name leads to. Raises AttributeError or ModuleNotFoundError for what is gone."""
    parts = name.split(".")
    for length in range(len(parts), 0, -1):
        try:
            found: Any = importlib.import_module(".".join(parts[:length]))
        except ModuleNotFoundError:
            continue
        for part in parts[length:]:
            found = getattr(found, part)
        return found
    raise ModuleNotFoundError(name)


@cache
def record() -> dict[str, Any]:
    """The record: `classes` by name, and `private` names."""
    return tomllib.loads(RECORD.read_text(encoding="utf-8"))


def _our_classes() -> Iterator[type]:
    for module in pkgutil.walk_packages(seggraph.__path__, "seggraph."):
        if ".migrations" in module.name or module.name.endswith("__main__"):
            continue
        for value in vars(importlib.import_module(module.name)).values():
            if inspect.isclass(value) and value.__module__ == module.name:
                yield value


def _members_named_in(ours: type) -> set[str]:
    """What the class defines, and what it reaches by `self.`, `cls.` or `super().`"""
    own = {
        name for name in vars(ours) if not name.startswith("__") and name not in ("_abc_impl", "_is_protocol")
    }
    if all(not _is_internal(base) for base in ours.__mro__):
        return set()
    for node in ast.walk(ast.parse(inspect.cleandoc("\n" + inspect.getsource(ours)))):
        if isinstance(node, ast.Attribute) and _is_own_instance(node.value):
            own.add(node.attr)
    return {name for name in own if not name.startswith("__")}


def _is_own_instance(node: ast.expr) -> bool:
    if isinstance(node, ast.Call):
        return isinstance(node.func, ast.Name) and node.func.id == "super"
    return isinstance(node, ast.Name) and node.id in ("self", "cls")


def _is_internal(owner: type) -> bool:
    top = owner.__module__.partition(".")[0]
    ours = top == "seggraph" or top in sys.stdlib_module_names
    return not ours and not any(_name_of(base) in EXTENSION_POINTS for base in owner.__mro__)


def _name_of(owner: type) -> str:
    return f"{owner.__module__}.{owner.__qualname__}"


def _source_of(part: Any) -> str:
    try:
        return inspect.getsource(part)
    except (OSError, TypeError):  # a class of an extension module
        return ""


def _source_files() -> list[Path]:
    return [path for path in SOURCES.rglob("*.py") if "migrations" not in path.parts]


def _defined(node: ast.AST) -> Iterator[str]:
    match node:
        case ast.FunctionDef() | ast.AsyncFunctionDef():
            yield node.name
            yield from (argument.arg for argument in (*node.args.args, *node.args.kwonlyargs))
        case ast.ClassDef():
            yield node.name
        case ast.Name(ctx=ast.Store()):
            yield node.id
        case ast.Attribute(ctx=ast.Store(), value=ast.Name(id="self" | "cls")):
            yield node.attr


def _used(node: ast.AST) -> Iterator[str]:
    match node:
        case ast.Attribute():
            yield node.attr
        case ast.keyword(arg=str(name)):
            yield name
        case ast.Call(
            func=ast.Name(id="getattr" | "setattr" | "hasattr"), args=[_, ast.Constant(value=str(name)), *_]
        ):
            yield name
        case ast.ImportFrom(module=str(module)) if module.partition(".")[0] != "seggraph":
            yield from module.split(".")
            yield from (imported.name for imported in node.names)


def write() -> None:
    """Write the record of what is found now; reasons and owners of private names are kept."""
    before = record() if RECORD.exists() else {}
    lines = [
        "# Written by `python -m tests.project.internals`; the reasons and the owners are written by hand."
    ]
    reasons = {name: entry["why"] for name, entry in before.get("classes", {}).items()}
    for name, entry in sorted(extended_classes().items()):
        lines += ["", f'[classes."{name}"]', f"why = {json.dumps(reasons.get(name, NOT_YET))}"]
        lines += [f"ours = {json.dumps(sorted(entry.ours))}", f'[classes."{name}".members]']
        lines += [f"{member} = {json.dumps(shown)}" for member, shown in sorted(entry.members.items())]
    for name, files in sorted(private_names().items()):
        known = before.get("private", {}).get(name, {})
        lines += ["", f"[private.{name}]", f"why = {json.dumps(known.get('why', NOT_YET))}"]
        lines += [
            f"owner = {json.dumps(known.get('owner', NOT_YET))}",
            f"files = {json.dumps(sorted(files))}",
        ]
    RECORD.write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    write()
