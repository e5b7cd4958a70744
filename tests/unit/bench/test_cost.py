"""The cost model: parts that can be checked by hand."""

from collections import Counter

import pytest

from tests.bench import cost, prices
from tests.bench.cost import Deployed, Use
from tests.bench.walk import Path

DEPLOYED = Deployed(traced=0.05, express_logs_all=True, standard_logs_all=False)
USE = Use(megabytes=1024, warm=0.1, cold=0.1, log_bytes=170, write_units=2, read_units=1)


def path(*states: str) -> Path:
    return Path(list(states), Counter(state.lower() for state in states), 0.0, events=10)


def test_lambda_bills_whole_milliseconds_of_memory_and_the_request() -> None:
    assert cost.compute_usd(1024, 0.0991) == pytest.approx(0.1 * prices.GB_SECOND + prices.INVOCATION)
    assert cost.compute_usd(512, 0.1) < cost.compute_usd(1024, 0.1)


def test_some_invocations_are_cold() -> None:
    use = Use(256, warm=0.1, cold=1.1, log_bytes=0)
    assert use.seconds == pytest.approx(0.1 + cost.COLD_SHARE)


def test_a_refusal_costs_no_transition() -> None:
    parts = cost.request_usd(DEPLOYED, {"validate": USE}, path("Validate"))
    assert parts["transitions"] == 0
    assert parts["API"] == prices.API_REQUEST
    assert parts["DynamoDB"] == pytest.approx(2 * prices.WRITE_UNIT + prices.READ_UNIT)
    assert parts["Lambda"] == pytest.approx(0.1 * prices.GB_SECOND + prices.INVOCATION)
    assert parts["traces"] == pytest.approx(prices.TRACE / 20)


def test_an_operation_costs_its_transitions_and_each_invocation() -> None:
    refused = cost.request_usd(DEPLOYED, {"validate": USE, "poll": USE}, path("Validate"))
    accepted = cost.request_usd(
        DEPLOYED, {"validate": USE, "poll": USE}, path("Validate"), path("Poll", "Poll", "Wait")
    )
    assert accepted["transitions"] == pytest.approx(3 * prices.TRANSITION)
    assert accepted["DynamoDB"] == pytest.approx(3 * refused["DynamoDB"])


def test_logs_of_every_event_cost_where_the_template_asks_for_them() -> None:
    quiet = Deployed(traced=0, express_logs_all=False, standard_logs_all=False)
    parts = [cost.request_usd(one, {}, path("Validate"))["logs"] for one in (DEPLOYED, quiet)]
    assert parts[0] > 2 * parts[1] > 0


def test_an_idle_month_is_its_runs_and_the_daily_writes() -> None:
    month = cost.idle_month_usd(DEPLOYED, {"sweep": USE}, {"sweep": 5}, instances=1000)
    assert month["daily writes"] == pytest.approx(30 * 1000 * 2 * prices.WRITE_UNIT)
    twice = cost.idle_month_usd(DEPLOYED, {"sweep": USE}, {"sweep": 10}, instances=1000)
    assert month["sweep"] == pytest.approx(2 * twice["sweep"])
