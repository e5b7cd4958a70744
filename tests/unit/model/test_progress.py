import json

from hypothesis import given
from hypothesis import strategies as st

from rds_operations.model.end_codes import EndCode
from rds_operations.model.progress import Progress, done, failed

details = st.dictionaries(st.text(), st.text() | st.integers() | st.booleans())


@given(st.builds(Progress, st.text(), st.booleans(), st.booleans(), st.text(), st.integers(), st.text(), details))
def test_progress_survives_its_document(progress: Progress) -> None:
    assert Progress.from_document(json.loads(json.dumps(progress.to_document()))) == progress


def test_done_and_failed_are_finished_and_only_one_is_a_success() -> None:
    assert done("available", arn="x") == Progress(
        "available", finished=True, success=True, percent=100, details={"arn": "x"}
    )
    assert failed("no", EndCode.STOPPED) == Progress("failed", finished=True, success=False, error="no", code="stopped")
    assert not Progress("creating").finished
