import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rds_operations.model.refusals import Code, Refusal, bad_request, conflict, invalid_parameter, not_supported, reply


@given(st.sampled_from([400, 403, 404, 409, 413]), st.sampled_from(Code), st.text())
def test_a_refusal_survives_its_document(status: int, code: Code, error: str) -> None:
    refusal = Refusal(status, code, error)
    assert Refusal.from_document(json.loads(json.dumps(refusal.to_document()))) == refusal


def test_a_reply_holds_its_body_as_json_text() -> None:
    answer = Refusal(409, Code.PENDING_CHANGES, 'Größe "x"').reply()
    assert answer == {"statusCode": 409, "body": '{"error": "Größe \\"x\\"", "code": "pending_changes"}'}
    assert reply(202, {}, "x") == {"statusCode": 202, "body": "{}", "operation_id": "x"}


@pytest.mark.parametrize(
    ("refusal", "status", "code"),
    [
        (bad_request("x"), 400, "invalid_request"),
        (invalid_parameter("x"), 400, "invalid_parameter"),
        (not_supported("x"), 400, "not_supported_by_instance"),
        (conflict("x", Code.OPERATION_IN_PROGRESS), 409, "operation_in_progress"),
    ],
)
def test_the_status_and_code_of_each_kind_of_refusal(refusal: Refusal, status: int, code: str) -> None:
    assert (refusal.status, refusal.code) == (status, code)
