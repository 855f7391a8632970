"""Paths to files: a client that has the path can fetch the file until the path expires, without signing in.

The signature is an HMAC with a key that lies in the files folder, which all processes share. A path says who made it,
so that their rights at the time of the download decide.
"""

import hashlib
import hmac
import time
from typing import Final
from urllib.parse import urlencode

from seggraph.errors import NotFound
from seggraph.files import key_files
from seggraph.files.uploads import folder
from seggraph.settings import Settings

LIFETIME_SECONDS: Final = 3_600
KEY_FILE: Final = "signing-key"


def sign(settings: Settings, path: str, by: str) -> str:
    """The path with who made it, its expiry, in an hour, and its signature as a query."""
    expires = int(time.time()) + LIFETIME_SECONDS
    query = {"by": by, "expires": expires, "signature": _signature(settings, path, by, expires)}
    return f"{path}?{urlencode(query)}"


def verify(settings: Settings, path: str, by: str, expires: str, signature: str) -> None:
    """Raise NotFound unless we signed this path for the maker that it names, and it has not expired."""
    if not (expires.isascii() and expires.isdigit() and len(expires) < 12 and signature.isascii()):
        raise NotFound("There is no such file.")
    expected = _signature(settings, path, by, int(expires))
    if not hmac.compare_digest(expected, signature) or int(expires) < time.time():
        raise NotFound("There is no such file, or its address has expired: ask for a new one.")


def _signature(settings: Settings, path: str, by: str, expires: int) -> str:
    message = f"{path}\n{by}\n{expires}".encode(errors="surrogatepass")
    return hmac.new(key_files.ensure(folder(settings), KEY_FILE), message, hashlib.sha256).hexdigest()
