"""A client's connection, closed under its feet."""

from __future__ import annotations

import contextlib
import os
import socket


def close(client: tuple[str, int] | None) -> None:
    """Shut down this process's end of the connection whose other end is `client`, an address and a port."""
    for descriptor in os.listdir("/dev/fd"):
        with contextlib.suppress(OSError), socket.socket(fileno=os.dup(int(descriptor))) as connection:
            if client and tuple(connection.getpeername())[:2] == tuple(client)[:2]:
                connection.shutdown(socket.SHUT_RDWR)
