"""A look at RDS after an operation's end, when others may have acted on the instance since."""

from __future__ import annotations

from datetime import datetime

from rds_operations.access import Access
from rds_operations.ledger import Ledger
from rds_operations.operations import OPERATIONS
from rds_operations.order import Order
from rds_operations.progress import Progress, untold


def late_look(access: Access, ledger: Ledger, order: Order, since: datetime, previous: Progress) -> Progress:
    """Look, and believe it only where no later operation of the same kind can be what shows.

    Raises what reading RDS and the tables raises. Who was last is asked after the look: a claim comes before its act,
    so what this look shows is nobody's who claims later.
    """
    operation = OPERATIONS[order.operation]
    progress = operation.look(access.reading(access.targets.place_of(order)), order, since, previous)
    if operation.signs or ledger.was_last(order):
        return progress
    return untold()
