"""The data folder: where it is, who may use it now, and the secrets and addresses kept in it.

lock           held by the process that runs the servers; its pid for messages
secrets.json   the servers' passwords, made once
running.json   the ports, while they run
postgres/      the cluster            valkey/   the snapshot of a clean stop
logs/          postgres.log, valkey.log
"""

import fcntl
import json
import os
import secrets
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from seggraph.embedded.errors import DataDirInUse, DataDirUnusable, ServersNotInstalled

_LOCK_ATTEMPTS = 6
_LOCK_PAUSE_SECONDS = 0.05
_SECRET_BYTES = 32


@dataclass(frozen=True, slots=True)
class Secrets:
    """The passwords of the servers in one data folder, as hexadecimal digits: safe in a URL and in SQL."""

    postgres: str
    valkey: str


@dataclass(frozen=True, slots=True)
class Ports:
    """The loopback ports on which the servers of a data folder listen now."""

    postgres: int
    valkey: int


def default_data_dir() -> Path:
    """The user's data folder of this system, such as `~/.local/share/seggraph`.

    Raises `DataDirUnusable` when there is no home, `ServersNotInstalled` without the extra.
    """
    try:
        import platformdirs
    except ModuleNotFoundError:
        raise ServersNotInstalled("platformdirs") from None
    folder = Path(platformdirs.user_data_dir("seggraph", appauthor=False))
    # Without HOME and without an entry in /etc/passwd "~" stays as it is.
    if not folder.is_absolute():
        raise DataDirUnusable("There is no home folder to keep data in: set SEGGRAPH_DATA_DIR.")
    return folder


def prepare(data_dir: Path) -> Path:
    """Make the folder, closed to others, or check that it is ours; gives its real path.

    The permissions of an existing folder are left alone. Raises `DataDirUnusable`.
    """
    try:
        data_dir = data_dir.expanduser().resolve()
        data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        owner = data_dir.stat().st_uid
    except (OSError, RuntimeError) as error:
        raise DataDirUnusable(
            f"{data_dir} cannot be used: {error}. Set SEGGRAPH_DATA_DIR to a folder that you can write to."
        ) from error
    if owner != os.geteuid():
        raise DataDirUnusable(
            f"{data_dir} belongs to another user (uid {owner}): run as that user, or set SEGGRAPH_DATA_DIR to a "
            "folder of your own."
        )
    return data_dir


@contextmanager
def temporary(parent: Path | None) -> Iterator[Path]:
    """A new data folder that is removed at the end, in `parent` or where the system keeps such folders.

    Raises `DataDirUnusable`.
    """
    try:
        folder = Path(tempfile.mkdtemp(prefix="seggraph-", dir=parent)).resolve()
    except OSError as error:
        raise DataDirUnusable(f"No temporary folder can be made: {error}.") from error
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def locked(data_dir: Path) -> Iterator[None]:
    """Hold the folder for this process; the kernel lets go of it when the process ends in any way.

    Raises `DataDirInUse` when another process, or this one, already holds it.
    """
    descriptor = os.open(data_dir / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        for attempt in range(_LOCK_ATTEMPTS):
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if attempt == _LOCK_ATTEMPTS - 1:
                    raise DataDirInUse(data_dir, _holder(descriptor)) from None
                # `is_locked` holds it for a moment to look.
                time.sleep(_LOCK_PAUSE_SECONDS)
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, str(os.getpid()).encode(), 0)
        # Left by an owner that was killed.
        (data_dir / "running.json").unlink(missing_ok=True)
        yield
    finally:
        os.close(descriptor)


def _holder(descriptor: int) -> int | None:
    text = os.pread(descriptor, 32, 0)
    return int(text) if text.isdigit() else None


def is_locked(data_dir: Path) -> bool:
    """Whether a process holds the folder now."""
    try:
        descriptor = os.open(data_dir / "lock", os.O_RDONLY)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


def ensure_secrets(data_dir: Path) -> Secrets:
    """The folder's passwords, made at the first call. To be called while the folder is held."""
    stored = read_secrets(data_dir)
    if stored is None:
        stored = Secrets(secrets.token_hex(_SECRET_BYTES), secrets.token_hex(_SECRET_BYTES))
        _write_private(data_dir / "secrets.json", asdict(stored))
    return stored


def read_secrets(data_dir: Path) -> Secrets | None:
    """The folder's passwords, if it has any. Raises `DataDirUnusable` when the file is damaged."""
    path = data_dir / "secrets.json"
    try:
        return Secrets(**json.loads(path.read_bytes()))
    except FileNotFoundError:
        return None
    except (ValueError, TypeError):
        raise DataDirUnusable(f"{path} is damaged: put it back from a copy.") from None


def read_ports(data_dir: Path) -> Ports | None:
    """Where the servers listen, if they have finished starting."""
    try:
        return Ports(**json.loads((data_dir / "running.json").read_bytes()))
    except (FileNotFoundError, ValueError, TypeError):
        return None


@contextmanager
def announced(data_dir: Path, ports: Ports) -> Iterator[None]:
    """Let other processes of the same user find the servers for as long as they run."""
    _write_private(data_dir / "running.json", asdict(ports))
    try:
        yield
    finally:
        (data_dir / "running.json").unlink(missing_ok=True)


def _write_private(path: Path, content: dict[str, object]) -> None:
    """Write a file that only its owner can read, whole or not at all."""
    draft = path.with_suffix(".draft")
    draft.unlink(missing_ok=True)
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        json.dump(content, file)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
