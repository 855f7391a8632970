"""Sends the requests, as everybody, and looks at what comes back and at what is logged."""

import base64
import binascii
import io
import itertools
import json
import re
import time
from collections import Counter, defaultdict, deque
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any, Final

import httpx
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Subprotocol

from tests.api.schema_walk import values_in
from tests.fuzz.requests import KINDS, Request
from tests.fuzz.values import IdOf, as_json, as_literal
from tests.product import PATIENCE_SECONDS

KEPT: Final = 4
"""How many ids of a type are remembered: those of the newest objects."""
LEFT_ALONE: Final = frozenset({"User", "ApiKey", "Workspace"})
"""Types whose objects let the askers in: of these only the given ones are named."""
CLOSED_BY_FAULT: Final = frozenset({1002, 1006, 1011})
"""Codes with which a server closes a WebSocket when it has failed."""
ROLLED_BACK: Final = "Resetting connection with an active transaction"
"""What asyncpg says when a client left in the middle of a transaction, which it ends then: as it should be."""
INTERNAL: Final = re.compile(r'"code": ?"INTERNAL"')


@dataclass
class Log:
    """What the product logged since it was looked at last."""

    stream: io.StringIO = field(default_factory=io.StringIO)

    def faults(self) -> list[str]:
        """The lines of errors, and those with a traceback."""
        text = self.stream.getvalue()
        self.stream.seek(0)
        self.stream.truncate()
        lines = text.splitlines()
        faults = [line for line in lines if '"level": "error"' in line or '"exception"' in line]
        return [line for line in faults if ROLLED_BACK not in line]


@dataclass
class Found:
    """What is wrong, by what was asked, and how much of what was answered."""

    faults: dict[str, list[str]] = field(default_factory=dict)
    answers: Counter[str] = field(default_factory=Counter)
    asked: Counter[str] = field(default_factory=Counter)
    slowest_seconds: float = 0.0
    slowest: str = ""

    def fault(self, title: str, who: str, what: str, sent: str) -> None:
        """Keep a fault; of each kind of request the first three are enough."""
        kept = self.faults.setdefault(title, [])
        if len(kept) < 3:
            kept.append(f"{who}: {what[:3_000]}\n    sent: {sent[:1_500]}")


@dataclass
class Asking:
    """Everybody who asks one server, and what they know."""

    url: str
    askers: Mapping[str, str]
    """Credentials by name."""
    pool: dict[str, deque[str]]
    log: Log
    deadline_seconds: float
    found: Found = field(default_factory=Found)

    def __post_init__(self) -> None:
        self._turns = itertools.cycle(self.askers)
        self._sockets: dict[str, ClientConnection] = {}
        self._numbers = itertools.count(1)
        self._opening = ExitStack()
        patience = self.deadline_seconds * 5 + PATIENCE_SECONDS
        client = httpx.Client(base_url=self.url, timeout=patience, verify=False)
        self._http = self._opening.enter_context(client)

    def close(self) -> None:
        """End all connections."""
        self._opening.close()

    def ask(self, request: Request) -> None:
        """Send a request as whoever is next, and look at the answer."""
        who = next(self._turns)
        self.found.asked[request.title.split()[0] if request.way == "path" else request.title] += 1
        text, variables = self._written(request)
        sent = f"{request.way} {request.headers} {request.extra} {text} {variables}"
        begun = time.monotonic()
        try:
            self._send(request, who, text, variables)
        except (httpx.HTTPError, TimeoutError) as error:
            self.found.fault(request.title, who, f"no answer: {error!r}", sent)
        except _Fault as fault:
            self.found.fault(request.title, who, str(fault), sent)
        seconds = time.monotonic() - begun
        if seconds > self.found.slowest_seconds:
            self.found.slowest_seconds, self.found.slowest = seconds, f"{request.title} {sent[:300]}"
        allowed = self.deadline_seconds * (5 if request.title.startswith("Mutation") else 1)
        if seconds > allowed + PATIENCE_SECONDS:
            self.found.fault(request.title, who, f"answered after {seconds:.0f} s", sent)
        for line in self.log.faults():
            self.found.fault(request.title, who, f"logged: {line}", sent)

    def require_askers(self) -> None:
        """Fail unless everybody is still let in: otherwise nothing was tried any more."""
        for who, credential in self.askers.items():
            answer = self._http.post(
                "/graphql",
                json={"query": "{ __typename }"},
                headers={"Authorization": f"Bearer {credential}"},
            ).json()
            assert answer == {"data": {"__typename": "Query"}} | answer, (who, answer)

    def _written(self, request: Request) -> tuple[str, str]:
        text = "".join(
            piece if isinstance(piece, str) else as_literal(piece[0], self._id) for piece in request.text
        )
        if request.cut is not None:
            place, odd = request.cut
            text = text[: place % (len(text) + 1)] + odd + text[place % (len(text) + 1) :]
        return text, as_json(request.variables, self._id)

    def _id(self, wanted: IdOf) -> str:
        known = self.pool[wanted.kind]
        return known[wanted.number % len(known)]

    def _send(self, request: Request, who: str, text: str, variables: str) -> None:
        body = _body(request, text, variables, self._id)
        if request.way == "socket":
            self._over_socket(who, body)
            return
        headers = {"Authorization": f"Bearer {self.askers[who]}", "Content-Type": "application/json"}
        headers |= request.headers
        given: dict[str, Any] = {"method": "POST", "url": "/graphql", "content": body.encode()}
        match request.way:
            case "get":
                params = {"query": text, "variables": variables}
                length = sum(map(len, params.values()))
                if length < 6_000:  # longer addresses are refused before we see them
                    given = {"method": "GET", "url": "/graphql", "params": _without_surrogates(params)}
            case "stream":
                headers["Accept"] = "text/event-stream"
            case "form":
                del headers["Content-Type"]
                headers["Apollo-Require-Preflight"] = "1"
                given = {"method": "POST", "url": "/graphql"} | _form(body, request)
            case "body":
                given["content"] = request.extra["body"]
            case "path":
                given = {"method": request.extra["method"], "url": request.extra["path"]}
                given["content"] = request.extra["body"]
        raw = [(name.encode(), value.encode()) for name, value in headers.items()]
        with self._http.stream(headers=raw, **given) as response:
            self._look(request, response)

    def _look(self, request: Request, response: httpx.Response) -> None:
        self.found.answers[str(response.status_code)] += 1
        is_stream = response.headers.get("content-type", "").startswith("text/event-stream")
        if is_stream and request.title.startswith("Subscription"):
            return  # nothing may ever come; what is wrong is logged
        text = response.read().decode("utf-8", "replace")
        if response.status_code >= 500:
            raise _Fault(f"status {response.status_code}: {text}")
        if INTERNAL.search(text):
            raise _Fault(f"masked: {text}")
        if "json" in response.headers.get("content-type", "") and request.way != "path":
            self._learn(text)

    def _over_socket(self, who: str, body: str) -> None:
        number = str(next(self._numbers))
        try:
            socket = self._sockets.get(who) or self._opened(who)
            socket.send(f'{{"id": "{number}", "type": "subscribe", "payload": {body}}}')
            after = {"id": f"{number}-after", "type": "subscribe", "payload": {"query": "{ __typename }"}}
            socket.send(json.dumps(after))
            while True:
                text = str(socket.recv(timeout=self.deadline_seconds * 5 + PATIENCE_SECONDS))
                if INTERNAL.search(text):
                    raise _Fault(f"masked on a socket: {text}")
                message = json.loads(text)
                self.found.answers[f"socket {message['type']}"] += 1
                self._learn(text)
                if message.get("id") == after["id"] and message["type"] in ("complete", "error"):
                    break
            socket.send(json.dumps({"id": number, "type": "complete"}))
        except ConnectionClosed as closed:
            self._sockets.pop(who, None)
            code = closed.rcvd.code if closed.rcvd else 1006
            self.found.answers[f"socket closed {code}"] += 1
            if code in CLOSED_BY_FAULT:
                raise _Fault(f"the socket was closed with {closed}") from closed

    def _opened(self, who: str) -> ClientConnection:
        url = self.url.replace("http", "ws", 1) + "/graphql"
        opening = connect(
            url,
            subprotocols=[Subprotocol("graphql-transport-ws")],
            max_size=None,
            open_timeout=PATIENCE_SECONDS,
            ping_interval=None,
            max_queue=None,  # what nobody reads any more may not keep the server's pings from being answered
        )
        socket = self._opening.enter_context(opening)
        payload = {"Authorization": f"Bearer {self.askers[who]}"}
        socket.send(json.dumps({"type": "connection_init", "payload": payload}))
        assert json.loads(socket.recv(timeout=PATIENCE_SECONDS))["type"] == "connection_ack"
        self._sockets[who] = socket
        return socket

    def _learn(self, text: str) -> None:
        """Remember the ids of an answer, so that what follows names what there is."""
        try:
            answer = json.loads(text)
        except ValueError as error:
            raise _Fault(f"no JSON: {text}") from error
        for _, value in values_in(answer):
            if isinstance(value, str) and 8 < len(value) < 60:
                kind = _kind_of(value)
                if kind in KINDS and kind not in LEFT_ALONE and value not in self.pool[kind]:
                    self.pool[kind].append(value)


class _Fault(Exception):
    """The product did what it never may."""


def new_pool(objects: Mapping[str, str]) -> dict[str, deque[str]]:
    """The ids that are known at first, by type."""
    pool: dict[str, deque[str]] = defaultdict(lambda: deque(["x"], maxlen=KEPT))
    for kind, id_ in objects.items():
        pool[kind] = deque([id_], maxlen=KEPT)
    return pool


def _kind_of(value: str) -> str:
    try:
        text = base64.urlsafe_b64decode(value + "=" * (-len(value) % 4)).decode()
    except (binascii.Error, ValueError):
        return ""
    return text.partition(":")[0]


def _body(request: Request, text: str, variables: str, ids: Any) -> str:
    entries = {"query": json.dumps(text), "variables": variables}
    if request.way not in ("path", "body"):
        entries |= {name: as_json(value, ids) for name, value in request.extra.items()}
    return "{" + ", ".join(f"{json.dumps(name)}: {value}" for name, value in entries.items()) + "}"


def _form(body: str, request: Request) -> dict[str, Any]:
    """A multipart body; the file is put where there is a place for one, or where there is none."""
    holder = request.variables.get("v0")
    place = "variables.v0.file" if isinstance(holder, dict) else "variables.x"
    data = {"operations": body, "map": json.dumps({"0": [place]})}
    content = b'externalId,campaign,segment,day\np001,a,b,2026-01-01\n\x00\xff,"\n'
    return {"data": _without_surrogates(data), "files": {"0": ("\u202ef.csv", content, "text/csv")}}


def _without_surrogates(texts: Mapping[str, str]) -> dict[str, str]:
    return {key: value.encode("utf-8", "replace").decode() for key, value in texts.items()}
