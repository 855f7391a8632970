"""The names that the code has, for tests that compare documents and words with it."""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import graphql

from seggraph.settings import Settings

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "src" / "seggraph"
TABLE = re.compile(r"(?:CREATE (?:UNLOGGED )?TABLE(?: IF NOT EXISTS)?|CREATE (?:UNIQUE )?INDEX) \"?(\w+)")


@dataclass(frozen=True)
class Module:
    """A module of the package: what it defines at its top, and the members of its classes."""

    name: str
    """Dotted, below `seggraph`."""
    is_package: bool
    definitions: frozenset[str]
    members: dict[str, frozenset[str]] = field(hash=False)


@cache
def modules() -> tuple[Module, ...]:
    """Every module of the package, without migrations."""
    files = sorted(path for path in PACKAGE.rglob("*.py") if "migrations" not in path.parts)
    return tuple(_module(path) for path in files if path != PACKAGE / "__init__.py")


@cache
def syntax_tree(path: Path) -> ast.Module:
    """The syntax tree of a Python file."""
    return ast.parse(path.read_text(encoding="utf-8"))


def _module(path: Path) -> Module:
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    is_package = parts[-1] == "__init__"
    tree = syntax_tree(path)
    classes = {
        node.name: frozenset(_defined(node.body)) for node in tree.body if isinstance(node, ast.ClassDef)
    }
    name = ".".join(parts[:-1] if is_package else parts)
    return Module(name, is_package, frozenset(_defined(tree.body)), classes)


def _defined(body: list[ast.stmt]) -> Iterator[str]:
    """The names that statements define: functions, classes, constants and fields."""
    for node in body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.name
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            yield node.target.id
        elif isinstance(node, ast.Assign):
            yield from (target.id for target in node.targets if isinstance(target, ast.Name))


@cache
def defined_names() -> frozenset[str]:
    """Modules, packages, functions, classes, constants, methods and fields."""
    names: set[str] = set()
    for module in modules():
        names.update(module.name.split("."), module.definitions, *module.members.values())
    return frozenset(names)


@cache
def tables() -> frozenset[str]:
    """Tables and indexes."""
    migrations = "\n".join(
        path.read_text(encoding="utf-8") for path in sorted((ROOT / "migrations").glob("*.py"))
    )
    models = "\n".join(path.read_text(encoding="utf-8") for path in (PACKAGE / "models").glob("*.py"))
    return frozenset(TABLE.findall(migrations)) | frozenset(
        re.findall(r"\b(?:table|name)=? ?=? ?\"(\w+)\"", models)
    )


@cache
def strings() -> frozenset[str]:
    """Every text of the code as a whole, such as the name of a log event or of a change."""
    return frozenset(
        node.value
        for path in PACKAGE.rglob("*.py")
        for node in ast.walk(syntax_tree(path))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    )


@cache
def sql_words() -> frozenset[str]:
    """The words with an underscore in migrations and in texts of SQL: columns, sequences, functions."""
    texts = [path.read_text(encoding="utf-8") for path in (ROOT / "migrations").glob("*.py")]
    statements = (text for text in strings() if re.search(r"\b(?:SELECT|INSERT|UPDATE|DELETE)\b", text))
    return frozenset(
        word for text in (*texts, *statements) for word in re.findall(r"\b[a-z]+(?:_[a-z0-9]+)+\b", text)
    )


@cache
def schema() -> graphql.GraphQLSchema:
    """The published schema."""
    return graphql.build_schema((ROOT / "schema.graphql").read_text(encoding="utf-8"))


@cache
def graphql_names() -> frozenset[str]:
    """Types, fields, arguments and enum values of the schema."""
    names: set[str] = set()
    for name, type_ in schema().type_map.items():
        names.add(name)
        if isinstance(type_, graphql.GraphQLEnumType):
            names.update(type_.values)
        elif isinstance(
            type_, graphql.GraphQLObjectType | graphql.GraphQLInterfaceType | graphql.GraphQLInputObjectType
        ):
            names.update(type_.fields)
            for one in type_.fields.values():
                names.update(getattr(one, "args", {}))
    return frozenset(names)


def settings() -> frozenset[str]:
    """The settings, as fields and as environment variables."""
    return frozenset(
        spelling for name in Settings.model_fields for spelling in (name, f"SEGGRAPH_{name.upper()}")
    )


@cache
def known_names() -> frozenset[str]:
    """Every name that a document may use."""
    return defined_names() | tables() | strings() | sql_words() | graphql_names() | settings()


def is_file(path: str) -> bool:
    """Whether a path is that of a file or folder of the repository, or of the package."""
    return (ROOT / path).exists() or (PACKAGE / path).exists()


def resolves(name: str) -> bool:
    """Whether a dotted name is a module, something that a module defines, a member of a class, or a column.

    A module may be named by its last parts: `refresh.drain` is in `services.refresh.refresh`.
    """
    parts = name.removeprefix("seggraph.").split(".")
    dotted, (*owner, last) = ".".join(parts), parts
    for module in modules():
        if module.name == dotted:
            return True
        if not owner:
            continue
        prefix = ".".join(owner)
        if (module.name == prefix or module.name.endswith(f".{prefix}")) and last in module.definitions:
            return True
        if len(owner) == 1 and last in module.members.get(owner[0], ()):
            return True
    return len(parts) == 2 and parts[0] in tables() and last in columns()


@cache
def columns() -> frozenset[str]:
    """The fields of the models."""
    models = [module for module in modules() if module.name.startswith("models.")]
    return frozenset(name for module in models for members in module.members.values() for name in members)
