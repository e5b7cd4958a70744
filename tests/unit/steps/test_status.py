"""GET /operations/{operation_id}: an id that is unknown."""

from hypothesis import given
from hypothesis import strategies as st

from rds_operations.model.refusals import Code, Refusal
from rds_operations.steps.status import unknown


def test_an_unknown_id_is_not_found_and_cut_to_the_length_of_a_name() -> None:
    assert unknown("nope") == Refusal(404, Code.OPERATION_NOT_FOUND, "Operation nope not found")
    assert unknown("x" * 5000).error == f"Operation {'x' * 80} not found"


@given(st.text(max_size=100))
def test_the_answer_to_any_unknown_id_is_a_short_404(operation_id: str) -> None:
    refusal = unknown(operation_id)
    assert (refusal.status, refusal.code) == (404, Code.OPERATION_NOT_FOUND)
    assert len(refusal.error) <= 80 + len("Operation  not found")
