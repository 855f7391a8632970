"""The SQL statements in the sources, and which of them touch a tenant's table without naming the workspace.

A tenant's table has a column `workspace_id`. A statement that names it cannot read or change another workspace's
rows by mistake. One that has to do without says why in a comment `# any workspace: ...` in front of it.

A statement is text here: a constant, or an f-string whose parts are followed as far as they are constants.
"""

import ast
import importlib
import inspect
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Final

from tortoise.models import Model

import seggraph
from seggraph import migrations, models

SOURCES: Final = Path(seggraph.__file__).parent
NAMED: Final = "workspace_id"
REASON: Final = re.compile(r"# any workspace: (\S.*)$")
BEGINNING: Final = re.compile(r"\s*\(?\s*(WITH|SELECT|INSERT INTO|UPDATE|DELETE FROM|MERGE INTO|TRUNCATE)\b")
TABLE: Final = re.compile(
    r"\b(?:FROM|JOIN|UPDATE|INTO|USING|TRUNCATE)\s+(?:ONLY\s+)?(?:LATERAL\s+)?([a-z_]+\b|\?)"
)
LISTED: Final = re.compile(r",\s*([a-z_]+)(?=\s+(?:AS\s+)?[a-z]\w*\s*(?:,|WHERE|JOIN|ON|ORDER|\)|$))")
CONDITION: Final = re.compile(
    rf"\b{NAMED}\s*(?:=|IN\b)|=\s*(?:\w+\.)?{NAMED}\b|\bUSING \({NAMED}\b|\bINSERT INTO [^()]*\([^()]*\b{NAMED}\b"
)
MODEL_READS: Final = frozenset({"all", "exclude", "filter", "first", "get", "get_or_none", "exists"})
UNKNOWN: Final = "?"


@dataclass(frozen=True)
class Statement:
    """A statement, the tenants' tables that it touches, and the line of the reason why it names no workspace."""

    file: str
    line: int
    text: str
    tables: frozenset[str]
    reason_line: int | None = None

    @property
    def names_workspace(self) -> bool:
        """Whether the workspace is a condition of the statement, or is inserted by it."""
        return CONDITION.search(self.text) is not None


@dataclass
class Source:
    """A file: its tree, its comments that give reasons by line, and the values of its constants."""

    name: str
    text: str
    values: dict[str, object] = field(default_factory=dict)

    @property
    def reasons(self) -> dict[int, str]:
        """The reasons by the number of their line."""
        lines = enumerate(self.text.splitlines(), 1)
        return {number: found[1] for number, line in lines if (found := REASON.search(line))}


def tenant_tables() -> frozenset[str]:
    """The tables with a column `workspace_id`: those of models, and those that migrations make by SQL."""
    found = set()
    for model in vars(models).values():
        if inspect.isclass(model) and issubclass(model, Model):
            columns = set(model._meta.fields_map)
            if columns & {NAMED, "workspace"}:
                found.add(model._meta.db_table or model.Meta.table)  # type: ignore[attr-defined]
    for path in Path(migrations.__path__[0]).glob("[0-9]*.py"):
        for name, columns_text in re.findall(
            r"CREATE TABLE (\w+) \((.*?)\n\s*\)", path.read_text(encoding="utf-8"), re.S
        ):
            if NAMED in columns_text:
                found.add(name)
    return frozenset(found)


def sources() -> Iterator[Source]:
    """The files of src, without migrations, which change tables for all workspaces."""
    for path in sorted(SOURCES.rglob("*.py")):
        parts = path.relative_to(SOURCES).with_suffix("").parts
        if "migrations" in parts or parts[-1] == "__main__":
            continue
        module = importlib.import_module(".".join(("seggraph", *parts)).removesuffix(".__init__"))
        name = path.relative_to(SOURCES).as_posix()
        yield Source(name, path.read_text(encoding="utf-8"), dict(vars(module)))


def statements(source: Source, tenants: frozenset[str]) -> Iterator[Statement]:
    """The statements of a file that touch a tenant's table."""
    tree = ast.parse(source.text)
    reasons = source.reasons
    for step, expression, locals_ in _texts(tree):
        for text in _resolve(expression, source.values, locals_).split(";\n"):
            tables = tables_of(text) & (tenants | {UNKNOWN})
            if BEGINNING.match(text) and tables:
                line = _reason_line(step, expression, reasons, source.text.splitlines())
                yield Statement(source.name, expression.lineno, text, tables, line)
    for node in ast.walk(tree):
        model = _model_read(node, source.values)
        if model in tenants and isinstance(node, ast.Call):
            line = _reason_line(node, node, reasons, source.text.splitlines())
            yield Statement(source.name, node.lineno, ast.unparse(node), frozenset({model}), line)


def tables_of(text: str) -> frozenset[str]:
    """The tables that a statement touches, UNKNOWN for one that is chosen when it runs.

    SQL keywords are written in capitals, tables in small letters.
    """
    return frozenset(TABLE.findall(text)) | frozenset(LISTED.findall(text))


def stale_reasons(source: Source, found: list[Statement]) -> list[int]:
    """The lines with a reason that no statement needs."""
    needed = {one.reason_line for one in found if not one.names_workspace}
    return sorted(set(source.reasons) - needed)


def _texts(tree: ast.Module) -> Iterator[tuple[ast.AST, ast.expr, dict[str, list[ast.expr]]]]:
    """Each longest text expression, with the statement that it stands in and the local texts around it."""

    def walk(
        node: ast.AST, step: ast.AST, known: dict[str, list[ast.expr]]
    ) -> Iterator[tuple[ast.AST, ast.expr, dict[str, list[ast.expr]]]]:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            known = known | _local_texts(node)
        if isinstance(node, ast.expr) and _is_text(node):
            yield step, node, known
            return
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.Expr) and isinstance(child.value, ast.Constant):
                continue  # a docstring
            yield from walk(child, child if isinstance(child, ast.stmt) else step, known)

    yield from walk(tree, tree, {})


def _local_texts(function: ast.AST) -> dict[str, list[ast.expr]]:
    found: dict[str, list[ast.expr]] = {}
    for node in ast.walk(function):
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            values = (
                [node.value.body, node.value.orelse] if isinstance(node.value, ast.IfExp) else [node.value]
            )
            found.setdefault(node.targets[0].id, []).extend(values)
    return found


def _is_text(node: ast.expr) -> bool:
    match node:
        case ast.Constant(value=str()) | ast.JoinedStr():
            return True
        case ast.BinOp(op=ast.Add()):
            return _is_text(node.left) or _is_text(node.right)
        case ast.Call(func=ast.Attribute(value=value, attr="format")):
            return _is_text(value)
    return False


def _resolve(
    node: ast.expr, values: dict[str, object], locals_: dict[str, list[ast.expr]], depth: int = 0
) -> str:
    """The text of an expression; UNKNOWN for what is known only when it runs.

    Of several texts that a local name may have, one that does not name the workspace counts.
    """
    if depth > 8:
        return UNKNOWN
    match node:
        case ast.Constant(value=str(text)):
            return text
        case ast.JoinedStr():
            return "".join(_resolve(part, values, locals_, depth + 1) for part in node.values)
        case ast.FormattedValue() | ast.Call(func=ast.Attribute(attr="format")):
            inner = node.value if isinstance(node, ast.FormattedValue) else node.func.value  # type: ignore[attr-defined]
            return _resolve(inner, values, locals_, depth + 1)
        case ast.BinOp(op=ast.Add()):
            return _resolve(node.left, values, locals_, depth + 1) + _resolve(
                node.right, values, locals_, depth + 1
            )
        case ast.Name(id=name) if name in locals_:
            texts = [_resolve(one, values, locals_, depth + 1) for one in locals_[name]]
            return next((text for text in texts if NAMED not in text), texts[0])
        case ast.Name(id=name) if isinstance(values.get(name), str):
            return str(values[name])
        case ast.Attribute(value=ast.Name(id=name), attr=attribute) if isinstance(
            values.get(name), ModuleType
        ):
            found = getattr(values[name], attribute, None)
            return found if isinstance(found, str) else UNKNOWN
    return UNKNOWN


def _model_read(node: ast.AST, values: dict[str, object]) -> str | None:
    """The table of a model that is read by a call which does not name the workspace first; None for other nodes."""
    match node:
        case ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr=attribute)) if (
            attribute in MODEL_READS
        ):
            model = values.get(name)
            if inspect.isclass(model) and issubclass(model, Model):
                return str(model._meta.db_table or model.Meta.table)  # type: ignore[attr-defined]
    return None


def _reason_line(
    step: ast.AST, expression: ast.expr, reasons: dict[int, str], lines: list[str]
) -> int | None:
    """The line of the reason: one of the statement's lines, or of the comment just before it."""
    first: int = getattr(step, "lineno", expression.lineno)
    if isinstance(step, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        first = expression.lineno
    while first > 1 and lines[first - 2].lstrip().startswith("#"):
        first -= 1
    return next(
        (line for line in range(first, (expression.end_lineno or first) + 1) if line in reasons), None
    )
