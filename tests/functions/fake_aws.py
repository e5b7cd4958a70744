"""Sends the tests' requests through the handlers, and shows the effects in RDS and DynamoDB."""

from __future__ import annotations

import json
from copy import copy
from dataclasses import replace
from decimal import Decimal
from types import ModuleType
from typing import TYPE_CHECKING, Any, Literal

import boto3
import pytest
from boto3.dynamodb.types import TypeDeserializer, TypeSerializer
from moto.rds.models import rds_backends
from moto.stepfunctions.models import stepfunctions_backends

from rds_operations.aws.dynamodb import to_attributes
from rds_operations.model import clock
from rds_operations.model.documents import Item
from rds_operations.model.place import Place
from rds_operations.records.indexes import AUDIT_INDEXES
from rds_operations.settings.callers import CallerSettings
from rds_operations.settings.gate import GateSettings
from rds_operations.settings.targets import Targets
from rds_operations.steps.classify import Classifier
from rds_operations.steps.execute import Executor
from rds_operations.steps.find_instance import InstanceFinder
from rds_operations.steps.instance_list import InstanceList
from rds_operations.steps.instances import Instances
from rds_operations.steps.live_instances import LiveInstances
from tests.builders import (
    ACCOUNT,
    ADMISSION_MACHINE,
    EXECUTION_PREFIX,
    HOME,
    INSTANCE_ID,
    OTHER_REGION,
    REGION,
    TARGETS,
    a_body,
    a_list_event,
    a_proxy_event,
    a_request,
    an_admission,
    an_envelope,
    an_execution,
)
from tests.functions.calls import OWN_KEY, Calls
from tools.document_tables import added_keys

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_rds import RDSClient
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_stepfunctions import SFNClient

Document = dict[str, Any]
OPERATIONS_TABLE = "rds_operations"
AUDIT_TABLE = "rds_audit_log"
INVENTORY_TABLE = "rds_inventory"
ARCHIVE_BUCKET = "rds-operations-archive"
ACTING_ROLE = f"arn:aws:iam::{ACCOUNT}:role/rds-operations-acting-{REGION}"
LOCK = f"lock#{ACCOUNT}#{REGION}#{INSTANCE_ID}"
"""The lock of the one instance that most tests use."""
LONGEST_SECONDS = 1260
OPERATION_MACHINE = EXECUTION_PREFIX.replace(":execution:", ":stateMachine:").rstrip(":")
REFUSAL_QUEUE = f"https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/refusals"
DEAD_LETTERS = f"{REFUSAL_QUEUE}-dead-letters"
LATE_WATCH_MACHINE = f"arn:aws:states:{REGION}:{ACCOUNT}:stateMachine:rds-operations-late-watch"
ENVIRONMENT = {
    "AWS_REGION": REGION,
    "AWS_DEFAULT_REGION": REGION,
    "AWS_ACCESS_KEY_ID": OWN_KEY,
    "AWS_SECRET_ACCESS_KEY": "testing",
    "OPERATIONS_TABLE": OPERATIONS_TABLE,
    "AUDIT_TABLE": AUDIT_TABLE,
    "INVENTORY_TABLE": INVENTORY_TABLE,
    "HOME_ACCOUNT": ACCOUNT,
    "ACTING_ROLE": ACTING_ROLE,
    "EXECUTION_PREFIX": EXECUTION_PREFIX,
    "LONGEST_SECONDS": str(LONGEST_SECONDS),
    "LATE_WATCH_SECONDS": "90000",
    "LATE_WATCH_MACHINE": LATE_WATCH_MACHINE,
    "ADMISSION_MACHINE": ADMISSION_MACHINE,
    "REFUSAL_QUEUE": REFUSAL_QUEUE,
    "REFUSAL_DEAD_LETTERS": DEAD_LETTERS,
    "POLL_INTERVAL_SECONDS": "30",
    "MAX_POLLS": "10",
    "ALLOWED_ORIGIN": "https://dashboard.example.com",
    "ARCHIVE_BUCKET": ARCHIVE_BUCKET,
    "DIGEST_SECONDS": "3600",
    "CONSOLE_URL": "https://api.example.com/v1/console/",
}
DEVELOPMENT: Document = {"environment": "development", "source": "tag Environment=dev"}


class Clients:
    """Hold the tests' clients, made from one session that reads the service models once."""

    def __init__(self) -> None:
        self._session = boto3.Session()
        self.dynamodb: DynamoDBClient = self._session.client("dynamodb")
        self.states: SFNClient = self._session.client("stepfunctions")
        self.queues: SQSClient = self._session.client("sqs")
        self._rds: dict[Place, RDSClient] = {}

    def rds_at(self, place: Place) -> RDSClient:
        """Return a client for the place: moto takes the account from this header."""
        if place not in self._rds:

            def sign(params: Document, **_event: Any) -> None:
                params["headers"]["x-moto-account-id"] = place.account_id

            self._rds[place] = self._session.client("rds", region_name=place.region)
            self._rds[place].meta.events.register("before-call", sign)
        return self._rds[place]


ADDED = added_keys()


class FakeAws:
    def __init__(
        self, clients: Clients, modules: dict[str, ModuleType], calls: Calls, patch: pytest.MonkeyPatch
    ) -> None:
        self.rds_at, self.rds = clients.rds_at, clients.rds_at(HOME)
        self.dynamodb, self.states, self.queues = clients.dynamodb, clients.states, clients.queues
        self.calls, self.modules = calls, modules
        self._patch = patch

    def deploy(
        self,
        targets: Targets = TARGETS,
        callers: CallerSettings | None = None,
        gate: GateSettings | None = None,
    ) -> None:
        """Deploy with these settings; every function keeps its own RDS access."""
        callers, gate = callers or CallerSettings(), gate or GateSettings()
        self._set("validate", targets=targets)
        for state in ("classify", "execute", "poll", "sweep", "inventory", "instances"):
            before = self.modules[state].rds_clients
            # Clients with a function's own credentials are slow to make, and never differ.
            rds_clients = copy(before)
            rds_clients._sts = before._sts
            rds_clients.targets, rds_clients._sessions, rds_clients._actors = targets, {ACCOUNT: before.session}, {}
            rds_clients._readers = {place: before.reading(place) for place in (HOME, Place(ACCOUNT, OTHER_REGION))}
            self._set(state, rds_clients=rds_clients)
        classify, execute, status = (self.modules[state] for state in ("classify", "execute", "status"))
        self._set(
            "classify", classifier=Classifier(classify.rds_clients, classify.inventory, classify.store, gate, callers)
        )
        self._set("execute", executor=Executor(execute.rds_clients, execute.executor.store, gate, callers))
        self._set("inventory", settings=gate)
        self._set("status", page=replace(status.page, callers=callers))
        self._set("instances", instances=self._instances(targets, gate, callers))
        self._set("lists", lists=replace(self.modules["lists"].lists, callers=callers, targets=targets))

    def forget_looks(self) -> None:
        """Start Instances anew: it uses a look again, also one of an earlier test."""
        self._set("instances", instances=self._instances(TARGETS, GateSettings(), CallerSettings()))

    def _instances(self, targets: Targets, gate: GateSettings, callers: CallerSettings) -> Instances:
        before = self.modules["instances"]
        live = LiveInstances(InstanceFinder(before.rds_clients, before.inventory), gate)
        listed = InstanceList(before.inventory, targets, gate, callers)
        page = replace(before.page, live=live, gate=gate, callers=callers)
        return Instances(listed, page, callers, targets, before.deployment.allowed_origin)

    def _set(self, state: str, **attributes: object) -> None:
        for name, value in attributes.items():
            self._patch.setattr(self.modules[state], name, value)

    # In: requests, as the two state machines make them.

    def call(self, state: str, event: Document) -> Document:
        self.calls.state = state
        if state == "admit":
            event = {"entered_at": clock.to_text(clock.now()), **event}
        document: Document = json.loads(json.dumps(self.modules[state].handler(json.loads(json.dumps(event)), None)))
        if "request" in event or event.get("machine") == "ADMISSION" or state == "validate":
            added = ADDED.get(state.capitalize(), document.keys())
            assert document.keys() <= set(added), "the state adds what StateDocument does not say"
        return document

    def admit(self, body: Document, key: str | None = None, request_id: str = "request-1", **more: Any) -> Document:
        """Run ADMISSION from Validate to Admit or a refusal, and return the work."""
        envelope = an_envelope(body, **({} if key is None else {"idempotency_key": key}), **more)
        given = {"machine": "ADMISSION", "envelope": envelope, "execution": an_admission(request_id)}
        return self._through(("classify", "admit"), self.call("validate", given))

    def begin(self, start: Document) -> Document:
        """Run OPERATION from Validate to Classify, as ADMISSION or a person starts it."""
        given = {"machine": "OPERATION", "body": json.dumps(start["input"])}
        execution = an_execution(start["name"])
        return self._through(("classify",), self.call("validate", {**given, "execution": execution}))

    def accept(self, operation: str = "create_snapshot", key: str | None = None, **parameters: Any) -> Document:
        """Return the work of an accepted OPERATION just before Execute."""
        return self.begin(self.admit(a_body(operation, **parameters), key)["start"])

    def start_directly(self, operation: str = "create_snapshot", name: str = "by-hand", **parameters: Any) -> Document:
        """Return the same without ADMISSION."""
        return self.begin({"name": name, "input": a_body(operation, **parameters)})

    def execute(self, work: Document) -> Document:
        return {**work, "polls": 0, **self.call("execute", work)}

    def poll(self, work: Document, poll: int) -> Document:
        return {**work, "polls": poll, **self.call("poll", {**work, "polls": poll})}

    def audit(self, work: Document, name: str = "", **given: Any) -> Document:
        """Run the Audit of OPERATION's failures, and return the outcome; with `succeeds=True` that of its successes."""
        execution = an_execution(name or work["request"]["operation_id"])
        return self.call("audit", {"machine": "OPERATION", "work": work, "execution": execution, **given})

    def answer(self, work: Document, key: str | None = None, request_id: str = "request-1") -> Document:
        """Run ADMISSION's Audit, and return the reply."""
        envelope = an_envelope(**({} if key is None else {"idempotency_key": key}))
        given = {"machine": "ADMISSION", "execution": an_admission(request_id), "envelope": envelope}
        answer = self.call("audit", {**given, "work": work})
        return {"statusCode": answer["reply"]["statusCode"], **json.loads(answer["reply"]["body"])}

    def end(self, name: str, status: str = "ABORTED", given: Any = None, **detail: Any) -> Document:
        """Send EventBridge's event of an execution that ended badly."""
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
        """Make it due."""
        item = self.item(operation_id)
        assert item
        self.put(**{**item, "due_at": 1})

    def take_inventory(self) -> Document:
        return self.call("inventory", {})

    @property
    def late_watch_machine(self) -> str:
        return LATE_WATCH_MACHINE

    def late_watches(self) -> list[str]:
        found = self.states.list_executions(stateMachineArn=LATE_WATCH_MACHINE)["executions"]
        return [execution["name"] for execution in found]

    def waiting(self) -> int:
        """Count the messages in the queue, including those in flight."""
        names: Any = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        found = self.queues.get_queue_attributes(QueueUrl=REFUSAL_QUEUE, AttributeNames=names)["Attributes"]
        return sum(int(number) for number in found.values())

    def dead_letters(self) -> list[str]:
        """Receive all, and return their bodies."""
        found: list[str] = []
        while batch := self.queues.receive_message(QueueUrl=DEAD_LETTERS, MaxNumberOfMessages=10).get("Messages"):
            found += [message["Body"] for message in batch]
        return found

    def status(self, operation_id: str, **caller: Any) -> Document:
        """GET, by default as the caller of `an_envelope`."""
        answer = self.call("status", a_proxy_event(operation_id, **caller))
        return {**answer, "body": json.loads(answer["body"])}

    def get_list(self, route: str, parameters: Document | None = None, **caller: Any) -> Document:
        """GET a list, by default as the caller of `an_envelope`."""
        answer = self.call("lists", a_list_event(route, parameters or {}, **caller))
        return {**answer, "body": json.loads(answer["body"])}

    def get_instances(self, instance_id: str = "", parameters: Document | None = None, **caller: Any) -> Document:
        """GET one instance, or all, by default as the caller of `an_envelope`."""
        event = a_list_event("/instances", parameters or {}, **caller)
        event |= {"pathParameters": {"instance_id": instance_id}} if instance_id else {}
        answer = self.call("instances", event)
        return {**answer, "body": json.loads(answer["body"])}

    def put_record(self, record: Item) -> None:
        self.dynamodb.put_item(TableName=AUDIT_TABLE, Item=to_attributes(record))

    # Out: the contents of RDS and the tables.

    @property
    def actions(self) -> list[str]:
        """Return the RDS actions that Execute called in its sessions, in order."""
        return [call.action for call in self.calls.of("execute", "rds") if call.hand == "acting"]

    def create_all(self) -> None:
        """Create what the stack makes: tables, queues, and machines that run nothing."""
        self._create_operations_table()
        self._create_audit_table()
        self._create_inventory_table()
        for name in (OPERATION_MACHINE, LATE_WATCH_MACHINE):
            definition = '{"StartAt": "Done", "States": {"Done": {"Type": "Succeed"}}}'
            role = f"arn:aws:iam::{ACCOUNT}:role/any"
            self.states.create_state_machine(name=name.rpartition(":")[2], definition=definition, roleArn=role)
        for queue in (REFUSAL_QUEUE, DEAD_LETTERS):
            self.queues.create_queue(QueueName=queue.rpartition("/")[2])

    def create_instance(
        self, environment: str = "dev", instance_id: str = INSTANCE_ID, place: Place = HOME, **fields: Any
    ) -> None:
        given: Document = {
            "DBInstanceIdentifier": instance_id,
            "DBInstanceClass": "db.t4g.micro",
            "Engine": "postgres",
            "PreferredMaintenanceWindow": "wed:06:38-wed:07:08",
            "VpcSecurityGroupIds": ["sg-1"],  # without it moto makes a VPC, which is slow
            "Tags": [{"Key": "Environment", "Value": environment}] if environment else [],
            **fields,
        }
        self.rds_at(place).create_db_instance(**given)

    def delete_instance(self, instance_id: str = INSTANCE_ID, place: Place = HOME) -> None:
        self.rds_at(place).delete_db_instance(DBInstanceIdentifier=instance_id, SkipFinalSnapshot=True)

    def retag(self, environment: str, instance_id: str = INSTANCE_ID, place: Place = HOME) -> None:
        """Change the environment; an empty one removes the tag."""
        rds, arn = self.rds_at(place), f"arn:aws:rds:{place.region}:{place.account_id}:db:{instance_id}"
        if environment:
            rds.add_tags_to_resource(ResourceName=arn, Tags=[{"Key": "Environment", "Value": environment}])
        else:
            rds.remove_tags_from_resource(ResourceName=arn, TagKeys=["Environment"])

    def replicate(self, source: str, instance_id: str = INSTANCE_ID, place: Place = HOME) -> None:
        """Make the instance show `source` (a name or ARN) as its replication source."""
        self.backend_at(place).databases[instance_id].source_db_instance_identifier = source

    @property
    def backend(self) -> Any:
        """Return moto's own state, for what its API cannot set."""
        return self.backend_at(HOME)

    def execution(self, arn: str) -> Any:
        return stepfunctions_backends[ACCOUNT][REGION].describe_execution(arn)

    def backend_at(self, place: Place) -> Any:
        return rds_backends[place.account_id][place.region]

    def snapshots(self, place: Place = HOME) -> list[Any]:
        return list(self.rds_at(place).describe_db_snapshots(SnapshotType="manual")["DBSnapshots"])

    def item(self, operation_id: str) -> Document | None:
        answer = self.dynamodb.get_item(TableName=OPERATIONS_TABLE, Key={"operation_id": {"S": operation_id}})
        return _plain(answer["Item"]) if "Item" in answer else None

    def lock(self) -> Document | None:
        """Return the usual instance's lock if an operation holds it; a released one has no owner."""
        item = self.item(LOCK)
        return item if item and "owner" in item else None

    def held(self) -> list[str]:
        """Return the operations that hold locks and Idempotency-Keys."""
        return [item["operation_id"] for item in self.items() if "owner" in item]

    def put(self, **item: Any) -> None:
        attributes = {name: TypeSerializer().serialize(value) for name, value in item.items()}
        self.dynamodb.put_item(TableName=OPERATIONS_TABLE, Item=attributes)

    def drop(self, operation_id: str) -> None:
        self.dynamodb.delete_item(TableName=OPERATIONS_TABLE, Key={"operation_id": {"S": operation_id}})

    def items(self) -> list[Document]:
        """Return operations, locks and keys, without the ids that were refused for good."""
        return [item for item in self._operations_table() if "refused_at" not in item]

    def refused_ids(self) -> list[str]:
        """Return the ids that nothing can be opened under."""
        return [item["operation_id"] for item in self._operations_table() if "refused_at" in item]

    def _operations_table(self) -> list[Document]:
        return [_plain(item) for item in self.dynamodb.scan(TableName=OPERATIONS_TABLE)["Items"]]

    def records(self) -> list[Document]:
        """Return the audit log by time."""
        items = [_plain(item) for item in self.dynamodb.scan(TableName=AUDIT_TABLE)["Items"]]
        return sorted(items, key=lambda item: (item["timestamp"], item["event"]))

    def events(self) -> list[str]:
        return [record["event"] for record in self.records()]

    def inventory(self) -> dict[tuple[str, str], Document]:
        """The instances, by name and place."""
        items = [_plain(item) for item in self.dynamodb.scan(TableName=INVENTORY_TABLE)["Items"]]
        return {(item["instance_id"], item["place"]): item for item in items if item["instance_id"] != "#listed"}

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

    def _create_audit_table(self) -> None:
        indexes: list[Any] = [
            {
                "IndexName": index.name,
                "KeySchema": [
                    {"AttributeName": index.partition, "KeyType": "HASH"},
                    {"AttributeName": index.sort, "KeyType": "RANGE"},
                ],
                "Projection": {"ProjectionType": "ALL"},
            }
            for index in AUDIT_INDEXES
        ]
        keys: dict[str, Literal["HASH", "RANGE"]] = {"instance_id": "HASH", "audit_id": "RANGE"}
        self._create_table(AUDIT_TABLE, keys, GlobalSecondaryIndexes=indexes)

    def _create_inventory_table(self) -> None:
        index: Any = {
            "IndexName": "place",
            "KeySchema": [
                {"AttributeName": "place", "KeyType": "HASH"},
                {"AttributeName": "instance_id", "KeyType": "RANGE"},
            ],
            "Projection": {"ProjectionType": "ALL"},
        }
        keys: dict[str, Literal["HASH", "RANGE"]] = {"instance_id": "HASH", "place": "RANGE"}
        self._create_table(INVENTORY_TABLE, keys, GlobalSecondaryIndexes=[index])

    def _create_table(self, name: str, keys: dict[str, Literal["HASH", "RANGE"]], **more: Any) -> None:
        indexes: list[Document] = more.get("GlobalSecondaryIndexes", [])
        indexed = [key["AttributeName"] for index in indexes for key in index["KeySchema"]]
        self.dynamodb.create_table(
            TableName=name,
            BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[
                {"AttributeName": key, "AttributeType": "S"} for key in {**keys, **dict.fromkeys(indexed)}
            ],
            KeySchema=[{"AttributeName": key, "KeyType": kind} for key, kind in keys.items()],
            **more,
        )

    def _through(self, states: tuple[str, ...], work: Document) -> Document:
        for state in states:
            if "refusal" in work or "reply" in work:
                break
            work = work | self.call(state, work)
        return work


def a_work(operation: str = "create_snapshot", **more: Any) -> Document:
    """Return what Validate and Classify make of a new request."""
    return {"request": a_request(operation).to_document(), "verdict": DEVELOPMENT, **more}


def _plain(attributes: Any) -> Document:
    values = {name: TypeDeserializer().deserialize(value) for name, value in attributes.items()}
    return {name: int(value) if isinstance(value, Decimal) else value for name, value in values.items()}
