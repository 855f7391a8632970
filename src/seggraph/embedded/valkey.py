"""The Valkey server: started on a loopback port, with a password.

It keeps its data over a clean stop only. After a crash it starts empty and never with an older state: streams
that went back in time would give out positions twice.
"""

import signal
from pathlib import Path

from seggraph.embedded import processes
from seggraph.embedded.account import Account
from seggraph.embedded.processes import Command, Server, StopSteps
from seggraph.embedded.wheels import Programs

_STOP: StopSteps = ((signal.SIGTERM, 20.0), (signal.SIGKILL, 5.0))
_STOP_TEMPORARY: StopSteps = ((signal.SIGKILL, 5.0),)


def start(
    data_dir: Path, programs: Programs, account: Account, *, password: str, log: Path, temporary: bool
) -> Server:
    """Start the server, after stopping one that a killed owner left running. Raises `ServerFailed`."""
    folder = data_dir / "valkey"
    if not folder.exists():
        folder.mkdir(mode=0o700)
        account.give(folder)
    stop_steps = _STOP_TEMPORARY if temporary else _STOP
    pid_file = folder / "valkey.pid"
    processes.stop_orphan("Valkey", programs.valkey, pid_file, stop_steps)
    # Of a snapshot that was being written when the server was killed.
    for unfinished in folder.glob("temp-*.rdb"):
        unfinished.unlink()

    def command(port: int) -> Command:
        # The password goes through standard input: arguments can be seen by every user.
        arguments = [str(programs.valkey), "--dir", account.folder_argument(folder), "-"]
        return Command(arguments, folder, _configuration(password, port, pid_file.name).encode())

    # Not a ping: it would give the password to another process that took the port first.
    def is_ready(_pid: int, log_text: str) -> bool:
        return "Ready to accept connections" in log_text

    server = processes.start(
        "Valkey", command, account=account, log=log, is_ready=is_ready, stop_steps=stop_steps
    )
    (folder / "dump.rdb").unlink(missing_ok=True)
    return server


def _configuration(password: str, port: int, pid_file: str) -> str:
    lines = [
        "bind 127.0.0.1",
        f"port {port}",
        f"requirepass {password}",
        f"pidfile {pid_file}",
        # The title would replace the arguments by which the next start knows the process.
        "set-proc-title no",
        "appendonly no",
        'save ""',
        "dbfilename dump.rdb",
        "shutdown-on-sigterm save force now",
        "maxmemory-policy noeviction",
    ]
    return "\n".join(lines) + "\n"
