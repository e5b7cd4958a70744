"""A row whose fault did not strike has shown nothing: it is run once more. A row that has shown something is not."""

from __future__ import annotations

import warnings

from tests.workflow.faults.case import Case, NotStruck, Observation, Row
from tests.workflow.faults.checks import assert_promises_kept
from tests.workflow.service import Service


def observed(service: Service, row: Row) -> Observation:
    """What the row showed. The second time is on a new instance, and the last."""
    first = Case(service, row)
    try:
        return first.run()
    except NotStruck as missed:
        first.finish()
        without_its_fault = first.observe()
        assert_promises_kept(without_its_fault)  # which need no fault to be broken
        warnings.warn(f"Run once more, because a fault did not strike: {missed} {without_its_fault}", stacklevel=1)
    return Case(service, row).run()
