"""Requests made from the schema: an operation, its values, and the way it is sent."""

from dataclasses import dataclass, field
from typing import Any, Final

from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLScalarType,
    GraphQLUnionType,
    get_named_type,
    is_leaf_type,
    is_list_type,
    is_non_null_type,
    is_required_argument,
    is_required_input_field,
)
from hypothesis import strategies as st

from tests.api.schema_walk import SCHEMA, Walk
from tests.api.test_permission_walk import TABLES
from tests.fuzz.values import ANYTHING, BAD_IDS, BOUNDS, CRITERIA_TEXTS, DEEP, LIKELY, IdOf, Name, Raw

WALK: Final = Walk(SCHEMA, TABLES)
ROOTS: Final = {"Query": "query", "Mutation": "mutation", "Subscription": "subscription"}
KINDS: Final = sorted({kind for kind in TABLES.kinds.values() if kind not in ("Node", "WebhookDelivery")})
MOST_FIELDS: Final = 4
"""Most fields that are asked of one object."""
MOST_DEEP: Final = 3
"""How deep inputs and selections go; beyond it only what has to be there."""

Draw = Any
"""What Hypothesis gives to a function that makes a value of others."""


@dataclass
class Request:
    """What is sent, and how."""

    title: str
    text: list[Any]
    """The document, as pieces: texts, and values that are written within it."""
    variables: dict[str, Any]
    way: str = "post"
    extra: dict[str, Any] = field(default_factory=dict)
    """Further entries of the body."""
    headers: dict[str, str] = field(default_factory=dict)
    cut: tuple[int, str] | None = None
    """A place of the document, and what is put there."""


class _Document:
    """The pieces of one document while it is made."""

    def __init__(self, draw: Draw, name: str) -> None:
        self.draw = draw
        self.name = name
        self.declared: list[str] = []
        self.variables: dict[str, Any] = {}
        self.oddness = draw(st.sampled_from([0, 1, 1, 2, 4]))
        """How many of ten values are odd ones."""

    def chance(self, tenths: int) -> bool:
        return bool(self.draw(st.integers(0, 9)) < tenths)

    # Values

    def value(self, type_: Any, trail: tuple[str, ...], depth: int = 0) -> Any:
        """A value for a place of the input, right or odd."""
        if is_non_null_type(type_):
            return self.value(type_.of_type, trail, depth)
        if self.chance(self.oddness) and self.chance(2):
            return self.draw(ANYTHING)
        if is_list_type(type_):
            return self._list(type_, trail, depth)
        if isinstance(type_, GraphQLInputObjectType):
            return self._object(type_, trail, depth)
        if isinstance(type_, GraphQLEnumType):
            odd = ["x", "", "NULL", "true", next(iter(type_.values)).lower(), "A" * 5_000]
            names = odd if self.chance(self.oddness) and self.chance(3) else list(type_.values)
            return Name(self.draw(st.sampled_from(names)))
        return self._scalar(type_, trail)

    def _scalar(self, type_: GraphQLScalarType, trail: tuple[str, ...]) -> Any:
        is_odd = self.chance(self.oddness)
        if type_.name == "ID":
            return self.draw(BAD_IDS) if is_odd else self._id(trail)
        if trail[-1] in ("text", "criteriaText"):
            return self.draw(CRITERIA_TEXTS)
        given = TABLES.given.get(f"{trail[0]}.{trail[-1]}", TABLES.given.get(trail[-1]))
        if given is not None and not is_odd and self.chance(5) and not isinstance(given, dict):
            return given
        return self.draw((BOUNDS if is_odd else LIKELY)[type_.name])

    def _id(self, trail: tuple[str, ...]) -> IdOf:
        try:
            kind = WALK.kind_of(trail[0], trail[1:])
        except AssertionError:
            kind = "Node"
        if kind == "Node" or self.chance(1):
            kind = self.draw(st.sampled_from(KINDS))
        return IdOf(kind, self.draw(st.integers(0, 3)))

    def _list(self, type_: Any, trail: tuple[str, ...], depth: int) -> list[Any]:
        one = self.value(type_.of_type, trail, depth)
        if self.chance(self.oddness) and self.chance(1):
            return self.draw(st.sampled_from([[], [one] * 300, [one] * 3_000, [None, one], [[one]]]))  # type: ignore[no-any-return]
        return [one] * self.draw(st.integers(1, 2))

    def _object(self, type_: GraphQLInputObjectType, trail: tuple[str, ...], depth: int) -> dict[str, Any]:
        names = list(type_.fields)
        if type_.is_one_of:
            leaves = [name for name in names if name not in ("all", "any", "not", "union", "intersection")]
            chosen = {self.draw(st.sampled_from(leaves if depth >= MOST_DEEP and leaves else names))}
            if self.chance(self.oddness) and self.chance(1):
                chosen = set(names)
        else:
            chosen = {
                name
                for name, part in type_.fields.items()
                if is_required_input_field(part) or (depth < MOST_DEEP and self.chance(3))
            }
            if self.chance(self.oddness) and self.chance(1):
                chosen -= {names[0]}
        chosen |= set(TABLES.extra.get(type_.name, {})) if self.chance(8) else set()
        made = {
            name: TABLES.extra[type_.name][name]
            if name in TABLES.extra.get(type_.name, {})
            else self.value(type_.fields[name].type, (*trail, name), depth + 1)
            for name in names
            if name in chosen
        }
        if self.chance(self.oddness) and self.chance(1):
            made["unknown"] = 1
        return made

    # Documents

    def call(self, owner: str, name: str, field_: Any, depth: int) -> list[Any]:
        """A field with arguments and a selection."""
        pieces: list[Any] = [name]
        given: list[list[Any]] = []
        for key, argument in field_.args.items():
            if not is_required_argument(argument) and not self.chance(3 if depth else 4):
                continue
            trail = (name, key) if owner in ROOTS else (owner, name, key)
            value = self.value(argument.type, trail)
            if depth == 0 or self.chance(3):
                variable = f"v{len(self.declared)}"
                self.declared.append(f"${variable}: {argument.type}")
                self.variables[variable] = value
                given.append([f"{key}: ${variable}"])
            else:
                given.append([f"{key}: ", (value,)])
        if given:
            pieces.append("(")
            for number, one in enumerate(given):
                pieces += [", "] if number else []
                pieces += one
            pieces.append(")")
        return pieces + self.selection(get_named_type(field_.type), depth + 1)

    def selection(self, type_: Any, depth: int) -> list[Any]:
        """A selection of some fields of a type."""
        if is_leaf_type(type_):
            return []
        pieces: list[Any] = [" { __typename"]
        fields = {} if isinstance(type_, GraphQLUnionType) else type_.fields
        able = [
            name
            for name, one in fields.items()
            if is_leaf_type(get_named_type(one.type))
            or depth < MOST_DEEP
            or name in ("nodes", "edges", "errors")
        ]
        wanted = self.draw(st.lists(st.sampled_from(able), unique=True, max_size=MOST_FIELDS)) if able else []
        if depth < MOST_DEEP + 2:
            wanted += [name for name in ("nodes", "errors") if name in able and name not in wanted]
        for number, name in enumerate(wanted):
            pieces += [f" a{depth}_{number}: "]
            pieces += self.call(type_.name, name, fields[name], depth)
        if isinstance(type_, GraphQLInterfaceType | GraphQLUnionType) and depth < MOST_DEEP + 2:
            one = self.draw(st.sampled_from(list(SCHEMA.get_possible_types(type_))))
            pieces += [f" ... on {one.name}", *self.selection(one, depth + 1)]
        return [*pieces, " }"]


WAYS: Final = ["post"] * 12 + ["get", "stream", "form", "socket", "body"]


@st.composite
def requests(draw: Draw, root: str, name: str) -> Request:
    """A field of a root type with any values, sent in any way."""
    document = _Document(draw, name)
    body = document.call(root, name, WALK.fields_of(root)[name], 0)
    head = f"{ROOTS[root]} Fuzz" + (f" ({', '.join(document.declared)})" if document.declared else "")
    request = Request(f"{root}.{name}", [head, " { ", *body, " }"], document.variables)
    if root == "Subscription":
        request.way = draw(st.sampled_from(["socket", "socket", "stream", "post"]))
    else:
        request.way = draw(st.sampled_from(WAYS))
    if document.chance(1):
        request.headers = draw(st.sampled_from(HEADERS))
    if document.chance(1):
        request.extra = draw(st.sampled_from(EXTRAS))
    if document.chance(1) and document.chance(4):
        request.cut = (draw(st.integers(0, 400)), draw(st.sampled_from(HOSTILE)))
    if request.way == "body":
        request.extra = {"body": draw(st.sampled_from(BODIES))}
    return request


HEADERS: Final = [
    {"Idempotency-Key": "fuzz"},
    {"Idempotency-Key": ""},
    {"Idempotency-Key": "x" * 5_000},
    {"Idempotency-Key": "\u00e9"},
    {"Accept": "x"},
    {"Accept": "text/html"},
    {"Accept": "application/json;q=x," * 400},
    {"X-Request-Id": "x" * 5_000},
    {"X-Request-Id": "\u00e9'\""},
    {"Authorization": "Bearer"},
    {"Authorization": "Bearer " + "x" * 5_000},
    {"Authorization": "Bearer a.b.c"},
    {"Authorization": "Basic eDp4"},
    {"Authorization": "Bearer sgk_live_" + "\u00e9"},
    {"Content-Type": "application/json; charset=utf-7"},
    {"Content-Type": "x" * 1_000},
    {"Origin": "null"},
    {"X-Forwarded-For": "x" * 1_000},
    {"Accept-Encoding": "br;q=x, zstd, gzip"},
    {"Cookie": "=" * 5_000},
]
"""Headers that a request may have instead of the usual ones."""

EXTRAS: Final[list[dict[str, Any]]] = [
    {"operationName": "Fuzz"},
    {"operationName": "Other"},
    {"operationName": 1},
    {"operationName": "\ud800"},
    {"extensions": None},
    {"extensions": []},
    {"extensions": {"persistedQuery": {"version": 1, "sha256Hash": "x"}}},
    {"extensions": {"persistedQuery": {"version": 2**70, "sha256Hash": ["x"]}}},
    {"extensions": {"persistedQuery": 1}},
    {"extensions": {"persistedQuery": {"version": 1, "sha256Hash": "\ud800" * 64}}},
    {"documentId": "sha256:" + "0" * 64},
    {"documentId": "\u0000"},
    {"documentId": {}},
    {"variables": None},
    {"variables": []},
    {"variables": "x"},
    {"variables": Raw("[" * DEEP + "]" * DEEP)},
    {"query": None},
    {"query": 1},
    {"query": ""},
    {"query": "\ud800"},
    {"id": "x" * 5_000, "": {}},
]
"""What a request may say beside its operation, or instead of it."""

HOSTILE: Final = [
    "",
    "\u0000",
    "\ud800",
    "{" * 5_000,
    "[" * 5_000,
    "#" + "x" * 5_000 + "\n",
    '"""',
    "@skip(if: true)",
    "@skip(if: $nothing) " * 200,
    "... F ",
    "... on Query { __typename } " * 300,
    "__schema { types { fields { type { fields { type { name } } } } } } ",
    "x" * 50_000,
    "a: __typename " * 3_000,
    "$",
    "-",
    "\ufeff",
    "} fragment F on Query { ...F } query B {",
]
"""What is put somewhere into a document."""

BODIES: Final = [
    b"",
    b"{",
    b"[]",
    b"null",
    b"1",
    b'"x"',
    b"\xff\xfe",
    b"\x00" * 100,
    b"[" * DEEP,
    b'{"a":' * DEEP,
    b'{"query": "{ viewer { role } }", "variables": ' + b"[" * DEEP + b"]" * DEEP + b"}",
    b'{"query": "{ viewer { role } }", "variables": {"a": NaN}}',
    b'{"query": "\\ud800"}',
    b'[{"query": "{ viewer { role } }"}, {"query": "{ viewer { role } }"}]',
    b'{"query": {}, "variables": {}}',
    b'{"query": "' + b"x" * 300_000 + b'"}',
    '{"query": "{ viewer { role } }"}'.encode("utf-16"),
]
"""Bodies that are no requests, or hardly."""

PATHS: Final = [
    "/",
    "/healthz",
    "/readyz",
    "/metrics",
    "/graphql/assets/{}",
    "/files/exports/{}/{}",
    "/files/imports/{}/{}/rejected.csv",
    "/destinations/{}/feedback",
    "/{}",
]
"""Paths beside the endpoint, with places for what is odd."""

PARTS = st.sampled_from(
    [
        "1",
        "0",
        "-1",
        "9" * 30,
        "9" * 5_000,
        "%00",
        "%ff",
        "%d9%a1",
        "..%2f..%2fetc%2fpasswd",
        "x",
        "",
        "%0d%0aX:1",
        "%2500",
    ]
)
METHODS = st.sampled_from(["GET", "GET", "POST", "HEAD", "PUT", "DELETE", "OPTIONS", "PATCH", "X" * 100])


@st.composite
def paths(draw: Draw) -> Request:
    """A request to a path that is not the endpoint's."""
    path = draw(st.sampled_from(PATHS))
    path = path.format(*(draw(PARTS) for _ in range(path.count("{}"))))
    names = draw(st.lists(st.sampled_from(["by", "expires", "signature", "q"]), max_size=4))
    query = "&".join(f"{name}={draw(PARTS)}" for name in names)
    extra = {"method": draw(METHODS), "path": path + (f"?{query}" if query else "")}
    extra["body"] = draw(st.sampled_from(BODIES))
    headers = draw(st.sampled_from([{}, *HEADERS, {"webhook-id": "x", "webhook-timestamp": "9" * 400}]))
    return Request(f"path {path[:30]}", [], {}, "path", extra, headers)
