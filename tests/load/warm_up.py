"""Starts the functions' processes first: a start takes seconds, and is not measured."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from tests.load.board import Board
from tests.load.clients import NAMES, Seen, jobs, run
from tests.workflow.service import Service


def warm_up(
    service: Service, instances: list[str], steps: Iterable[int], names: tuple[str, ...] = NAMES
) -> Iterator[tuple[int, Seen]]:
    """Let each client run three operations, for each number of clients. The caller checks the results."""
    for clients in steps:
        prefix = f"warm-up-{clients}-{instances[0]}"
        yield clients, run(service, Board(jobs(3 * clients, prefix, names), instances), clients)
