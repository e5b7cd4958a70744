"""The functions' processes, started one after the other: a start takes seconds, and is not what is measured."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from tests.load.board import Board
from tests.load.clients import NAMES, Seen, jobs, run
from tests.workflow.service import Service


def warm_up(
    service: Service, instances: list[str], steps: Iterable[int], names: tuple[str, ...] = NAMES
) -> Iterator[tuple[int, Seen]]:
    """Three operations by each client, for each number of clients; what came of them is for the reader to see."""
    for clients in steps:
        prefix = f"warm-up-{clients}-{instances[0]}"
        yield clients, run(service, Board(jobs(3 * clients, prefix, names), instances), clients)
