"""Rebuild the inventory: every account and Region of the deployment is listed, and what is not there has gone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING

from rds_operations.aws.inventory_table import Inventory, Seen
from rds_operations.aws.live_instance import Instances, verdict_with_replication
from rds_operations.aws.metrics import count_inventory
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
    count_inventory(counts["not_listed"])
    return dict(counts)


def _list(
    rds_clients: RdsClients, inventory: Inventory, settings: GateSettings, place: Place, now: datetime
) -> Counter[str]:
    """List one place. Only a whole listing says what has gone, and only what has changed is written."""
    counts = Counter(seen=0, gone=0)
    known = {seen.instance_id: seen for seen in inventory.at(place)}
    listed = _Listing(rds_clients, place)

    def note(instance: DBInstanceTypeDef) -> None:
        seen = Seen.from_listing(place, instance, verdict_with_replication(listed, instance, settings), now)
        if seen.tells_more_than(known.get(seen.instance_id)):
            inventory.put(seen)

    for name, instance in listed.instances.items():
        _count(counts, "seen", name, partial(note, instance))
    for name, seen in known.items():
        if name not in listed.instances and not seen.gone:
            _count(counts, "gone", name, partial(inventory.mark_gone, seen, now))
    return counts


class _Listing:
    """The instances of one place as they were just listed: their sources and replicas need no further read."""

    def __init__(self, rds_clients: RdsClients, place: Place) -> None:
        self._rds_clients, self._place = rds_clients, place
        listed = rds_clients.reading(place).instances()
        self.instances = {instance["DBInstanceIdentifier"]: instance for instance in listed}

    def reading(self, place: Place) -> Instances:
        return self if place == self._place else self._rds_clients.reading(place)

    def instance(self, instance_id: str) -> DBInstanceTypeDef | None:
        return self.instances.get(instance_id)


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
