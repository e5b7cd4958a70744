"""Closes a client's connection while the client waits."""

from __future__ import annotations

import contextlib
import os
import socket
import stat


def close(client: tuple[str, int] | None) -> None:
    for descriptor in map(int, os.listdir("/dev/fd")):
        with contextlib.suppress(OSError):
            if client and stat.S_ISSOCK(os.fstat(descriptor).st_mode):
                _close_if(descriptor, client)


def _close_if(descriptor: int, client: tuple[str, int]) -> None:
    with socket.socket(fileno=os.dup(descriptor)) as connection:
        if tuple(connection.getpeername())[:2] == tuple(client)[:2]:
            connection.shutdown(socket.SHUT_RDWR)
