"""Persisted documents: a client sends the SHA-256 of a document instead of its text.

Two forms are served. `documentId: "sha256:<hex>"` is that of the GraphQL-over-HTTP appendix. The other is Apollo's
automatic persisted queries (APQ): `extensions: {persistedQuery: {version: 1, sha256Hash: "<hex>"}}`. A client that
sends such a hash together with its text has the document remembered; the next request needs the hash alone.

Trusted documents come from a file and are known for ever. With `only_trusted` nothing else is executed.
"""

import hashlib
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, Protocol

import orjson
from cachetools import LRUCache

from seggraph.transport.codes import TransportCode
from seggraph.transport.refusals import Refused

MAX_CHARACTERS: Final = 16_384
"""A longer document is executed, but not remembered for its hash."""
MAX_DOCUMENT: Final = 262_144
"""Most characters of a document that is read at all: reading takes as long as there are characters, even blanks."""
MAX_KNOWN: Final = 1_000
"""Most documents that one process remembers besides the trusted ones."""
MAX_FILE_BYTES: Final = 64 * 1024 * 1024
_HEX = re.compile(r"[0-9a-f]{64}")


class DocumentStore(Protocol):
    """Where documents are remembered for all processes. A store that is away finds and keeps nothing."""

    async def find(self, digest: str) -> str | None:
        """The text of a document by the hexadecimal SHA-256 of it, or None."""

    async def keep(self, digest: str, text: str) -> None:
        """Remember a document for some time."""


class PersistedDocuments:
    """The documents that requests may name by their hash."""

    def __init__(
        self,
        trusted: Mapping[str, str] | None = None,
        *,
        store: DocumentStore | None = None,
        only_trusted: bool = False,
    ) -> None:
        self._trusted = dict(trusted or {})
        self._trusted_texts = frozenset(self._trusted.values())
        self._known: LRUCache[str, str] = LRUCache(MAX_KNOWN)
        self._store = store
        self._only_trusted = only_trusted

    def known_text(self, asked: Mapping[str, Any]) -> str | None:
        """The text that a request asks for, if this process can tell it at once; None when `text_of` must be asked."""
        text = asked.get("query")
        if not _has_hash(asked):
            is_allowed = not self._only_trusted or text in self._trusted_texts
            return text if isinstance(text, str) and is_allowed and len(text) <= MAX_DOCUMENT else None
        if text is not None:
            return None
        try:
            digest = _digest_of(asked)
        except Refused:
            return None
        return self._trusted.get(digest) or (None if self._only_trusted else self._known.get(digest))

    async def text_of(self, asked: Mapping[str, Any]) -> str | None:
        """The text of the document that a request names, or the text that it holds; None when it has neither.

        Raises Refused for a text that is too long, a hash of another form, a text of another hash, a document that is
        not known, and with `only_trusted` for every document that is not trusted.
        """
        text = asked.get("query")
        if isinstance(text, str) and len(text) > MAX_DOCUMENT:
            raise Refused(
                TransportCode.QUERY_TOO_LARGE,
                f"The document has {len(text):,} characters; at most {MAX_DOCUMENT:,} are served. Send values as"
                " variables.",
            )
        if not _has_hash(asked):
            if self._only_trusted and text is not None and text not in self._trusted_texts:
                raise _not_trusted()
            return text
        digest = _digest_of(asked)
        if text is None:
            return await self._find(digest)
        if not isinstance(text, str) or hashlib.sha256(text.encode()).hexdigest() != digest:
            raise Refused(TransportCode.BAD_REQUEST, "The hash is not the SHA-256 of the query.")
        if self._only_trusted and digest not in self._trusted:
            raise _not_trusted()
        await self._keep(digest, text)
        return text

    async def _find(self, digest: str) -> str:
        text = self._trusted.get(digest)
        if text is not None:
            return text
        if self._only_trusted:
            raise _not_trusted()
        text = self._known.get(digest)
        if text is None and self._store is not None:
            text = await self._store.find(digest)
        if text is None:
            raise Refused(
                TransportCode.PERSISTED_QUERY_NOT_FOUND,
                "PersistedQueryNotFound: send the query with its hash once.",
            )
        self._known[digest] = text
        return text

    async def _keep(self, digest: str, text: str) -> None:
        if digest in self._trusted or digest in self._known or len(text) > MAX_CHARACTERS:
            return
        self._known[digest] = text
        if self._store is not None:
            await self._store.keep(digest, text)


def read_trusted(path: Path) -> dict[str, str]:
    """The trusted documents of a JSON file: an object of texts by their SHA-256, as graphql-codegen writes it.

    Raises ValueError that says what is wrong with the file.
    """
    try:
        raw = path.read_bytes() if path.stat().st_size <= MAX_FILE_BYTES else None
    except OSError as error:
        raise ValueError(f"{path} cannot be read: {error.strerror}.") from error
    if raw is None:
        raise ValueError(f"{path} has more than {MAX_FILE_BYTES:,} bytes.")
    try:
        found = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        raise ValueError(f"{path} is not JSON: {error}.") from error
    if not isinstance(found, dict):
        raise ValueError(f"{path} must be an object of documents by their SHA-256.")
    return {_checked(path, key, text): text for key, text in found.items()}


def _checked(path: Path, key: str, text: object) -> str:
    digest = key.removeprefix("sha256:")
    if not isinstance(text, str) or hashlib.sha256(text.encode()).hexdigest() != digest:
        raise ValueError(f"{path}: {key[:80]} is not the SHA-256 of its document.")
    return digest


def names_document(asked: Mapping[str, Any]) -> bool:
    """Whether a request without a text names a document by its hash."""
    return asked.get("query") is None and _has_hash(asked)


def _has_hash(asked: Mapping[str, Any]) -> bool:
    extensions = asked.get("extensions")
    is_automatic = isinstance(extensions, dict) and extensions.get("persistedQuery") is not None
    return is_automatic or asked.get("documentId") is not None


def _digest_of(asked: Mapping[str, Any]) -> str:
    """The hash that a request names. Raises Refused."""
    document_id = asked.get("documentId")
    if document_id is not None:
        digest = document_id.removeprefix("sha256:") if isinstance(document_id, str) else ""
        if digest != document_id and _HEX.fullmatch(digest):
            return digest
        raise Refused(
            TransportCode.BAD_REQUEST,
            'The documentId must be "sha256:" and the SHA-256 of the document, 64 lower-case hexadecimal digits.',
        )
    named = asked["extensions"]["persistedQuery"]
    found = named.get("sha256Hash") if isinstance(named, dict) and named.get("version") == 1 else None
    if isinstance(found, str) and _HEX.fullmatch(found):
        return found
    raise Refused(
        TransportCode.BAD_REQUEST,
        "extensions.persistedQuery must have the version 1 and a sha256Hash of 64 lower-case hexadecimal digits.",
    )


def _not_trusted() -> Refused:
    return Refused(
        TransportCode.DOCUMENT_NOT_TRUSTED,
        "This server executes only documents that were registered with it. Ask its operator to add yours.",
    )
