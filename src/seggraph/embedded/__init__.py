"""A real PostgreSQL and a real Valkey, started from wheels, when no URL is set.

The one way in is `running`: a context manager, sync or async, that gives `Servers` and stops them when it is
left. It owns one data folder at a time and touches nothing outside of it (as root also `/var/cache/seggraph`).
It knows nothing of what is stored: an empty database is where its work ends.
"""

from seggraph.embedded.errors import DataDirInUse, DataDirUnusable, ServerFailed, ServersNotInstalled
from seggraph.embedded.servers import EmbeddedServers, Servers, find_running, running

__all__ = [
    "DataDirInUse",
    "DataDirUnusable",
    "EmbeddedServers",
    "ServerFailed",
    "Servers",
    "ServersNotInstalled",
    "find_running",
    "running",
]
