"""Rebuild the inventory: every account and Region of the deployment is listed, and what is not there has gone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING

from rds_operations.aws.inventory_table import Inventory
from rds_operations.aws.live_instance import verdict_with_replication
from rds_operations.aws.rds_clients import RdsClients
from rds_operations.aws.telemetry import logger
from rds_operations.model.place import Place
from rds_operations.settings.gate import GateSettings

if TYPE_CHECKING:
    from mypy_boto3_rds.type_defs import DBInstanceTypeDef

_MOST_FAILURES = 5
"""Failed instances of one place. After more, the place itself fails: each may take seconds, and other places wait."""


def take_inventory(
    rds_clients: RdsClients, inventory: Inventory, settings: GateSettings, now: datetime
) -> dict[str, int]:
    """List every place. Return how many instances were `seen`, have `gone` or were `not_written`, and how many places
    were `not_listed`.

    It begins with the place whose last listing is oldest, so a run that ran out of time is carried on by the next.
    What fails is logged, whatever it is, keeps what is known of it, and does not keep the others waiting.
    """
    counts: Counter[str] = Counter()
    listed_at = inventory.listed_at()
    for place in sorted(rds_clients.targets.places, key=lambda place: listed_at.get(place, "")):
        try:
            counts.update(_list(rds_clients, inventory, settings, place, now))
            inventory.mark_listed(place, now)
        except Exception as error:
            counts["not_listed"] += 1
            logger.exception("not listed", extra={"place": str(place), "reason": str(error)})
    return dict(counts)


def _list(
    rds_clients: RdsClients, inventory: Inventory, settings: GateSettings, place: Place, now: datetime
) -> Counter[str]:
    counts = Counter(seen=0, gone=0)

    def note(instance: DBInstanceTypeDef) -> None:
        inventory.put(place, instance, verdict_with_replication(rds_clients, instance, settings), now)

    there = set()
    for instance in rds_clients.reading(place).instances():
        there.add(instance["DBInstanceIdentifier"])
        _count(counts, "seen", instance["DBInstanceIdentifier"], partial(note, instance))
    for known in list(inventory.at(place)):
        if known.instance_id not in there and not known.gone:
            _count(counts, "gone", known.instance_id, partial(inventory.mark_gone, known, now))
    return counts


def _count(counts: Counter[str], done: str, instance_id: str, action: Callable[[], None]) -> None:
    """Do the action and count it as `done`. Raises what it raises only where too many have failed before."""
    try:
        action()
    except Exception as error:
        counts["not_written"] += 1
        if counts["not_written"] > _MOST_FAILURES:
            raise
        logger.exception("not written", extra={"instance_id": instance_id, "reason": str(error)})
    else:
        counts[done] += 1
