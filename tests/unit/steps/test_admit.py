"""Admit opens nothing when it is too late."""

from datetime import timedelta

import pytest

from rds_operations.model.errors import AdmittedTooLate
from rds_operations.steps.admit import LONGEST_WAIT, check_in_time
from tests.builders import MOMENT


def test_an_admission_that_is_run_late_is_late_by_more_than_its_longest_wait() -> None:
    check_in_time(MOMENT, MOMENT + LONGEST_WAIT)
    with pytest.raises(AdmittedTooLate, match=r"Admit started 2\.5 s late, so nothing was done"):
        check_in_time(MOMENT, MOMENT + LONGEST_WAIT + timedelta(milliseconds=1))
