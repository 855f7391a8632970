"""Old words do not come back: names, documentation and messages use the words of docs/glossary.md.

`WORDS` has each old word with the one that replaced it. `ALLOWED` lists the uses that stay, each with its reason.

    python -m tests.test_words    prints where old words are
"""

import ast
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import graphql
import pytest

from tests import code_names

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parent.parent
TEXTS = ("README.md", "CHANGELOG.md", "docs", "schema.graphql")
SCANNED = ("src/seggraph", *TEXTS)


@dataclass(frozen=True, slots=True)
class Word:
    """An old word: how to find it in names and in prose, and where it is looked for."""

    old: str
    new: str
    names: str = ""
    """A pattern for parts of names in snake case: `take_turn` is found in `_take_turn` and in `TakeTurn`."""
    classes: frozenset[str] = frozenset()
    """Names that are found only as they are: words such as `row` are good names elsewhere."""
    prose: str = ""
    """A pattern for docstrings, comments, messages, descriptions and documents."""
    within: tuple[str, ...] = SCANNED
    """Where the word had the meaning that is gone."""


API = "src/seggraph/api"
AUDIENCES = "src/seggraph/audiences"
CRITERIA = "src/seggraph/criteria"
ENGINES = "src/seggraph/engines"
SCHEMA = "schema.graphql"
SERVICES = "src/seggraph/services"
TRANSPORT = "src/seggraph/transport"
DELTAS = tuple(f"{SERVICES}/{name}" for name in ("memberships", "recompute", "refresh"))
REST = tuple(
    f"src/seggraph/{name}"
    for name in ("database", "demo", "destinations", "embedded", "files", "http_client.py")
)
"""Areas in which nobody has rewritten the prose yet."""

WORDS = (
    Word(
        "by hand, a hand, hands",
        "manual membership, manually, a manual change",
        names="hands?(?!_(?:on|out|over|back))",
        prose=(
            r"\b(?:by|of|a|an|the|no) hands?\b|\bhands (?:and|or)\b"
            r"|\b(?:and|or|besides) hands\b(?! (?:each|it|them|out|on|over|back))"
        ),
    ),
    Word("shifts, Shift", "membership deltas, MembershipDelta", names="shifts?", prose=r"\bshifts\b"),
    Word(
        "move, move_causes",
        "membership change, attribution",
        names="moves?",
        prose=(
            r"(?<![`.])\bmoves\b(?!\()|\b(?:a|the|no|each|any|every|other|one|such) move\b"
            r"|\b(?:who|whom|members|anyone|those|nobody|somebody|time(?: alone)?)(?: may have| have| has)? moved?\b"
        ),
    ),
    Word(
        "Outcome",
        "MembershipDelta",
        names="outcomes?",
        within=DELTAS,
    ),
    Word(
        "spread, chunk -1",
        "delta row",
        names="spreads?",
        prose=r"\bspreads?\b",
        within=(AUDIENCES, "src/seggraph/models", *TEXTS),
    ),
    Word("disarmed", "neutralise_formula", names="disarm(?:ed)?", prose=r"\bdisarm"),
    Word(
        "kept_keys, KeptChunks, kept(..)",
        "key_files, ChunkCache, cached or normalised",
        names="kept(?:_keys|_chunks)?",
        within=(AUDIENCES, CRITERIA, ENGINES, "src/seggraph/files", "src/seggraph/values"),
    ),
    Word(
        "wants, phrases, places, Cursor, Grammar",
        "expectations, keywords, spans, TokenStream, Parser",
        names="wants?|phrases?|places?",
        classes=frozenset({"Cursor", "Grammar"}),
        within=(f"{CRITERIA}/text",),
    ),
    Word(
        "Surroundings, Asking, Turn",
        "PopulationSettings, RuleEvaluator, ReachDelta",
        names="surroundings",
        classes=frozenset({"Asking", "Turn"}),
    ),
    Word(
        "take_turn, wait_for_savers, WAIT_FOR_MOVERS",
        "lock_population, lock_references_shared, lock_references_exclusive",
        names="take_turns?|savers?|movers?",
        prose=r"\bmovers\b|\bsavers\b",
    ),
    Word(
        "near, among",
        "within_ordinals",
        names="near|among",
        within=("src/seggraph",),
    ),
    Word(
        "Row, Asked, Given, Both, Either, Inquiry, Moment",
        "RowPredicate, TableLookup, SegmentReference, Intersection, Union, TableQuery, EvaluationTime",
        names="inquir(?:y|ies)",
        classes=frozenset({"Row", "Asked", "Given", "Both", "Either", "Moment"}),
        within=(ENGINES,),
    ),
    Word(
        "Way, Slot, Waiting, stand, go_on",
        "ResolvedField, PendingField, PendingObject, attach, resume",
        names="go_on",
        classes=frozenset({"Way", "Slot", "Waiting", "stand"}),
        within=(TRANSPORT,),
    ),
    Word(
        "judge, Verdict, Unanswered, WELL, UNWELL",
        "classify_failure, FailureClass, ConnectionFailed, healthy, failing",
        names="judged?|verdict|unanswered|unwell",
        classes=frozenset({"WELL"}),
        prose=r"\bjudged?\b|\bverdicts?\b|\bunwell\b",
    ),
    Word(
        "DeliveryWish, wish",
        "DesiredState, desired state",
        names="wish(?:es)?",
        prose=r"(?<!`)\bwish(?:es|ed)?\b",
    ),
    Word(
        "excuse",
        "exclude_from_drift",
        names="excuse[ds]?",
        prose=r"\bexcuse[ds]?\b",
    ),
    Word(
        "told, tell of",
        "published, reported, audited, listed",
        names="told|tells?",
        prose=r"\btold\b|\btells? (?:of|how|who|what|whether|every|all|about)\b",
    ),
    Word("work.Work", "unit_of_work.UnitOfWork", classes=frozenset({"Work"}), prose=r"\bwork\.Work\b"),
    Word("services.policy", "access", prose=r"\bservices[./]policy\b"),
    Word("LET_GO", "RELEASE_LEASE", names="let_go"),
    Word(
        "whoever, of whom",
        "the user who, members that",
        prose=r"(?i)\bwhoever\b|\b(?:of|to|for) whom\b",
    ),
)


@dataclass(frozen=True, slots=True)
class Allowed:
    """A use of an old word that stays."""

    old: str
    path: str
    sort: str
    """`name`, `sql` or `prose`."""
    text: str
    """What is found there, in full."""
    reason: str


COLUMN = "a column: another name would cost a migration of data"
ALLOWED: tuple[Allowed, ...] = (
    Allowed("DeliveryWish, wish", "src/seggraph", "sql", "wish", COLUMN),
    Allowed("DeliveryWish, wish", "src/seggraph", "name", "wish", COLUMN),
    Allowed("move, move_causes", "src/seggraph", "sql", "move", COLUMN),
    Allowed("move, move_causes", "src/seggraph/models/runs.py", "name", "move", COLUMN),
    *(
        Allowed("move, move_causes", f"src/seggraph/services/{path}", "name", "move", COLUMN)
        for path in (
            "history/membership_changes.py",
            "history/past_memberships.py",
            "history/run_compaction.py",
            "webhooks/messages.py",
        )
    ),
    *(
        Allowed("DeliveryWish, wish", f"src/seggraph/services/destinations/{path}", "prose", "wish", COLUMN)
        for path in ("deliveries.py", "delivery_claims.py")
    ),
    Allowed("excuse", "src/seggraph/services/refresh/drift.py", "name", "excused", COLUMN),
    Allowed("excuse", "src/seggraph", "sql", "excused", COLUMN),
    Allowed("excuse", "src/seggraph/models/segments.py", "name", "excused", COLUMN),
)


@dataclass(frozen=True, slots=True)
class Finding:
    """A place that has an old word."""

    path: str
    line: int
    text: str


def files(scanned: tuple[str, ...]) -> Iterator[Path]:
    """The files below some paths, without migrations and files of others that we pass on."""
    for name in scanned:
        path = ROOT / name
        found = [path] if path.is_file() else sorted([*path.rglob("*.py"), *path.rglob("*.md")])
        yield from (one for one in found if not {"migrations", "static"} & set(one.parts))


@cache
def snake(name: str) -> str:
    """A name in snake case."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()


COMMENT = re.compile(r"(?:^\s*|  )# .*$")
SQL = re.compile(r"\b(?:SELECT|INSERT|UPDATE|DELETE|WHERE|FROM|VALUES|RETURNING|JOIN)\b")


def python_texts(path: Path) -> Iterator[tuple[str, int, str]]:
    """The names, the prose and the words of SQL of a module: sort, line and text. Comments in SQL are prose."""
    yield "name", 1, path.stem
    for node in ast.walk(code_names.syntax_tree(path)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield "name", node.lineno, node.name
        elif isinstance(node, ast.arg):
            yield "name", node.lineno, node.arg
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield "name", node.lineno, node.id
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            yield "name", node.lineno, node.attr
        elif isinstance(node, ast.alias) and node.asname:
            yield "name", node.lineno, node.asname
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield from string_texts(node.lineno, node.value)
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if comment := COMMENT.search(line):
            yield "prose", number, comment.group()


def string_texts(line: int, text: str) -> Iterator[tuple[str, int, str]]:
    """What a text of the code says: SQL, prose, or a name."""
    if SQL.search(text):
        for comment in re.findall(r"--(.*)", text):
            yield "prose", line, comment
        for name in re.findall(r"[A-Za-z_]\w*", re.sub(r"--.*|'[^']*'", "", text)):
            yield "sql", line, name
    elif re.fullmatch(r"\w+", text):
        yield "name", line, text
    else:
        yield "prose", line, text


def schema_texts() -> Iterator[tuple[str, int, str]]:
    """The names and descriptions of the schema."""

    class Descriptions(graphql.Visitor):
        def __init__(self) -> None:
            super().__init__()
            self.found: list[tuple[str, int, str]] = []

        def enter(self, node: graphql.Node, *_: object) -> None:
            description = getattr(node, "description", None)
            if description is not None:
                line = description.loc.start_token.line if description.loc else 0
                self.found.append(("prose", line, description.value))

    visitor = Descriptions()
    graphql.visit(graphql.parse((ROOT / "schema.graphql").read_text(encoding="utf-8")), visitor)
    yield from visitor.found


def texts_of(path: Path) -> Iterator[tuple[str, int, str]]:
    """The texts of a file: sort, line and text."""
    if path.name == "schema.graphql":
        yield from schema_texts()
    elif path.suffix == ".py":
        yield from python_texts(path)
    else:
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            yield "prose", number, line


def findings(word: Word) -> Iterator[Finding]:
    """Where a word is, allowed uses aside."""
    part = re.compile(rf"(?:^|_)(?:{word.names})(?:_|$)") if word.names else None
    prose = re.compile(word.prose) if word.prose else None
    for path in files(word.within):
        name = str(path.relative_to(ROOT))
        for sort, line, text in cached_texts(path):
            if sort == "prose":
                found = [match.group() for match in prose.finditer(text)] if prose else []
            else:
                found = [text] if (part and part.search(snake(text))) or text in word.classes else []
            yield from (Finding(name, line, one) for one in found if not is_allowed(word, name, sort, one))


@cache
def cached_texts(path: Path) -> tuple[tuple[str, int, str], ...]:
    """The texts of a file, read once."""
    return tuple(dict.fromkeys(texts_of(path)))


def is_allowed(word: Word, path: str, sort: str, text: str) -> bool:
    """Whether this use stays."""
    return any(
        one.old == word.old and one.sort == sort and one.text == text and is_below(path, (one.path,))
        for one in ALLOWED
    )


def is_below(path: str, folders: tuple[str, ...]) -> bool:
    """Whether a path is one of these, or in one of these folders."""
    return any(path == folder or path.startswith(f"{folder}/") for folder in folders)


@pytest.mark.parametrize("word", WORDS, ids=lambda word: word.old)
def test_an_old_word_is_gone(word: Word) -> None:
    left = [f"{one.path}:{one.line}: {one.text}" for one in findings(word)]

    assert left == [], f"write: {word.new}"


@pytest.mark.parametrize("word", WORDS, ids=lambda word: word.old)
def test_an_old_word_would_be_found(word: Word) -> None:
    """Every pattern finds something: the first of the old words, as a name or in prose."""
    first = word.old.split(",")[0].split("(")[0].strip()
    part = re.compile(rf"(?:^|_)(?:{word.names})(?:_|$)") if word.names else None

    assert (
        (part and part.search(snake(first)))
        or first in word.classes
        or first.split(".")[-1] in word.classes
        or (word.prose and re.search(word.prose, first))
    )


def test_every_exception_is_needed() -> None:
    def is_used(one: Allowed) -> bool:
        return any(
            sort == one.sort and (one.text in text if sort == "prose" else one.text == text)
            for path in files((one.path,))
            for sort, _, text in cached_texts(path)
        )

    assert [one for one in ALLOWED if not is_used(one)] == []


if __name__ == "__main__":
    for each in WORDS:
        rest = list(findings(each))
        sys.stdout.write(f"\n{each.old} -> {each.new}: {len(rest)}\n")
        sys.stdout.writelines(f"  {one.path}:{one.line}: {one.text}\n" for one in rest)
