"""A row whose fault did not strike has shown nothing: it is run once more. A row that has shown something is not."""

from __future__ import annotations

import warnings

from tests.workflow.faults.case import Case, NotStruck, Observation, Row
from tests.workflow.service import Service


def observed(service: Service, row: Row) -> Observation:
    """What the row showed. The second time is on a new instance, and the last."""
    try:
        return Case(service, row).run()
    except NotStruck as missed:
        warnings.warn(f"Run once more, because a fault did not strike: {missed}", stacklevel=1)
        return Case(service, row).run()
