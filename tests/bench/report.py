"""The tables of one run, and the same as one document."""

from __future__ import annotations

import statistics
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from stacks.settings import Settings
from tests.bench import cost, walk
from tests.bench.budgets import Budget
from tests.bench.collected import INVENTORY_OF_MANY, MANY_INSTANCES, Collected
from tests.bench.events import RDS, SCENARIOS
from tests.bench.measurements import AGAIN, Spread, ratios
from tests.bench.memory import chosen
from tests.bench.processes import Run

_RATIOS = {
    "validate": 0.33,
    "classify": 0.90,
    "poll": 0.90,
    "execute": 0.98,
    "admit": 1.05,
    "audit": 1.05,
    "status": 1.05,
}
_SNAPSHOT_SECONDS = 125
_REFUSED = {
    "400": ("Validate", 0.012, {}),
    "403 or 404": ("Classify", 0.015, {}),
    "409": ("Admit", 0.018, {"admit": "admit of a conflict"}),
}


def budgets(found: Collected) -> list[Budget]:
    return [*_cold(found), *_counted(found), *_money(found)]


def noise(found: Collected) -> Spread:
    """Return the floor relative to itself."""
    return ratios(found.plain, AGAIN, RDS)


def usd(found: Collected) -> dict[str, dict[str, float]]:
    """Return the parts of each price: USD per 1,000, and per month for the last one."""
    settings = Settings()
    deployed, operation = found.template.deployed, walk.operation(settings, _SNAPSHOT_SECONDS)
    prices = {"snapshot of 125 s": cost.request_usd(deployed, found.uses, walk.admission(settings), operation)}
    for status, (refused_by, _target, other) in _REFUSED.items():
        uses = {**found.uses, "audit": found.uses["audit of a refusal"]}
        uses |= {function: found.uses[name] for function, name in other.items()}
        prices[f"refusal {status}"] = cost.request_usd(deployed, uses, walk.admission(settings, refused_by))
    thousands = {name: {part: 1000 * price for part, price in parts.items()} for name, parts in prices.items()}
    uses = {**found.uses, "inventory": found.uses[INVENTORY_OF_MANY]}
    return {
        **thousands,
        "idle month": cost.idle_month_usd(deployed, uses, found.template.every_minutes, MANY_INSTANCES),
    }


def functions(found: Collected) -> list[tuple[str, ...]]:
    """Return a row for each function: see `FUNCTIONS`."""
    rows: list[tuple[str, ...]] = []
    for name, scenario in SCENARIOS.items():
        runs, tls, shared = found.plain[name], found.tls[name], found.shared[name]
        rows.append(
            (
                name,
                f"{ratios(found.plain, name, scenario.floor)}",
                f"{1000 * statistics.median(run.cpu for run in runs):.0f}",
                f"{ratios(found.tls, name, scenario.floor).median:.2f}",
                f"{1000 * _total(shared):.0f}",
                f"{1000 * _warm(tls):.1f}",
                f"{statistics.median(run.megabytes for run in runs):.0f}",
                ", ".join(f"{number} {call}" for call, number in found.calls[name].calls.items()) or "none",
            )
        )
    return rows


FUNCTIONS = ("cold", "CPU to the floor", "CPU ms", "with TLS", "256 MB ms", "warm ms", "MB", "calls")
MEMORY = ("memory", "128", "256", "512", "1024", "1769", "deployed", "by the rule")


def memory(found: Collected) -> list[tuple[str, ...]]:
    """Return for each function and size: warm and cold milliseconds, and USD per million."""
    rows: list[tuple[str, ...]] = []
    for name, sizes in found.sizes.items():
        cells = [f"{1000 * size.warm:.1f} / {1000 * size.cold:.0f} / {1e6 * size.usd:.2f}" for size in sizes]
        rows.append((name, *cells, str(found.template.megabytes[name]), str(chosen(sizes).megabytes)))
    return rows


def document(found: Collected, machine: Mapping[str, Any]) -> dict[str, Any]:
    """Return all of it, for programs."""
    headings = FUNCTIONS[1:]
    return {
        "machine": {**machine, "noise": asdict(noise(found))},
        "budgets": [{**asdict(budget), "holds": budget.holds} for budget in budgets(found)],
        "functions": {row[0]: dict(zip(headings, row[1:], strict=True)) for row in functions(found)},
        "memory": {
            name: [{**asdict(size), "mean": size.mean, "usd": size.usd} for size in sizes]
            for name, sizes in found.sizes.items()
        },
        "usd": usd(found),
        "uses": {name: asdict(use) for name, use in found.uses.items()},
    }


def _cold(found: Collected) -> list[Budget]:
    rows = [
        Budget(
            f"{name.capitalize()}, cold, CPU to the floor",
            target,
            ratios(found.plain, name, SCENARIOS[name].floor).median,
            "x",
            "measured",
        )
        for name, target in _RATIOS.items()
    ]
    peak = max(statistics.median(run.megabytes for run in found.plain[name]) for name in SCENARIOS)
    return [
        *rows,
        Budget("Execute, cold, TLS, CPU share of 256 MB", 0.73, _total(found.shared["execute"]), "s", "measured"),
        Budget("Execute, warm, TLS", 15, 1000 * _warm(found.tls["execute"]), "ms", "measured"),
        Budget("peak memory of any function", 37, peak, "MB", "measured"),
        Budget("zip of the package", 0.7, found.zip_bytes / 1e6, "MB", "counted"),
    ]


def _counted(found: Collected) -> list[Budget]:
    settings = Settings()
    operation = walk.operation(settings, _SNAPSHOT_SECONDS)
    invoked = walk.admission(settings).invoked + operation.invoked
    rds = sum(number * _calls(found, name, "rds:") for name, number in invoked.items())
    return [
        Budget("RDS calls of a snapshot of 125 s", 7, rds, "", "counted"),
        Budget("DynamoDB round trips of Admit", 1, _calls(found, "admit", "dynamodb:"), "", "counted"),
        Budget("Standard transitions of a snapshot of 125 s", 21, operation.transitions, "", "counted"),
        Budget("1,000 starts at once, 50 RDS calls/s: failed", 0, found.thousand.failed, "share", "simulated"),
    ]


def _money(found: Collected) -> list[Budget]:
    totals = {name: sum(parts.values()) for name, parts in usd(found).items()}
    rows = [Budget("a snapshot of 125 s, per 1,000", 0.58, totals["snapshot of 125 s"], "USD", "modelled")]
    for status, (_refused_by, target, _uses) in _REFUSED.items():
        rows.append(Budget(f"a refusal {status}, per 1,000", target, totals[f"refusal {status}"], "USD", "modelled"))
    return [*rows, Budget("an idle month, 1,000 instances", 0.30, totals["idle month"], "USD", "modelled")]


def _calls(found: Collected, name: str, prefix: str) -> int:
    """Count the calls to a service; none for a Task that is no function."""
    calls = found.calls[name].calls if name in found.calls else {}
    return sum(number for call, number in calls.items() if call.startswith(prefix))


def _total(runs: list[Run]) -> float:
    return statistics.median(run.imported + run.first for run in runs)


def _warm(runs: list[Run]) -> float:
    return statistics.median(seconds for run in runs for seconds in run.warm)
