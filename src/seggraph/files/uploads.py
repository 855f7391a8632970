"""Uploaded files: streamed to the files folder in one form, refused when they are no CSV.

What is stored is UTF-8 or Windows-1252 without a byte-order mark, and its lines end in a line feed: so any
process can continue to read at a position in bytes. What came is only ever held block by block.
"""

import asyncio
import codecs
import hashlib
import os
import re
import secrets
import tempfile
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

from seggraph.embedded import DataDirUnusable, ServersNotInstalled
from seggraph.embedded.data_dir import default_data_dir
from seggraph.errors import Invalid, Required, TooLong
from seggraph.files import private_files
from seggraph.settings import Settings

BLOCK_BYTES: Final = 1024 * 1024
SNIFF_BYTES: Final = 64 * 1024

MAGIC: Final = (
    (b"PK\x05\x06", "an empty zip archive"),
    (b"\xd0\xcf\x11\xe0", "an old Excel workbook (.xls)"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"BZh", "a bzip2 archive"),
    (b"\xfd7zXZ\x00", "an xz archive"),
    (b"7z\xbc\xaf\x27\x1c", "a 7-zip archive"),
    (b"Rar!", "a rar archive"),
    (b"\x28\xb5\x2f\xfd", "a zstd archive"),
    (b"\x89PNG", "an image"),
    (b"\xff\xd8\xff", "an image"),
    (b"GIF8", "an image"),
    (b"RIFF", "an image, a sound or a video"),
    (b"%PDF", "a PDF document"),
    (b"PAR1", "a Parquet file"),
    (b"SQLite format 3", "a database"),
    (b"\x7fELF", "a program"),
)

Read = Callable[[int], Awaitable[bytes]]
"""Answers up to so many bytes of an upload; none at its end."""


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file in the files folder: its name there, and the size and SHA-256 of what was uploaded.

    `encoding` is what the upload was in, `stored_encoding` what the stored file is in.
    """

    name: str
    size: int
    sha256: str
    encoding: str
    stored_encoding: str


def folder(settings: Settings) -> Path:
    """The folder that all processes share for uploads, made if it is missing and closed to others."""
    chosen = settings.files_dir
    if chosen is None and settings.data_dir is not None:
        chosen = settings.data_dir / "files"
    if chosen is None:
        try:
            chosen = default_data_dir() / "files"
        except (DataDirUnusable, ServersNotInstalled):
            chosen = Path(tempfile.gettempdir()) / f"seggraph-files-{os.getuid()}"
    chosen.mkdir(mode=0o700, parents=True, exist_ok=True)
    return chosen


def path_of(settings: Settings, name: str) -> Path:
    """Where a stored file is. Names are our own: nothing that a client sends is part of a path."""
    return folder(settings) / name


def remove(settings: Settings, name: str) -> None:
    """Delete a stored file, if it is there."""
    with suppress(OSError):
        path_of(settings, name).unlink()


async def store(settings: Settings, read: Read, *, encoding: str | None = None) -> StoredFile:
    """Stream an upload to the files folder; `encoding` None means: find out.

    Raises Required (empty), TooLong, and Invalid for an unknown encoding and for what is no CSV.
    """
    chosen = None if encoding is None else chosen_encoding(encoding)
    name = f"{secrets.token_hex(16)}.csv"
    path = await asyncio.to_thread(path_of, settings, name)
    part = path.with_suffix(".part")
    try:
        with await asyncio.to_thread(private_files.create, part) as file:
            sink = Sink(file, chosen)
            while block := await read(BLOCK_BYTES):
                if sink.size + len(block) > settings.max_upload_bytes:
                    raise TooLong(f"A file has at most {settings.max_upload_bytes:,} bytes.", path=("file",))
                await asyncio.to_thread(sink.write, block)
            encoding, stored_encoding = sink.finish()
        await asyncio.to_thread(part.replace, path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    return StoredFile(name, sink.size, sink.digest, encoding, stored_encoding)


class Sink:
    """Takes an upload block by block, and decides by its whole content what its encoding is, unless one was chosen."""

    def __init__(self, file: BinaryIO, chosen: str | None = None) -> None:
        self._file = file
        self._chosen = chosen
        self._hash = hashlib.sha256()
        self._recode: codecs.IncrementalDecoder | None = None
        self._counting = codecs.getincrementaldecoder("utf-8")("replace")
        self._encoding = ""
        self._carriage_returns = False
        self._broken = 0
        self._multibyte = 0
        self.size = 0
        """Bytes that came."""

    @property
    def digest(self) -> str:
        """The SHA-256 of what came, in hexadecimal."""
        return self._hash.hexdigest()

    def write(self, block: bytes) -> None:
        """Take a block. Raises Invalid when it is no text."""
        self._hash.update(block)
        skipped = 0
        if self.size == 0:
            self._begin(block)
            skipped = _mark_length(block, self._encoding)
        self.size += len(block)
        self._store(block[skipped:], final=False)

    def finish(self) -> tuple[str, str]:
        """End: the encoding of the upload and of the stored file. Raises Required for an empty upload."""
        if not self.size:
            raise Required("The file is empty.", path=("file",))
        self._store(b"", final=True)
        if self._recode is not None:
            return self._encoding, "utf-8"
        if self._chosen == "utf-8" or self._encoding == "utf-8-sig" or self._multibyte >= self._broken:
            return self._encoding or "utf-8", "utf-8"
        return "windows-1252", "windows-1252"

    def _begin(self, block: bytes) -> None:
        _require_no_other_kind(block)
        self._encoding = _marked_encoding(block) or self._chosen or _encoding_by_zeros(block[:SNIFF_BYTES])
        if self._encoding in _IN_PLACE:
            head = block
        elif self._encoding != self._chosen:
            self._recode = codecs.getincrementaldecoder(self._encoding)("strict")
            head = block[: len(block) // 2 * 2].decode(self._encoding, "ignore").encode("utf-8", "ignore")
        else:
            self._recode = codecs.getincrementaldecoder(self._encoding)("strict")
            head = block
        self._carriage_returns = b"\r" in head and b"\n" not in head

    def _store(self, block: bytes, *, final: bool) -> None:
        data = self._recoded(block, final=final)
        if b"\0" in data:
            raise Invalid("The file holds NUL bytes: it is no CSV file.", path=("file",))
        self._count(data, final=final)
        self._file.write(data.replace(b"\r", b"\n") if self._carriage_returns else data)

    def _recoded(self, block: bytes, *, final: bool) -> bytes:
        if self._recode is None:
            return block
        try:
            return self._recode.decode(block, final).encode("utf-8")
        except UnicodeError:
            if self._chosen == self._encoding:
                message = f"The file is not in {self._encoding}: leave the encoding out, or choose another."
                raise Invalid(message, path=("encoding",)) from None
            raise Invalid("The file is not the UTF-16 that it begins as.", path=("file",)) from None

    def _count(self, data: bytes, *, final: bool) -> None:
        """How many characters of several bytes there would be in UTF-8, and how many broken ones."""
        text = self._counting.decode(data, final)
        if not text.isascii():
            broken = text.count("\ufffd")
            self._broken += broken
            self._multibyte += len(text) - len(text.encode("ascii", "ignore")) - broken


_SAVE: Final = "open it in a spreadsheet and save the sheet as CSV UTF-8."
_ZIPPED: Final = (
    (b"xl/", f"an Excel workbook (.xlsx): {_SAVE}"),
    (b"content.xml", f"a spreadsheet of LibreOffice (.ods): {_SAVE}"),
    (b"opendocument.spreadsheet", f"a spreadsheet of LibreOffice (.ods): {_SAVE}"),
    (b"Index/", "a spreadsheet of Numbers: choose File, Export to, CSV."),
    (b"word/", "a Word document: only CSV files are read."),
    (b"[Content_Types].xml", f"an Office document, such as an Excel workbook: {_SAVE}"),
)
"""What a zip archive is, by names of the files in it."""
_HTML = re.compile(rb"(?:\xef\xbb\xbf)?\s*<(?:!doctype html|html|table|meta|head|style|div)", re.IGNORECASE)
_XML = re.compile(rb"(?:\xef\xbb\xbf)?\s*<(?:\?xml|workbook)", re.IGNORECASE)
_WHAT_TO_DO: Final = {
    b"%PDF": "a table in it is no data. Export it as CSV where it was made.",
    b"PAR1": "write it as CSV.",
    b"\x1f\x8b": "unpack it first.",
    b"BZh": "unpack it first.",
    b"\xfd7zXZ\x00": "unpack it first.",
    b"7z\xbc\xaf\x27\x1c": "unpack it first.",
    b"Rar!": "unpack it first.",
    b"\x28\xb5\x2f\xfd": "unpack it first.",
    b"\xd0\xcf\x11\xe0": _SAVE,
}


def _require_no_other_kind(block: bytes) -> None:
    """Raise Invalid, with what to do, if a file begins as one that is no CSV file."""
    if block.startswith(b"PK\x03\x04"):
        found = next(
            (what for sign, what in _ZIPPED if sign in block),
            "a zip archive or an Excel workbook: unpack it, or save its sheet as CSV.",
        )
        raise Invalid(f"This is {found}", path=("file",))
    for magic, what in MAGIC:
        if block.startswith(magic):
            todo = _WHAT_TO_DO.get(magic, "upload a CSV file.")
            raise Invalid(f"This is {what}, not a CSV file: {todo}", path=("file",))
    if _HTML.match(block):
        message = f"This is a web page, as some tools save it with the name .xls, not a CSV file: {_SAVE}"
        raise Invalid(message, path=("file",))
    if _XML.match(block):
        raise Invalid(f"This is XML, not a CSV file: {_SAVE}", path=("file",))


ENCODINGS: Final = (
    *("utf-8", "utf-16-le", "utf-16-be"),
    *(f"windows-125{number}" for number in range(9)),
    *("iso-8859-1", "iso-8859-2", "iso-8859-5", "iso-8859-7", "iso-8859-9", "iso-8859-15"),
    *("shift-jis", "euc-jp", "gb18030", "big5", "euc-kr", "koi8-r", "mac-roman", "cp437", "cp850"),
)
"""The encodings that a client may choose. Some cannot be distinguished by what they hold, so only a person knows."""

_IN_PLACE: Final = frozenset({"", "utf-8", "utf-8-sig"})
"""What is stored as it comes."""


def chosen_encoding(name: str) -> str:
    """The encoding that a client means. Raises Invalid."""
    wanted = name.strip().lower().replace("_", "-")
    found = next((known for known in ENCODINGS if known.replace("_", "-") == wanted), None)
    if found is None:
        raise Invalid(f"{name[:40]!r} is none of {', '.join(ENCODINGS)}.", path=("encoding",))
    return found


_MARKS: Final = {
    "utf-8-sig": codecs.BOM_UTF8,
    "utf-16-le": codecs.BOM_UTF16_LE,
    "utf-16-be": codecs.BOM_UTF16_BE,
}


def _marked_encoding(block: bytes) -> str:
    return next((name for name, mark in _MARKS.items() if block.startswith(mark)), "")


def _mark_length(block: bytes, encoding: str) -> int:
    mark = _MARKS.get(encoding, b"")
    return len(mark) if block.startswith(mark) else 0


def _encoding_by_zeros(head: bytes) -> str:
    """UTF-16 without a mark: of mostly Latin text every other byte is zero."""
    pairs = len(head) // 2
    if not pairs:
        return ""
    even, odd = head[: pairs * 2 : 2].count(0), head[1 : pairs * 2 : 2].count(0)
    if odd > pairs * 0.4 and even < pairs * 0.05:
        return "utf-16-le"
    if even > pairs * 0.4 and odd < pairs * 0.05:
        return "utf-16-be"
    return ""
