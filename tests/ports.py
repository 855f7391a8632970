"""Ports of this machine for servers that do not choose their own."""

import random
import socket
from typing import Final

OURS: Final = range(10_000, 32_000)
"""Below those that the system gives to outgoing connections: nobody gets one by chance before we use it."""


def free_port() -> int:
    """A port on which nobody listens."""
    while True:
        port = random.choice(OURS)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
