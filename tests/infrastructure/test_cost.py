"""docs/cost.md says what the template and the metrics make it cost."""

from __future__ import annotations

from rds_operations.aws.metrics import METRICS
from tests.infrastructure.conftest import Template
from tools import cost
from tools.cost import USES, Use


def test_the_page_is_what_follows_from_the_template(template: Template) -> None:
    assert cost.rendered(template.resources) == cost.PAGE.read_text(), "run: make docs"


def test_an_alarm_costs_its_metrics(template: Template) -> None:
    """https://aws.amazon.com/cloudwatch/pricing/"""
    alarms = {alarm["AlarmName"]: alarm for alarm in template.of_type("AWS::CloudWatch::Alarm")}
    functions = template.of_type("AWS::Lambda::Function")
    assert cost.alarm_metrics(alarms["rds-operations-function-errors"]) == min(len(functions), 10)
    assert cost.alarm_metrics(alarms["rds-operations-failure-rate"]) == 2
    assert cost.alarm_metrics(alarms["rds-operations-many-refusals"]) == 1


def test_metrics_are_billed_for_hours_with_data_and_never_for_more_than_there_are() -> None:
    idle, busy = Use(0, 5, 20), Use(1_000_000, 5, 20)
    schedules = {"SweepRuns", "InventoryRuns", "PlacesNotReached", "DigestRuns", "RecordsRepaired", "ArchiveMismatches"}
    assert set(cost._of_schedules()) == schedules <= METRICS.keys()
    assert cost.metric_hours(idle) == 720 * len(schedules)
    assert cost.metric_hours(busy) <= 720 * cost.distinct_metrics(busy)
    assert cost.metric_hours(USES[0]) < cost.metric_hours(USES[1])


def test_what_is_billed_does_not_grow_with_instances_and_callers() -> None:
    assert cost.distinct_metrics(Use(10, 5, 20)) == cost.distinct_metrics(Use(10_000_000, 5, 20))
