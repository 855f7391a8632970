"""Server processes: started out of the terminal's reach, waited for, stopped step by step, found again after
their owner was killed."""

import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from seggraph.embedded.account import Account
from seggraph.embedded.errors import ServerFailed

StopSteps = Sequence[tuple[signal.Signals, float]]
"""Signals to send one after the other, and how many seconds each is given to work."""

# Nothing of our environment reaches a server: no PG* variables, no messages in another language.
ENVIRONMENT = {"LC_ALL": "C", "PATH": os.defpath}

_LOG_KEPT_BYTES = 8 * 1024 * 1024
_TAIL_LINES = 6
_START_ATTEMPTS = 3
_START_SECONDS = 120.0
_POLL_SECONDS = 0.005

# It reads a pipe whose other end only we have open, so it goes on when we end, however we end. Its argument is
# a folder to remove or "", its input lines of signal and pid. `read` and `kill` are the shell's own.
_GUARD = """
trap '' HUP INT TERM
folder=$1
shift
while read -r signal pid; do set -- "$@" "$signal" "$pid"; done
pids=
while [ $# -gt 0 ]; do kill -"$1" "$2" 2>/dev/null; pids="$pids $2"; shift 2; done
[ -n "$folder" ] || exit 0
for pid in $pids; do
  turns=0
  while kill -0 "$pid" 2>/dev/null && [ $turns -lt 40 ]; do sleep 0.05; turns=$((turns + 1)); done
done
rm -rf -- "$folder"
"""


@dataclass(frozen=True, slots=True)
class Command:
    """A program with its arguments, the folder it works in, and what it reads from standard input."""

    arguments: Sequence[str]
    folder: Path
    stdin: bytes = b""


@dataclass(frozen=True, slots=True)
class Server:
    """A server that is ready on a loopback port."""

    name: str
    process: subprocess.Popen[bytes]
    port: int
    stop_steps: StopSteps

    def stop(self) -> None:
        """Stop it and wait until it is gone."""
        for step, seconds in self.stop_steps:
            with suppress(ProcessLookupError):
                self.process.send_signal(step)
            with suppress(subprocess.TimeoutExpired):
                self.process.wait(seconds)
                return
        raise ServerFailed(f"{self.name} (process {self.process.pid}) does not stop.")


def start(
    name: str,
    command: Callable[[int], Command],
    *,
    account: Account,
    log: Path,
    is_ready: Callable[[int, str], bool],
    stop_steps: StopSteps,
) -> Server:
    """Start a server on a free loopback port and wait until it is ready.

    `command` makes the command for a port. `is_ready` is asked with the process id and what the server has
    logged so far. A server that ends early is tried again, on another port: the one found free may have been
    taken since. Raises `ServerFailed`.
    """
    for attempt in range(1, _START_ATTEMPTS + 1):
        port = _free_port()
        log_start = _rotate(log)
        server = Server(name, _launch(name, command(port), account, log), port, stop_steps)
        try:
            ended = _wait_until_ready(server, log, log_start, is_ready)
        except BaseException:
            server.stop()
            raise
        if not ended:
            return server
        time.sleep(0.1 * attempt)
    raise ServerFailed(f"{name} ended while it was starting.", log=log, tail=_tail(log, log_start))


def _wait_until_ready(
    server: Server, log: Path, log_start: int, is_ready: Callable[[int, str], bool]
) -> bool:
    """Wait until it is ready (gives False) or has ended (True)."""
    deadline = time.monotonic() + _START_SECONDS
    while server.process.poll() is None:
        if is_ready(server.process.pid, _read_from(log, log_start)):
            return False
        if time.monotonic() > deadline:
            raise ServerFailed(
                f"{server.name} was not ready after {_START_SECONDS:.0f} seconds.",
                log=log,
                tail=_tail(log, log_start),
            )
        time.sleep(_POLL_SECONDS)
    return True


def _launch(name: str, command: Command, account: Account, log: Path) -> subprocess.Popen[bytes]:
    with open(os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600), "ab") as output:
        try:
            process = subprocess.Popen(  # noqa: S603 -- our own programs and arguments
                command.arguments,
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=output,
                env=ENVIRONMENT,
                cwd=command.folder,
                umask=0o077,
                # Its own session: the terminal's Ctrl-C is for us, who then stop it in order.
                start_new_session=True,
                **account.identity,
            )
        except (OSError, subprocess.SubprocessError) as error:
            raise ServerFailed(f"{name} could not be started: {error}") from error
    assert process.stdin is not None  # noqa: S101 -- for the type checker
    with suppress(BrokenPipeError), process.stdin as stdin:
        stdin.write(command.stdin)
    return process


def run_once(name: str, command: Command, *, account: Account, seconds: float = 120.0) -> str:
    """Run a program to its end and give what it printed. Raises `ServerFailed` with it when it fails."""
    try:
        done = subprocess.run(  # noqa: S603 -- our own programs and arguments
            command.arguments,
            input=command.stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=ENVIRONMENT,
            cwd=command.folder,
            umask=0o077,
            start_new_session=True,
            timeout=seconds,
            check=False,
            **account.identity,
        )
    except (OSError, subprocess.SubprocessError) as error:
        raise ServerFailed(f"{name} could not be run: {error}") from error
    output = done.stdout.decode(errors="replace")
    if done.returncode != 0:
        raise ServerFailed(f"{name} failed with status {done.returncode}:\n{output.strip()}")
    return output


@contextmanager
def guard(*, remove: Path | None) -> Iterator[Callable[[Server], None]]:
    """As long as this is open, a helper process stands by to stop our servers should we end without doing so.

    Gives the function that tells it of a server. `remove`: a folder that it deletes then, for data that is
    thrown away.
    """
    process = subprocess.Popen(  # noqa: S603 -- a fixed script; what varies is its argument
        ["/bin/sh", "-c", _GUARD, "seggraph-guard", str(remove or "")],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=ENVIRONMENT,
        cwd="/",
        start_new_session=True,
        bufsize=0,
    )
    assert process.stdin is not None  # noqa: S101 -- for the type checker
    pipe = process.stdin

    def watch(server: Server) -> None:
        step, _ = server.stop_steps[0]
        # Without the helper the servers still run, and the next start finds what is left of them.
        with suppress(BrokenPipeError):
            pipe.write(f"{step.name.removeprefix('SIG')} {server.process.pid}\n".encode())

    try:
        yield watch
    finally:
        process.kill()
        process.wait()
        pipe.close()


def stop_orphan(name: str, program: Path, pid_file: Path, stop_steps: StopSteps) -> None:
    """Stop the server that an owner left behind when it was killed, and remove its stale pid file.

    The pid in the file, which lies in the server's folder, counts only if that process is the program and
    works in that folder: pids are reused.
    """
    try:
        text = pid_file.read_text().split("\n", 1)[0]
    except FileNotFoundError:
        return
    pid = int(text) if text.isdigit() else 0
    for step, seconds in stop_steps:
        if not _is_running(pid, program, pid_file.parent):
            break
        with suppress(ProcessLookupError):
            os.kill(pid, step)
        deadline = time.monotonic() + seconds
        while _is_running(pid, program, pid_file.parent) and time.monotonic() < deadline:
            time.sleep(_POLL_SECONDS)
    if _is_running(pid, program, pid_file.parent):
        raise ServerFailed(f"{name} (process {pid}) was left running and does not stop.")
    pid_file.unlink(missing_ok=True)


def _is_running(pid: int, program: Path, folder: Path) -> bool:
    if pid <= 0:
        return False
    if Path("/proc/self/cwd").exists():
        try:
            arguments = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
            working_folder = Path(f"/proc/{pid}/cwd").readlink()
        except OSError:
            return False
        return Path(os.fsdecode(arguments[0])).name == program.name and working_folder == folder
    ps = [shutil.which("ps") or "/bin/ps", "-ww", "-o", "command=", "-p", str(pid)]
    listed = subprocess.run(ps, capture_output=True, text=True, check=False).stdout.split()  # noqa: S603 -- a number
    return bool(listed) and Path(listed[0]).name == program.name and str(folder) in listed


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _rotate(log: Path) -> int:
    """Set a large log aside, and give the size of the one that will be written to."""
    size = log.stat().st_size if log.exists() else 0
    if size <= _LOG_KEPT_BYTES:
        return size
    log.replace(log.with_suffix(".old.log"))
    return 0


def _read_from(log: Path, start: int) -> str:
    with log.open("rb") as file:
        file.seek(start)
        return file.read().decode(errors="replace")


def _tail(log: Path, start: int) -> str:
    return "\n".join(_read_from(log, start).splitlines()[-_TAIL_LINES:])
