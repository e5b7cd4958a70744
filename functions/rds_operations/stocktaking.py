"""The inventory, made anew: every account and Region of the deployment is listed, and what is not there has gone."""

from __future__ import annotations

from collections import Counter
from datetime import datetime

from rds_operations.access import Access
from rds_operations.faults import Fault
from rds_operations.gate_settings import GateSettings
from rds_operations.inspection import verdict_with_replication
from rds_operations.inventory import Inventory
from rds_operations.place import Place
from rds_operations.telemetry import logger


def take_stock(access: Access, inventory: Inventory, settings: GateSettings, now: datetime) -> dict[str, int]:
    """How many instances were `seen`, how many have `gone`, and how many places could `not_listed`.

    A place that cannot be listed keeps what is known of it, and does not keep the others waiting.
    """
    counts: Counter[str] = Counter()
    for place in access.targets.places:
        try:
            counts.update(_list(access, inventory, settings, place, now))
        except Fault as fault:
            counts["not_listed"] += 1
            logger.error("not listed", extra={"place": str(place), "reason": str(fault)})
    return dict(counts)


def _list(access: Access, inventory: Inventory, settings: GateSettings, place: Place, now: datetime) -> Counter[str]:
    there = set()
    for instance in access.reading(place).instances():
        inventory.put(place, instance, verdict_with_replication(access, instance, settings), now)
        there.add(instance["DBInstanceIdentifier"])
    gone = [seen for seen in inventory.at(place) if seen.instance_id not in there and not seen.gone]
    for seen in gone:
        inventory.mark_gone(seen, now)
    return Counter(seen=len(there), gone=len(gone))
