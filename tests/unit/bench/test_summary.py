"""What is made of the measurements: medians, budgets, tables, and the memory size."""

import pytest

from tests.bench.budgets import HEADINGS, Budget, table
from tests.bench.canned_tables import size, units
from tests.bench.cpu_share import modelled
from tests.bench.measurements import Spread, ratios
from tests.bench.memory import Size, chosen, size_of
from tests.bench.processes import Run


def run(cpu: float, warm: tuple[float, ...] = (), first: float = 0.0) -> Run:
    return Run(cpu, 0.2, first, first, 37.0, 100, {}, list(warm), list(warm))


def test_a_ratio_is_to_the_floor_of_its_own_round() -> None:
    runs = {"floor": [run(1.0), run(2.0), run(4.0)], "poll": [run(0.9), run(2.0), run(6.0)]}
    assert ratios(runs, "poll", "floor") == Spread(1.0, 0.9, 1.5)


@pytest.mark.parametrize(
    ("budget", "verdict"),
    [
        (Budget("x", 1.0, 1.06, "x", "measured"), "held"),
        (Budget("x", 1.0, 1.07, "x", "measured"), "missed by 7%"),
        (Budget("x", 1.0, 1.05, "x", "modelled"), "missed by 5%"),
        (Budget("x", 7, 9, "", "counted"), "missed by 29%"),
        (Budget("x", 21, 21, "", "counted"), "held"),
        (Budget("x", 0, 0.0, "share", "simulated"), "held"),
        (Budget("x", 0, 0.5, "share", "simulated"), "missed"),
    ],
)
def test_only_what_is_measured_has_noise(budget: Budget, verdict: str) -> None:
    assert budget.verdict == verdict


def test_a_table_has_its_columns_one_below_the_other() -> None:
    lines = table(HEADINGS, [Budget("peak memory", 37, 36.4, "MB", "measured").row()]).splitlines()
    assert lines[0].index("today") + len("today") == lines[1].index("36.40") + len("36.40")
    assert lines[1].endswith("held")


def test_the_size_is_the_fastest_that_costs_a_fifth_more_at_most() -> None:
    sizes = [Size(128, 0.8, 0.8), Size(256, 0.4, 0.4), Size(512, 0.22, 0.22), Size(1024, 0.2, 0.2)]
    assert chosen(sizes).megabytes == 512


def test_of_sizes_as_fast_as_each_other_the_smaller_one_is_taken() -> None:
    assert chosen([Size(128, 0.0002, 0.0002), Size(256, 0.0002, 0.0002)]).megabytes == 128


def test_a_size_has_the_medians_of_all_its_processes() -> None:
    found = size_of(256, [run(1, (0.1, 0.2), 0.3), run(1, (0.3, 0.4, 0.5), 0.5), run(1, (), 0.6)])
    assert found == Size(256, 0.3, 0.7)


def test_a_modelled_share_stretches_the_work_and_not_the_waiting() -> None:
    assert modelled(cpu=0.1, waited=0.04, megabytes=1769) == pytest.approx(0.14)
    assert modelled(cpu=0.1, waited=0.04, megabytes=256) == pytest.approx(0.04 + 0.1 * 1769 / 256)


def test_write_units_are_of_whole_kilobytes_twice_in_a_transaction_and_more_for_each_index() -> None:
    item = {"operation_id": {"S": "x" * 1100}}
    assert size({"n": {"N": "1234"}, "b": {"BOOL": True}}) == 1 + 3 + 1 + 1
    assert units("Put", {"Item": item}, 1) == 2
    assert units("Put", {"Item": item}, 2) == 4
    assert units("Put", {"Item": {**item, "unfinished": {"S": "operation"}}}, 2) == 5
    record = {"audit_id": {"S": "x" * 1100}, "principal": {"S": "jane"}, "day": {"S": "2026-11-27"}}
    assert units("Put", {"Item": record}, 2) == 2 * 2 + 2 * 2
    update = {"Key": {"operation_id": {"S": "unknown"}}, "UpdateExpression": "REMOVE unfinished, due_at"}
    assert units("Update", update, 2) == 3
