"""What an operation, a refusal and an idle month cost, modelled: paths walked, use measured, list prices.

Assumed are the sizes of lines that AWS writes, and how many invocations are cold.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from tests.bench import prices
from tests.bench.walk import Path

COLD_SHARE = 0.05
_LAMBDA_LINES, _HISTORY_LINE, _ACCESS_LINE, _EVENT_OVERHEAD = 830, 446, 476, 26
"""Bytes: Lambda's own lines of an invocation, a history event without data, a request. CloudWatch adds 26 to each."""
_EXPRESS_GB = 0.0625
"""64 MB, the least that is billed."""
_STATE_SECONDS = 0.02
"""A state's own time in an Express execution."""
_DAYS = 30
_GB = 1024**3


@dataclass(frozen=True)
class Use:
    """What one invocation of a function uses: `warm` and `cold` seconds billed, at its memory."""

    megabytes: int
    warm: float
    cold: float
    log_bytes: int
    write_units: float = 0.0
    read_units: float = 0.0
    queue_requests: int = 0

    @property
    def seconds(self) -> float:
        """Return the mean, with so many cold invocations as are assumed."""
        return (1 - COLD_SHARE) * self.warm + COLD_SHARE * self.cold

    @property
    def lambda_usd(self) -> float:
        return compute_usd(self.megabytes, self.seconds)


@dataclass(frozen=True)
class Deployed:
    """What the template says: the share of what is traced, whether each kind of machine logs every event."""

    traced: float
    express_logs_all: bool
    standard_logs_all: bool


def compute_usd(megabytes: int, seconds: float) -> float:
    """Return what an invocation costs. Lambda bills by the millisecond, a cold one's init too."""
    return math.ceil(1000 * seconds) / 1000 * megabytes / 1024 * prices.GB_SECOND + prices.INVOCATION


def request_usd(
    deployed: Deployed, uses: Mapping[str, Use], admission: Path, operation: Path | None = None
) -> dict[str, float]:
    """Return the parts of what a POST costs, and the operation that it starts."""
    invocations = [
        uses[name] for path in (admission, operation) if path for name in path.invoked.elements() if name in uses
    ]
    standard, events = 0, admission.events * deployed.express_logs_all
    if operation:
        standard, events = operation.transitions, events + operation.events * deployed.standard_logs_all
    in_express = sum(uses[name].seconds for name in admission.invoked.elements() if name in uses)
    return {
        "transitions": standard * prices.TRANSITION,
        "Express": _express_usd(in_express + _STATE_SECONDS * admission.transitions),
        "API": prices.API_REQUEST,
        **_usd_of(invocations),
        "logs": _logs_usd(invocations) + (events * _HISTORY_LINE + _ACCESS_LINE) / _GB * prices.LOG_GB,
        "traces": deployed.traced * prices.TRACE,
    }


def idle_month_usd(
    deployed: Deployed, uses: Mapping[str, Use], every_minutes: Mapping[str, int], instances: int
) -> dict[str, float]:
    """Return what the scheduled functions cost in a month, while nobody asks for anything.

    The digest is modelled apart: `tools.archive_cost`. `uses` of the inventory is that of a run in which nothing has
    changed; once a day it writes every instance anew.
    """
    runs = {name: _DAYS * 24 * 60 / minutes for name, minutes in every_minutes.items() if name in uses}
    found: dict[str, float] = {}
    for name, number in runs.items():
        use = uses[name]
        found[name] = number * (
            sum(_usd_of([use]).values())
            + _logs_usd([use])
            + prices.SCHEDULED
            + use.queue_requests * prices.QUEUE_REQUEST
            + deployed.traced * prices.TRACE
        )
    found["daily writes"] = _DAYS * instances * 2 * prices.WRITE_UNIT  # the item, and the index, which has all of it
    return found


def _usd_of(invocations: list[Use]) -> dict[str, float]:
    tables = [use.write_units * prices.WRITE_UNIT + use.read_units * prices.READ_UNIT for use in invocations]
    return {"Lambda": sum(use.lambda_usd for use in invocations), "DynamoDB": sum(tables)}


def _logs_usd(invocations: list[Use]) -> float:
    return sum(use.log_bytes + _LAMBDA_LINES for use in invocations) / _GB * prices.LOG_GB


def _express_usd(seconds: float) -> float:
    """Its duration is billed in steps of 100 ms."""
    return prices.EXPRESS_REQUEST + math.ceil(10 * seconds) / 10 * _EXPRESS_GB * prices.EXPRESS_GB_SECOND
