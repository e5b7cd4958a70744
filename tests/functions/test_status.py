import json
from typing import Any

import pytest

from tests.builders import EXECUTION_PREFIX, INSTANCE_ID, SNAPSHOT_ID, a_proxy_event
from tests.functions.fake_aws import LOCK, FakeAws

HEADERS = {
    "Content-Type": "application/json",
    "Access-Control-Allow-Origin": "https://dashboard.example.com",
    "Access-Control-Expose-Headers": "Retry-After",
}


@pytest.fixture(autouse=True)
def _instance(aws: FakeAws) -> None:
    aws.create_instance()


def test_an_accepted_operation(aws: FakeAws) -> None:
    operation_id = aws.accept()["request"]["operation_id"]
    answer = aws.status(operation_id)
    item = aws.item(operation_id)
    assert item
    assert (answer["statusCode"], answer["headers"]) == (200, {**HEADERS, "Retry-After": "2"})
    assert answer["body"] == {
        "operation": "create_snapshot",
        "instance_id": INSTANCE_ID,
        "operation_id": operation_id,
        "execution_arn": EXECUTION_PREFIX + operation_id,
        "environment": "development",
        "status": "accepted",
        "requested_at": item["requested_at"],
        "requested_by": "apikey:key-id-1",
        "parameters": json.loads(item["parameters"]),
        "started_at": item["started_at"],
        "ended_at": None,
        "finished": False,
        "polls": 0,
        "max_polls": 10,
        "steps": [{"state": "Admit", "at": item["started_at"]}],
    }


def test_a_running_operation_says_how_far_it_is(aws: FakeAws) -> None:
    work = aws.execute(aws.accept())
    assert aws.status(work["request"]["operation_id"])["body"]["status"] == "creating"
    snapshot: Any = aws.backend.database_snapshots[SNAPSHOT_ID]
    snapshot.status, snapshot.percent_progress = "creating", 40
    aws.poll(work, 1)
    answer = aws.status(work["request"]["operation_id"])
    assert (answer["body"]["polls"], answer["body"]["percent"]) == (1, 40)
    assert [step["state"] for step in answer["body"]["steps"]] == ["Admit", "Execute", "Poll"]
    assert answer["headers"]["Retry-After"] == "2"  # it has only just acted


@pytest.mark.parametrize("operation", ["create_snapshot", "modify_backup_window"])
def test_an_operation_that_is_over_is_its_result_document_and_no_more_waiting(aws: FakeAws, operation: str) -> None:
    work = aws.execute(aws.accept(operation))
    document = aws.audit(work)["document"]
    answer = aws.status(work["request"]["operation_id"])
    assert (answer["statusCode"], answer["headers"]) == (200, HEADERS)
    assert answer["body"].items() >= document.items()
    assert (answer["body"]["finished"], answer["body"]["requested_by"]) == (True, "apikey:key-id-1")
    assert answer["body"]["success"] is True
    assert type(answer["body"]["duration_seconds"]) is float


@pytest.mark.parametrize("ending", [{"progress": {"status": "rebooting"}}, {"error": {"Error": "X"}}])
def test_a_failure_and_a_timeout_are_a_200_too(aws: FakeAws, ending: Any) -> None:
    work = aws.execute(aws.accept("reboot_instance")) | ending
    aws.audit(work)
    answer = aws.status(work["request"]["operation_id"])
    assert (answer["statusCode"], answer["headers"], answer["body"]["success"]) == (200, HEADERS, False)


@pytest.mark.parametrize("operation_id", ["unknown", "", "x" * 200, "ünïcode", LOCK, "key#digest"])
def test_an_unknown_id_is_a_404(aws: FakeAws, operation_id: str) -> None:
    aws.accept(key="my-key")
    aws.put(operation_id="key#digest", owner="somebody")
    assert aws.status(operation_id) == {
        "statusCode": 404,
        "headers": HEADERS,
        "body": {"error": f"Operation {operation_id[:80]} not found", "code": "operation_not_found"},
    }


def test_the_body_is_json_text(aws: FakeAws) -> None:
    answer = aws.call("status", a_proxy_event("unknown"))
    assert json.loads(answer["body"])["code"] == "operation_not_found"


def test_a_browser_may_read_when_to_ask_again(aws: FakeAws) -> None:
    assert aws.status("no-such")["headers"]["Access-Control-Expose-Headers"] == "Retry-After"
