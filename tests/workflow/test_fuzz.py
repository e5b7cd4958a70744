"""Part of `make fuzz`, on the tests' local cloud."""

from tests.fuzz.campaign import run
from tests.workflow.service import Service


def test_a_slice_of_the_campaign(service: Service) -> None:
    report = run(service, number=120, seed=7)
    assert report.violations == []
    assert report.requests == 120
    assert report.operations.total() > 0
    assert {answer.split()[1] for answer in report.answers} >= {"200", "202", "400", "403", "404", "409"}
