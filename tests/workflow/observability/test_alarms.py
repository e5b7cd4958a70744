"""Each alarm fires on a real incident, tells its topic's subscriber what to do, and clears."""

from __future__ import annotations

import pytest

from tests.workflow.observability.incidents import INCIDENTS
from tests.workflow.watch import Watch

SCHEDULES = ("sweep-missing", "inventory-missing", "digest-missing", "places-not-reached")


def test_every_alarm_has_an_incident(watch: Watch) -> None:
    assert sorted(watch.alarms) == sorted(INCIDENTS)


@pytest.mark.parametrize("alarm", INCIDENTS)
def test_it_fires_and_clears(watch: Watch, alarm: str) -> None:
    incident = INCIDENTS[alarm]
    watch.wait(watch.clears_after(alarm))  # what other tests have left is past
    incident.before(watch)
    watch.until(alarm, "OK")
    watch.heard(alarm)

    incident.begin(watch)
    watch.until(alarm, "ALARM")
    (told,) = watch.heard(alarm)
    assert told["NewStateValue"] == "ALARM"
    assert told["AlarmDescription"] == watch.alarms[alarm]["AlarmDescription"]
    assert told["AlarmDescription"].rpartition("#")[2] == alarm.removesuffix("-2")

    incident.end(watch)
    if alarm not in SCHEDULES:  # which run again, and then must not stop
        watch.wait(watch.clears_after(alarm))
    assert watch.state(alarm) == "OK"
    (told,) = watch.heard(alarm)
    assert told["NewStateValue"] == "OK"
