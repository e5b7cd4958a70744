"""Every operation acts once, and never under a claim that a repetition may misread."""

import pytest

from rds_operations.model.errors import RdsThrottled
from tests.functions.fake_aws import FakeAws
from tests.operation_cases import CASES


@pytest.fixture(autouse=True)
def _instance(aws: FakeAws) -> None:
    aws.create_instance()


def acts(aws: FakeAws, name: str) -> int:
    return aws.actions.count(CASES[name].acting_call)


@pytest.mark.parametrize("name", CASES)
def test_it_acts_once(aws: FakeAws, name: str) -> None:
    aws.execute(aws.accept(name, **CASES[name].given))
    assert acts(aws, name) == 1


@pytest.mark.parametrize("name", CASES)
def test_a_repetition_does_not_act(aws: FakeAws, name: str) -> None:
    work = aws.accept(name, **CASES[name].given)
    aws.execute(work)
    aws.execute(work)
    assert acts(aws, name) == 1


@pytest.mark.parametrize("name", CASES)
def test_throttling_gives_the_claim_back(aws: FakeAws, name: str) -> None:
    work = aws.accept(name, **CASES[name].given)
    operation_id = work["request"]["operation_id"]
    with aws.calls.refusing("execute", "rds", CASES[name].acting_call, "Throttling"), pytest.raises(RdsThrottled):
        aws.execute(work)
    assert "acting_at" not in (aws.item(operation_id) or {})
    aws.execute(work)
    assert "acting_at" in (aws.item(operation_id) or {})
