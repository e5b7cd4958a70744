"""The measured invocations, each on its success path but for two refusals, and the items that DynamoDB has for them."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from rds_operations.aws.dynamodb import to_attributes
from rds_operations.model import clock
from rds_operations.model.place import Place
from rds_operations.model.progress import Progress, done
from rds_operations.model.request import OperationRequest
from rds_operations.records.audit_record import Event, audit_record
from rds_operations.records.operation_item import lock_id, operation_item
from rds_operations.rules.classification import Environment, Verdict
from rds_operations.settings.targets import Targets
from rds_operations.steps.validate import validate_api

Document = dict[str, Any]
RDS, DYNAMODB = "rds-floor", "dynamodb-floor"
HOME = Place("123456789012", "eu-west-1")
SNAPSHOT_ID = "dev-1-manual"
_MACHINES = "arn:aws:states:eu-west-1:123456789012"
_NOW = datetime(2025, 11, 13, 10, 30, tzinfo=UTC)
_FAR = datetime(2099, 1, 1, tzinfo=UTC)
_SINCE = "2025-11-13T10:30:01.000Z"
_VERDICT = Verdict(Environment("development"), "tag Environment=dev")
_WORKING = Progress("creating", percent=40, details={"snapshot_arn": "arn:aws:rds:eu-west-1:123456789012:snapshot:1"})
_DONE = done("available", **_WORKING.details)


@dataclass(frozen=True)
class Scenario:
    """An invocation of a function, the floor that it is compared with, and what its answer must be."""

    name: str
    function: str
    event: Document
    floor: str
    succeeded: Callable[[Any], bool]


def _envelope(body: Document) -> Document:
    caller = {
        "authentication": "iam",
        "userArn": "arn:aws:sts::123456789012:assumed-role/Dba/jane",
        "accountId": "123456789012",
        "sourceIp": "203.0.113.1",
    }
    return {"body": json.dumps(body), "length": len(json.dumps(body)), "caller": caller}


_BODY = {"operation": "create_snapshot", "instance_id": "dev-1", "parameters": {"snapshot_id": SNAPSHOT_ID}}
_ENVELOPE = _envelope(_BODY)
_ADMISSION = {"Id": f"{_MACHINES}:express:rds-operations-admission:7f3a9c1e-0000-4000-8000-000000000001:1"}
_ADMISSION |= {"Name": "7f3a9c1e-0000-4000-8000-000000000001", "StartTime": clock.to_text(_NOW)}


def _requests() -> tuple[OperationRequest, OperationRequest]:
    """Return the request as Validate makes it, and as Classify and Admit complete it."""
    validated = validate_api(_ENVELOPE, _ADMISSION, Targets(HOME))
    if not isinstance(validated, OperationRequest):
        raise TypeError("Validate refuses what is measured")
    arn = f"{_MACHINES}:execution:rds-operations-operation:{validated.operation_id}"
    whole = replace(
        validated,
        account_id=HOME.account_id,
        region=HOME.region,
        resource_id="db-1",
        execution_arn=arn,
        caller=validated.caller,
    )
    return validated, whole


_VALIDATED, REQUEST = _requests()
# Of an instance each, so that their locks do not meet.
_BUSY = replace(REQUEST, instance_id="dev-busy", operation_id="dev-busy-create-snapshot-0123456789abcdef")
_ENDING = replace(
    REQUEST,
    instance_id="dev-ending",
    operation_id="dev-ending-create-snapshot-0123456789abcdef",
    execution_arn=f"{_MACHINES}:execution:rds-operations-operation:dev-ending-create-snapshot-0123456789abcdef",
)
BUSY_LOCK = lock_id(_BUSY)
_REFUSAL = {"status": 400, "code": "invalid_parameter", "error": "Invalid snapshot_id. Use 1 to 255 letters"}
_REPLY = {"statusCode": 400, "body": json.dumps(_REFUSAL)}


def _work(request: OperationRequest, **more: Any) -> Document:
    return {"request": request.to_document(), "verdict": _VERDICT.to_document(), **more}


def _candidate(request: OperationRequest) -> Document:
    return _work(request, entered_at=clock.to_text(_FAR), retries=0)


def _execution(request: OperationRequest) -> Document:
    return {"Id": request.execution_arn, "Name": request.operation_id, "StartTime": clock.to_text(_NOW)}


def _status_event() -> Document:
    identity = {"userArn": "arn:aws:sts::123456789012:assumed-role/Dba/jane", "accountId": "123456789012"}
    return {
        "pathParameters": {"operation_id": REQUEST.operation_id},
        "requestContext": {"identity": {**identity, "sourceIp": "203.0.113.1"}},
        "stageVariables": {"authentication": "iam"},
    }


def _instances_event() -> Document:
    return {**_status_event(), "resource": "/instances", "pathParameters": None}


def _list_event() -> Document:
    return {**_status_event(), "resource": "/records", "pathParameters": None}


def _stream_event() -> Document:
    """Return a batch of the audit log's stream with one record: https://docs.aws.amazon.com/lambda/latest/dg/with-ddb.html"""
    result = {"success": True, "status": "available", "execution_arn": _ENDING.execution_arn}
    record = to_attributes(audit_record(_ENDING, Event.COMPLETED, result, _NOW))
    return {"Records": [{"eventName": "INSERT", "dynamodb": {"SequenceNumber": "1", "NewImage": record}}]}


_POLLED = {"polls": 5, "since": _SINCE}
_AUDIT = {
    "machine": "OPERATION",
    "succeeds": True,
    "work": _work(_ENDING, progress=_DONE.to_document(), **_POLLED),
    "body": json.dumps(_BODY),
    "execution": _execution(_ENDING),
}
_REFUSED = {
    "machine": "ADMISSION",
    "work": {"request": _VALIDATED.to_document(), "refusal": _REFUSAL, "reply": _REPLY},
    "envelope": _ENVELOPE,
    "execution": _ADMISSION,
}
SCENARIOS = {
    scenario.name: scenario
    for scenario in (
        Scenario(
            "validate",
            "validate",
            {"machine": "ADMISSION", "envelope": _ENVELOPE, "execution": _ADMISSION},
            RDS,
            lambda answer: "refusal" not in answer and answer["request"]["instance_id"] == "dev-1",
        ),
        Scenario(
            "classify",
            "classify",
            {"request": _VALIDATED.to_document()},
            RDS,
            lambda answer: (
                answer["verdict"]["environment"] == "development" and not {"refusal", "not_ready"} & set(answer)
            ),
        ),
        Scenario("admit", "admit", _candidate(REQUEST), DYNAMODB, lambda answer: "start" in answer),
        Scenario(
            "execute",
            "execute",
            _work(REQUEST),
            RDS,
            lambda answer: answer["progress"]["status"] == "creating" and "refusal" not in answer,
        ),
        Scenario(
            "poll",
            "poll",
            _work(REQUEST, progress=_WORKING.to_document(), since=_SINCE, polls=2),
            RDS,
            lambda answer: answer["progress"]["percent"] == 40,
        ),
        Scenario("audit", "audit", _AUDIT, DYNAMODB, lambda answer: answer["document"]["success"] is True),
        Scenario("status", "status", _status_event(), DYNAMODB, lambda answer: answer["statusCode"] == 200),
        Scenario("instances", "instances", _instances_event(), RDS, lambda answer: answer["statusCode"] == 200),
        Scenario("lists", "lists", _list_event(), DYNAMODB, lambda answer: answer["statusCode"] == 200),
        Scenario("publish", "publish", _stream_event(), DYNAMODB, lambda answer: answer == {"batchItemFailures": []}),
        Scenario("sweep", "sweep", {}, RDS, lambda answer: answer == {}),
        Scenario(
            "inventory", "inventory", {}, RDS, lambda answer: answer["seen"] > 0 and set(answer) == {"seen", "gone"}
        ),
    )
}
"""One of each function but two: `tests.bench.console` measures the console, and nobody waits for the digest."""
REFUSALS = {
    "audit of a refusal": Scenario(
        "audit of a refusal", "audit", _REFUSED, DYNAMODB, lambda answer: answer["reply"]["statusCode"] == 400
    ),
    "admit of a conflict": Scenario(
        "admit of a conflict", "admit", _candidate(_BUSY), DYNAMODB, lambda answer: answer["refusal"]["status"] == 409
    ),
}


def _stored(request: OperationRequest, **more: str) -> Document:
    return to_attributes({**operation_item(request, _VERDICT, _NOW, _FAR), **more})


def _lock(key: str, owner: str) -> Document:
    return to_attributes({"operation_id": key, "owner": owner, "expires_at": clock.to_epoch(_FAR)})


ITEMS: dict[str, Document] = {
    REQUEST.operation_id: _stored(REQUEST),
    _ENDING.operation_id: _stored(_ENDING, acting_at=_SINCE),
    lock_id(_ENDING): _lock(lock_id(_ENDING), _ENDING.operation_id),
    BUSY_LOCK: _lock(BUSY_LOCK, REQUEST.operation_id),
}
OPERATION_ID = REQUEST.operation_id


def listed(number: int) -> list[Document]:
    """Return what `rds_inventory` has of so many instances, all seen within the day."""
    return [
        to_attributes(
            {
                "instance_id": name,
                "place": f"{HOME.account_id}#{HOME.region}",
                "account_id": HOME.account_id,
                "region": HOME.region,
                "engine": "postgres",
                "instance_class": "db.t3.medium",
                "status": "available",
                "multi_az": False,
                "environment": "development",
                "environment_source": "tag Environment=dev",
                "last_seen": clock.to_text(clock.now()),
            }
        )
        for name in instance_names(number)
    ]


def instance_names(number: int) -> list[str]:
    return [f"dev-{one}" for one in range(1, number + 1)]
