"""Simulated failures of calls agree with botocore's, with the product's clients and AWS's answers.

A handler answers in place of the network: https://docs.aws.amazon.com/boto3/latest/guide/events.html
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import botocore.session
import pytest
from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders
from botocore.exceptions import BotoCoreError, ClientError, EndpointConnectionError, ReadTimeoutError
from botocore.retries.standard import ExponentialBackoff

from rds_operations.aws import clients
from tests.simulation import calls
from tests.simulation.awserror import AwsError
from tests.simulation.calls import Call, carry_out
from tests.simulation.deployment import HOME, REGION
from tests.simulation.dice import Thrown
from tests.simulation.dynamodb import cancelled
from tests.simulation.fates import Fate
from tests.simulation.shapes import operation

Document = dict[str, Any]
Answer = AwsError | Exception
HALF = 0.5
SESSION = botocore.session.get_session()
MAKE: dict[str, Callable[[Any], Any]] = {
    "dynamodb": lambda _session: clients.dynamodb_client(),
    "stepfunctions": lambda _session: clients.states_client(),
    "sqs": lambda _session: clients.queue_client(),
    "sts": clients.sts_client,
    "looking": lambda session: clients.reading_client(session, HOME),
    "acting": lambda session: clients.acting_client(session, HOME),
}
NAME = {"DBInstanceIdentifier": "one"}
WRITE = {"TableName": "any", "Item": {"operation_id": {"S": "it"}}}
CALLS: dict[tuple[str, str], Document] = {
    ("dynamodb", "GetItem"): {"TableName": "any", "Key": {"operation_id": {"S": "it"}}},
    ("dynamodb", "PutItem"): WRITE,
    ("dynamodb", "UpdateItem"): {"TableName": "any", "Key": {"operation_id": {"S": "it"}}},
    ("dynamodb", "TransactWriteItems"): {"TransactItems": [{"Put": WRITE}]},
    ("stepfunctions", "StartExecution"): {"stateMachineArn": "arn", "name": "x", "input": "{}"},
    ("stepfunctions", "DescribeExecution"): {"executionArn": "arn"},
    ("sqs", "ReceiveMessage"): {"QueueUrl": "https://simulated/queue"},
    ("sts", "AssumeRole"): {"RoleArn": "arn:aws:iam::123456789012:role/any", "RoleSessionName": "any"},
    ("looking", "DescribeDBInstances"): NAME,
    ("looking", "DescribeDBSnapshots"): {"DBSnapshotIdentifier": "snapshot"},
    ("acting", "CreateDBSnapshot"): {**NAME, "DBSnapshotIdentifier": "snapshot"},
    ("acting", "RebootDBInstance"): NAME,
}
NOT_THERE = AwsError("DBInstanceNotFound", "DBInstance one not found.", 404)
DENIED = AwsError("AccessDenied", "not authorized", 403)
BUSY = AwsError("InvalidDBInstanceState", "Instance one is modifying.")
# All that the simulation raises, with a call that gets it.
RAISED = [
    ("dynamodb", "PutItem", AwsError("ConditionalCheckFailedException", "The conditional request failed")),
    ("dynamodb", "UpdateItem", AwsError("TransactionConflictException")),
    ("dynamodb", "TransactWriteItems", cancelled(["None", "ConditionalCheckFailed"])),
    ("dynamodb", "TransactWriteItems", cancelled(["TransactionConflict", "None"])),
    ("stepfunctions", "StartExecution", AwsError("ExecutionAlreadyExists")),
    ("stepfunctions", "DescribeExecution", AwsError("ExecutionDoesNotExist")),
    ("looking", "DescribeDBInstances", NOT_THERE),
    ("looking", "DescribeDBSnapshots", AwsError("DBSnapshotNotFound", "DBSnapshot not found.", 404)),
    ("acting", "RebootDBInstance", NOT_THERE),
    ("acting", "RebootDBInstance", BUSY),
    ("acting", "RebootDBInstance", DENIED),
    ("acting", "CreateDBSnapshot", AwsError("DBSnapshotAlreadyExists")),
    ("acting", "CreateDBSnapshot", AwsError("SnapshotQuotaExceeded")),
]
TROUBLE = {
    "dynamodb": "GetItem",
    "stepfunctions": "StartExecution",
    "sqs": "ReceiveMessage",
    "sts": "AssumeRole",
    "looking": "DescribeDBInstances",
    "acting": "RebootDBInstance",
}
ENDLESS: dict[Fate, Answer | None] = {
    Fate.THROTTLED: None,  # each service has its own word
    Fate.BROKEN_AFTER: AwsError("InternalFailure", status=500),
    Fate.UNREACHED: EndpointConnectionError(endpoint_url="https://simulated"),
    Fate.LOST_AFTER: ReadTimeoutError(endpoint_url="https://simulated"),
}


class Raw(BytesIO):
    def stream(self) -> list[bytes]:
        return [self.read()]


class Wire:
    """Give every request the same answer in place of the network. `slept` has botocore's waits."""

    def __init__(self, client: Any, answer: Answer) -> None:
        self._query = client.meta.service_model.protocol == "query"
        self._answer = answer
        self.sent: list[Any] = []
        self.slept: list[float] = []
        client.meta.events.register("before-send", self._send)

    def _send(self, request: Any, **_event: Any) -> AWSResponse:
        self.sent.append(request)
        if not isinstance(self._answer, AwsError):
            raise self._answer
        body = _xml(self._answer) if self._query else _json(self._answer)
        return AWSResponse(request.url, self._answer.status, HTTPHeaders(), Raw(body.encode()))


def _xml(error: AwsError) -> str:
    what = f"<Type>Sender</Type><Code>{error.code}</Code><Message>{error.message}</Message>"
    return f"<ErrorResponse><Error>{what}</Error><RequestId>any</RequestId></ErrorResponse>"


def _json(error: AwsError) -> str:
    return json.dumps({"__type": f"com.amazonaws.any.v20120810#{error.code}", "message": error.message, **error.more})


@pytest.fixture
def new_client(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Any]:
    """Return the product's client, from its own session. Every pause is half of the longest."""
    for name, value in {"AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing"}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)
    monkeypatch.setattr(clients, "_SESSION", SESSION)
    longest, _random, *more = ExponentialBackoff.__init__.__defaults__ or ()
    monkeypatch.setattr(ExponentialBackoff.__init__, "__defaults__", (longest, lambda: HALF, *more))
    return lambda name: MAKE[name](SESSION)


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    found: list[float] = []
    monkeypatch.setattr("time.sleep", found.append)
    return found


def on_the_wire(client: Any, action: str, params: Document) -> Exception:
    with pytest.raises((ClientError, BotoCoreError)) as raised:
        client._make_api_call(action, params)
    return raised.value


def in_the_simulation(client: Any, action: str, params: Document, answer: Answer) -> Exception:
    return calls._client_error(client, action, answer) if isinstance(answer, AwsError) else answer


def essence(error: Exception) -> object:
    """Return what the product reads of it."""
    if not isinstance(error, ClientError):
        return type(error)
    response: Any = error.response
    return (
        type(error),
        error.operation_name,
        {name: response["Error"].get(name) for name in ("Code", "Message")},
        response["ResponseMetadata"]["HTTPStatusCode"],
        response.get("CancellationReasons"),
    )


@pytest.mark.parametrize(("name", "action", "answer"), RAISED)
def test_a_refusal_comes_out_of_the_client_as_of_botocore(
    new_client: Callable[[str], Any], name: str, action: str, answer: AwsError
) -> None:
    """And it is not repeated."""
    client, params = new_client(name), CALLS[name, action]
    wire = Wire(client, answer)
    assert essence(on_the_wire(client, action, params)) == essence(calls._client_error(client, action, answer))
    assert len(wire.sent) == 1


@pytest.mark.parametrize(("name", "action", "answer"), RAISED)
def test_a_refusal_is_one_that_the_service_lists(name: str, action: str, answer: AwsError) -> None:
    """https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/CommonErrors.html"""
    service = name if name in ("dynamodb", "stepfunctions") else "rds"
    shapes = operation(service, action).error_shapes
    listed = {shape.metadata.get("error", {}).get("code", shape.name) for shape in shapes}
    assert answer.code in listed | {"AccessDenied"}


def test_every_error_of_the_simulation_is_among_these() -> None:
    code = "".join(file.read_text() for file in Path(__file__).parent.glob("*.py") if not file.name.startswith("test_"))
    known = {answer.code for _, _, answer in RAISED} | {"InternalFailure"}
    assert set(re.findall(r'AwsError\(\s*"(\w+)"', code)) == known


@pytest.mark.parametrize("fate", ENDLESS)
@pytest.mark.parametrize("name", TROUBLE)
def test_what_goes_wrong_is_repeated_as_by_botocore(
    new_client: Callable[[str], Any], pauses: list[float], name: str, fate: Fate
) -> None:
    """The number, the pauses and the last error are the same."""
    client, action = new_client(name), TROUBLE[name]
    call = Call(client, action, CALLS[name, action])
    effects: list[None] = []
    slept: list[float] = []
    modelled = carried_out(call, fate, effects, slept)
    wire = Wire(client, ENDLESS[fate] or modelled)
    raised = on_the_wire(client, action, call.params)
    assert essence(raised) == essence(in_the_simulation(client, action, call.params, modelled))
    assert len(wire.sent) == call.attempts
    assert len(effects) == (len(wire.sent) if fate in (Fate.BROKEN_AFTER, Fate.LOST_AFTER) else 0)
    waits = sum(pauses) + (call.patience * len(wire.sent) if fate is Fate.LOST_AFTER else 0)
    connecting = client.meta.config.connect_timeout * len(wire.sent)
    assert waits <= sum(slept) <= waits + connecting


def carried_out(call: Call, fate: Fate, effects: list[None], slept: list[float]) -> Answer:
    def effect(_dice: object) -> Document:
        effects.append(None)
        return {}

    with pytest.raises((AwsError, BotoCoreError)) as raised:
        carry_out(call, fate, Thrown(HALF), effect, slept.append, None)
    return raised.value


@pytest.mark.parametrize(("action", "expected"), [("TransactWriteItems", 1), ("PutItem", 2)])
def test_a_transaction_that_is_sent_again_is_the_same(
    new_client: Callable[[str], Any], pauses: list[float], action: str, expected: int
) -> None:
    """botocore gives it a token, so DynamoDB performs it once.

    https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html
    """
    client, params = new_client("dynamodb"), CALLS["dynamodb", action]
    wire = Wire(client, AwsError("InternalFailure", status=500))
    on_the_wire(client, action, params)
    tokens = [json.loads(request.body).get("ClientRequestToken") for request in wire.sent]
    assert len(pauses) == 2
    assert len(set(tokens)) == 1
    assert bool(tokens[0]) is (expected == 1)
    effects: list[None] = []

    def effect(_dice: object) -> Document:
        effects.append(None)
        return {"any": "answer"}

    carry_out(Call(client, action, params), Fate.SENT_TWICE, Thrown(HALF), effect, pauses.append, None)
    assert len(effects) == expected
