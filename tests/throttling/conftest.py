"""A Redis of the test's own, which it may kill and start again."""

from tests.events.conftest import Server, own_redis, redis, server, shared_server

__all__ = ["Server", "own_redis", "redis", "server", "shared_server"]
