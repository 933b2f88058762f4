"""Free ports of loopback, for stacks that live side by side and for tests."""

from __future__ import annotations

import errno
import random
import socket
from typing import Final

HOST: Final = "127.0.0.1"
_RANGE: Final = range(20_000, 32_000)
"""Below those that systems give to outgoing connections, one of which may be taken between looking and listening."""

_TRIES: Final = 200
_random = random.SystemRandom()


def free_port() -> int:
    """A port of loopback that nothing listens on now, drawn at random so that those who draw at once draw apart.

    Raises:
        OSError: none was found.
    """
    for _ in range(_TRIES):
        port = _random.choice(_RANGE)
        with socket.socket() as probe:
            try:
                probe.bind((HOST, port))
            except OSError as error:
                if error.errno not in (errno.EADDRINUSE, errno.EACCES):
                    raise
                continue
            return port
    raise OSError(errno.EADDRINUSE, f"no free port found between {_RANGE.start} and {_RANGE.stop}")


def free_ports(count: int) -> list[int]:
    """As many different ones."""
    found: set[int] = set()
    while len(found) < count:
        found.add(free_port())
    return list(found)
