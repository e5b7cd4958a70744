"""All that is measured and counted in one run of `make bench`."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from stacks.settings import Settings
from tests.bench import memory, runtimes
from tests.bench.cost import Use
from tests.bench.deployed import Template, read_template
from tests.bench.events import REFUSALS, SCENARIOS
from tests.bench.measurements import Bench, Runs
from tests.bench.memory import WAITS, Size
from tests.bench.servers import Told, canned_aws
from tests.bench.throttled_starts import Seen, started

SHARE_MB = 256
"""The memory size whose share of a CPU the budget names."""
MANY_INSTANCES = 1000
INVENTORY_OF_MANY = "inventory of 1,000"
_WARM = 40


@dataclass(frozen=True)
class Collected:
    """`plain` runs are without TLS, `tls` with it and with warm invocations, `shared` with it at a share of a CPU.

    `sizes` are of every function at every memory size, `uses` of every invocation at the size that is deployed.
    """

    template: Template
    zip_bytes: int
    calls: dict[str, Told]
    plain: Runs
    tls: Runs
    shared: Runs
    sizes: dict[str, list[Size]]
    uses: dict[str, Use]
    thousand: Seen


def collect(
    checkout: Path, other: Path | None, rounds: int, memory_rounds: int, say: Callable[[str], None]
) -> Collected:
    """Build the package once, and measure it. Takes minutes."""
    template = read_template(Settings())
    runtime = runtimes.runtime()
    package = runtimes.built(checkout, runtime.interpreter)
    bench = Bench(runtime, package, runtimes.built(other, runtime.interpreter) if other else None)
    say(f"Python: {runtime.interpreter}")
    with ExitStack() as stack:
        plain, tls = stack.enter_context(canned_aws()), stack.enter_context(canned_aws(tls=True))
        slow = stack.enter_context(canned_aws(tls=True, waits=WAITS))
        many = stack.enter_context(canned_aws(tls=True, waits=WAITS, instances=MANY_INSTANCES))
        calls = bench.calls(SCENARIOS | REFUSALS, plain)
        calls[INVENTORY_OF_MANY] = bench.calls({"inventory": SCENARIOS["inventory"]}, many)["inventory"]
        say(f"{rounds} rounds without TLS")
        cold = bench.rounds(SCENARIOS, plain, rounds)
        say(f"{rounds} rounds with TLS")
        encrypted = bench.rounds(SCENARIOS, tls, rounds, warm=_WARM)
        say(f"{rounds} rounds at the share of a CPU of {SHARE_MB} MB")
        shared = bench.rounds(SCENARIOS, tls, rounds, megabytes=SHARE_MB)
        say(f"Memory sizes, {memory_rounds} rounds")
        sizes = memory.measured(bench, SCENARIOS, slow, memory_rounds)
        at = {name: _at(template, sizes[name], name) for name in SCENARIOS}
        for name, scenario in REFUSALS.items():
            at[name] = memory.at(bench, scenario, slow, template.megabytes[scenario.function], memory_rounds)
        megabytes = template.megabytes["inventory"]
        at[INVENTORY_OF_MANY] = memory.at(bench, SCENARIOS["inventory"], many, megabytes, memory_rounds)
        logged = {name: bench.log_bytes(scenario, plain) for name, scenario in (SCENARIOS | REFUSALS).items()}
        logged[INVENTORY_OF_MANY] = bench.log_bytes(SCENARIOS["inventory"], many)
    uses = {name: _use(size, logged[name], calls[name]) for name, size in at.items()}
    zipped = runtimes.zipped_bytes(package)
    return Collected(template, zipped, calls, cold, encrypted, shared, sizes, uses, started(1000, 1.0, 50.0))


def _at(template: Template, sizes: list[Size], name: str) -> Size:
    return next(size for size in sizes if size.megabytes == template.megabytes[name])


def _use(size: Size, log_bytes: int, told: Told) -> Use:
    queued = sum(number for call, number in told.calls.items() if call.startswith("sqs:"))
    return Use(size.megabytes, size.warm, size.cold, log_bytes, told.write_units, told.read_units, queued)
