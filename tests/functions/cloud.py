"""What the tests see and do: requests in through the handlers, effects out of RDS and DynamoDB."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from types import ModuleType, SimpleNamespace
from typing import TYPE_CHECKING, Any, Literal

from boto3.dynamodb.types import TypeDeserializer, TypeSerializer
from moto.rds.models import rds_backends

from rds_operations import clock
from tests.unit.builders import (
    ACCOUNT,
    EXECUTION_PREFIX,
    INSTANCE_ID,
    REGION,
    a_request,
    an_envelope,
    an_execution,
    an_order,
)

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_rds import RDSClient
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_stepfunctions import SFNClient

Document = dict[str, Any]
OPERATIONS_TABLE = "rds_operations"
AUDIT_TABLE = "rds_audit_log"
LONGEST_SECONDS = 1260
OPERATION_MACHINE = EXECUTION_PREFIX.replace(":execution:", ":stateMachine:").rstrip(":")
UNRECORDED_QUEUE = f"https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/unrecorded"
LATE_WATCH_MACHINE = f"arn:aws:states:{REGION}:{ACCOUNT}:stateMachine:rds-operations-late-watch"
ENVIRONMENT = {
    "AWS_REGION": REGION,
    "AWS_DEFAULT_REGION": REGION,
    "AWS_ACCESS_KEY_ID": "testing",
    "AWS_SECRET_ACCESS_KEY": "testing",
    "OPERATIONS_TABLE": OPERATIONS_TABLE,
    "AUDIT_TABLE": AUDIT_TABLE,
    "EXECUTION_PREFIX": EXECUTION_PREFIX,
    "LONGEST_SECONDS": str(LONGEST_SECONDS),
    "LATE_WATCH_SECONDS": "90000",
    "LATE_WATCH_MACHINE": LATE_WATCH_MACHINE,
    "UNRECORDED_QUEUE": UNRECORDED_QUEUE,
    "POLL_INTERVAL_SECONDS": "30",
    "ALLOWED_ORIGIN": "https://dashboard.example.com",
}
DEVELOPMENT: Document = {"environment": "development", "source": "tag Environment=dev"}


@dataclass(frozen=True)
class Clients:
    rds: RDSClient
    dynamodb: DynamoDBClient
    states: SFNClient
    queues: SQSClient


class Cloud:
    def __init__(self, clients: Clients, modules: dict[str, ModuleType]) -> None:
        self.rds, self.dynamodb, self.modules = clients.rds, clients.dynamodb, modules
        self.states, self.queues = clients.states, clients.queues
        self.actions: list[str] = []
        """The RDS actions that Execute called, in their order."""

    # In: requests, as the two state machines make them.

    def call(self, state: str, event: Document) -> Document:
        if state == "admit":
            event = {"entered_at": clock.to_text(clock.now()), **event}
        document: Document = json.loads(json.dumps(self.modules[state].handler(json.loads(json.dumps(event)), None)))
        return document

    def request(self, request: Document, key: str = "", request_id: str = "request-1", **more: Any) -> Document:
        """ADMISSION from Validate to Admit, or to the refusal on the way; what its states left in the work."""
        envelope = an_envelope(request, idempotency_key=key, **more)
        given = {"machine": "ADMISSION", "envelope": envelope, "execution": an_execution(request_id)}
        return self._through(("classify", "admit"), self.call("validate", given))

    def begin(self, start: Document) -> Document:
        """OPERATION from Validate to Classify, as ADMISSION or a person starts it."""
        given = {"machine": "OPERATION", "request": json.dumps(start["input"])}
        execution = an_execution(start["name"])
        return self._through(("classify",), self.call("validate", {**given, "execution": execution}))

    def accepted(self, operation: str = "create_snapshot", key: str = "", **parameters: Any) -> Document:
        """The work of an OPERATION that ADMISSION has accepted, right before Execute."""
        return self.begin(self.request(a_request(operation, **parameters), key)["start"])

    def by_hand(self, operation: str = "create_snapshot", name: str = "by-hand", **parameters: Any) -> Document:
        """The same, without ADMISSION."""
        return self.begin({"name": name, "input": a_request(operation, **parameters)})

    def executed(self, work: Document) -> Document:
        return {**work, "polls": 0, **self.call("execute", work)}

    def polled(self, work: Document, poll: int) -> Document:
        return {**work, "polls": poll, **self.call("poll", {**work, "polls": poll})}

    def audited(self, work: Document, name: str = "") -> Document:
        """OPERATION's Audit: the outcome."""
        execution = an_execution(name or work["order"]["operation_id"])
        return self.call("audit", {"machine": "OPERATION", "work": work, "execution": execution})

    def answered(self, work: Document) -> Document:
        """ADMISSION's Audit: the reply."""
        given = {"machine": "ADMISSION", "execution": an_execution("request-1"), "envelope": an_envelope()}
        answer = self.call("audit", {**given, "work": work})
        return {"statusCode": answer["reply"]["statusCode"], **json.loads(answer["reply"]["body"])}

    def ended(self, name: str, status: str = "ABORTED", given: Any = None, **detail: Any) -> Document:
        """EventBridge's event of an execution that ended badly."""
        event = {
            "executionArn": EXECUTION_PREFIX + name,
            "name": name,
            "status": status,
            "startDate": 1763029800123,
            "input": json.dumps(given),
            "error": None,
            "cause": None,
            **detail,
        }
        return self.call("audit", {"source": "aws.states", "detail": event})

    def sweep(self) -> Document:
        return self.call("sweep", {})

    def overdue(self, operation_id: str) -> None:
        """As if the longest possible time had passed."""
        item = self.item(operation_id)
        assert item
        self.put(**{**item, "due_at": 1})

    @contextmanager
    def rds_denied(self, state: str) -> Iterator[None]:
        """RDS denies every call of one function."""
        with _refused(self.modules[state].rds.client, "rds", "AccessDenied"):
            yield

    @contextmanager
    def records_refused(self, state: str) -> Iterator[None]:
        """DynamoDB takes no record from one function."""
        client = self.modules[state].books.ledger._client
        with _refused(client, "dynamodb.PutItem", "InternalServerError"):
            yield

    @contextmanager
    def updates_refused(self, state: str) -> Iterator[None]:
        """DynamoDB updates no item for one function."""
        with _refused(self.modules[state].ledger._client, "dynamodb.UpdateItem", "InternalServerError"):
            yield

    @contextmanager
    def reads_refused(self, state: str) -> Iterator[None]:
        """DynamoDB shows no item to one function."""
        with _refused(self.modules[state].books.ledger._client, "dynamodb.GetItem", "InternalServerError"):
            yield

    @property
    def late_watch_machine(self) -> str:
        return LATE_WATCH_MACHINE

    def late_watches(self) -> list[str]:
        """The names of the late watches that were started."""
        found = self.states.list_executions(stateMachineArn=LATE_WATCH_MACHINE)["executions"]
        return [execution["name"] for execution in found]

    def waiting(self) -> int:
        """The messages in the queue, those in flight included."""
        names: Any = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        found = self.queues.get_queue_attributes(QueueUrl=UNRECORDED_QUEUE, AttributeNames=names)["Attributes"]
        return sum(int(number) for number in found.values())

    def status(self, operation_id: str) -> Document:
        answer = self.call("status", {"pathParameters": {"operation_id": operation_id}})
        return {**answer, "body": json.loads(answer["body"])}

    # Out: what is in RDS and in the tables.

    def note_action(self, model: Any, **_event: Any) -> None:
        self.actions.append(model.name)

    def create_all(self) -> None:
        """What the stack makes: the tables, the machines (nothing runs in them) and the queue."""
        self._create_operations_table()
        self._create_table(AUDIT_TABLE, instance_id="HASH", audit_id="RANGE")
        for name in (OPERATION_MACHINE, LATE_WATCH_MACHINE):
            definition = '{"StartAt": "Done", "States": {"Done": {"Type": "Succeed"}}}'
            role = f"arn:aws:iam::{ACCOUNT}:role/any"
            self.states.create_state_machine(name=name.rpartition(":")[2], definition=definition, roleArn=role)
        self.queues.create_queue(QueueName=UNRECORDED_QUEUE.rpartition("/")[2])

    def create_instance(self, environment: str = "dev", instance_id: str = INSTANCE_ID, **fields: Any) -> None:
        given: Document = {
            "DBInstanceIdentifier": instance_id,
            "DBInstanceClass": "db.t4g.micro",
            "Engine": "postgres",
            "PreferredMaintenanceWindow": "wed:06:38-wed:07:08",
            "VpcSecurityGroupIds": ["sg-1"],  # without it moto makes a VPC, slowly
            "Tags": [{"Key": "Environment", "Value": environment}] if environment else [],
            **fields,
        }
        self.rds.create_db_instance(**given)

    @property
    def backend(self) -> Any:
        """moto's own state, for what its API cannot be made to show."""
        return rds_backends[ACCOUNT][REGION]

    def snapshots(self) -> list[Any]:
        return list(self.rds.describe_db_snapshots(SnapshotType="manual")["DBSnapshots"])

    def item(self, operation_id: str) -> Document | None:
        answer = self.dynamodb.get_item(TableName=OPERATIONS_TABLE, Key={"operation_id": {"S": operation_id}})
        return _plain(answer["Item"]) if "Item" in answer else None

    def lock(self) -> Document | None:
        return self.item(f"lock#{INSTANCE_ID}")

    def put(self, **item: Any) -> None:
        attributes = {name: TypeSerializer().serialize(value) for name, value in item.items()}
        self.dynamodb.put_item(TableName=OPERATIONS_TABLE, Item=attributes)

    def drop(self, operation_id: str) -> None:
        self.dynamodb.delete_item(TableName=OPERATIONS_TABLE, Key={"operation_id": {"S": operation_id}})

    def items(self) -> list[Document]:
        return [_plain(item) for item in self.dynamodb.scan(TableName=OPERATIONS_TABLE)["Items"]]

    def records(self) -> list[Document]:
        """The audit log in the order of time."""
        items = [_plain(item) for item in self.dynamodb.scan(TableName=AUDIT_TABLE)["Items"]]
        return sorted(items, key=lambda item: (item["timestamp"], item["event"]))

    def events(self) -> list[str]:
        return [record["event"] for record in self.records()]

    def _create_operations_table(self) -> None:
        keys: list[Any] = [("operation_id", "S"), ("unfinished", "S"), ("due_at", "N")]
        self.dynamodb.create_table(
            TableName=OPERATIONS_TABLE,
            BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[{"AttributeName": key, "AttributeType": kind} for key, kind in keys],
            KeySchema=[{"AttributeName": "operation_id", "KeyType": "HASH"}],
            GlobalSecondaryIndexes=[
                {
                    "IndexName": "unfinished",
                    "KeySchema": [
                        {"AttributeName": "unfinished", "KeyType": "HASH"},
                        {"AttributeName": "due_at", "KeyType": "RANGE"},
                    ],
                    "Projection": {"ProjectionType": "KEYS_ONLY"},
                }
            ],
        )

    def _create_table(self, name: str, **keys: Literal["HASH", "RANGE"]) -> None:
        self.dynamodb.create_table(
            TableName=name,
            BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"} for key in keys],
            KeySchema=[{"AttributeName": key, "KeyType": kind} for key, kind in keys.items()],
        )

    def _through(self, states: tuple[str, ...], work: Document) -> Document:
        for state in states:
            if "refusal" in work:
                break
            work = work | self.call(state, work)
        return work


@contextmanager
def _refused(client: Any, event: str, code: str) -> Iterator[None]:
    """Every such call is answered with this error, without reaching anything."""

    def refuse(model: Any, **_event: Any) -> tuple[Any, Document]:
        body = {"Error": {"Code": code, "Message": "refused"}, "ResponseMetadata": {"HTTPStatusCode": 400}}
        return SimpleNamespace(status_code=400), body

    client.meta.events.register(f"before-call.{event}", refuse)
    try:
        yield
    finally:
        client.meta.events.unregister(f"before-call.{event}", refuse)


def a_work(operation: str = "create_snapshot", **more: Any) -> Document:
    """What Validate and Classify leave for a fresh order."""
    return {"order": an_order(operation).to_document(), "verdict": DEVELOPMENT, **more}


def _plain(attributes: Any) -> Document:
    values = {name: TypeDeserializer().deserialize(value) for name, value in attributes.items()}
    return {name: int(value) if isinstance(value, Decimal) else value for name, value in values.items()}
