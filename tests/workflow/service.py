"""The deployed service, as callers and operators see it."""

from __future__ import annotations

import http.client
import itertools
import json
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from local.cloud import ACCOUNT, HOST, REGION, Cloud
from local.demo_instances import DEVELOPMENT, DemoInstance, create
from local.deployment import client, session
from local.extensions.faults import FAULTS_PATH
from rds_operations.archive.record_object import object_key
from rds_operations.aws.operation_store import CALL_OVER
from rds_operations.model import clock

Document = dict[str, Any]
_PATIENCE_SECONDS = 180
_NUMBERS = itertools.count(1)


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]
    text: str

    @property
    def body(self) -> Any:
        return json.loads(self.text)


@dataclass(frozen=True)
class Service:
    cloud: Cloud
    outputs: dict[str, str]
    audit_log: Any
    _clients: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def on(cls, cloud: Cloud, outputs: dict[str, str]) -> Service:
        resource = session().resource("dynamodb", endpoint_url=cloud.endpoint)
        return cls(cloud, outputs, resource.Table(outputs["audit_table"]))

    def aws(self, name: str, account: str = ACCOUNT, region: str = REGION) -> Any:
        key = f"{name} {account} {region}"
        if key not in self._clients:
            self._clients[key] = client(self.cloud, name, account, region)
        return self._clients[key]

    def new_name(self, prefix: str = "dev") -> str:
        return f"{prefix}-instance-{next(_NUMBERS)}"

    def new_instance(
        self,
        prefix: str = "dev",
        tags: dict[str, str] | None = None,
        account: str = ACCOUNT,
        region: str = REGION,
        replica_of: str = "",
        **more: Any,
    ) -> str:
        """Create an instance for this test: development, available and single-AZ by default."""
        name = self.new_name(prefix)
        tags = DEVELOPMENT if tags is None else tags
        instance = DemoInstance(name, "", "postgres", tags, more, account, region, replica_of)
        create(self.aws("rds", account, region), instance)
        return name

    def instance(self, name: str, account: str = ACCOUNT, region: str = REGION) -> Document:
        rds = self.aws("rds", account, region)
        found: Document = rds.describe_db_instances(DBInstanceIdentifier=name)["DBInstances"][0]
        return found

    def rebooted(self, name: str, account: str = ACCOUNT, region: str = REGION) -> bool:
        """Return whether RDS has rebooted it, or is about to."""
        rds = self.aws("rds", account, region)
        events = rds.describe_events(SourceIdentifier=name, SourceType="db-instance", Duration=1440)["Events"]
        status = self.instance(name, account, region)["DBInstanceStatus"]
        return status != "available" or any("restarted" in event["Message"] for event in events)

    def post(self, body: Any, **headers: str) -> Answer:
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.send("POST", "/operations", json.dumps(body), **given)

    def get(self, operation_id: str) -> Answer:
        return self.send("GET", f"/operations/{operation_id}")

    def send(self, method: str, path: str, body: str | bytes | None = None, **headers: str | None) -> Answer:
        """Send the API key and content type by default. A header that is None is not sent."""
        url = urlsplit(self.outputs["api_url"])
        defaults = {"x-api-key": self.outputs["api_key"], "Content-Type": "application/json"}
        sent = {name: value for name, value in {**defaults, **headers}.items() if value is not None}
        connection = http.client.HTTPConnection(url.hostname or "", url.port, timeout=60)
        try:
            payload = body.encode() if isinstance(body, str) else body
            connection.request(method, url.path + path, payload, sent)
            response = connection.getresponse()
            return Answer(response.status, dict(response.getheaders()), response.read().decode())
        finally:
            connection.close()

    def accepted(self, body: Document, **headers: str) -> str:
        """Return the id of an operation, which must be accepted."""
        answer = self.post(body, **headers)
        assert answer.status == 202, answer
        operation_id = answer.body["operation_id"]
        assert answer.headers["Location"] == urlsplit(self.outputs["api_url"]).path + f"/operations/{operation_id}"
        return str(operation_id)

    def result(self, operation_id: str) -> Document:
        """Return the final result document. Polling the table, not the API, leaves the functions free."""
        deadline = time.monotonic() + _PATIENCE_SECONDS
        assert self.get(operation_id).status == 200
        while "ended_at" not in (self.item(operation_id) or {}):
            assert time.monotonic() < deadline, f"{operation_id} did not end in {_PATIENCE_SECONDS} s"
            time.sleep(0.1)
        answer = self.get(operation_id)
        assert (answer.status, "success" in answer.body) == (200, True), answer
        found: Document = answer.body
        return found

    def stored_result(self, operation_id: str) -> Document:
        """Return a result document that only its caller or an auditor may GET."""
        item = self.item(operation_id)
        assert item
        found: Document = json.loads(item["result"]["S"])
        return found

    def execution(self, operation_id: str) -> Document:
        """Return the ended execution, as DescribeExecution shows it."""
        arn = self.outputs["state_machine_arn"].replace(":stateMachine:", ":execution:") + f":{operation_id}"
        return self.ended(arn)

    def ended(self, execution_arn: str) -> Document:
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while time.monotonic() < deadline:
            found: Document = self.aws("stepfunctions").describe_execution(executionArn=execution_arn)
            if found["status"] != "RUNNING":
                return found
            time.sleep(0.1)
        raise AssertionError(f"{execution_arn} did not end in {_PATIENCE_SECONDS} s")

    def states(self, execution_arn: str) -> list[str]:
        events = self.aws("stepfunctions").get_execution_history(executionArn=execution_arn, maxResults=1000)["events"]
        return [event["stateEnteredEventDetails"]["name"] for event in events if "stateEnteredEventDetails" in event]

    def records(self, instance_id: str) -> list[Document]:
        """Return an instance's audit records, oldest first, by the specification's own query."""
        found: list[Document] = self.audit_log.query(
            KeyConditionExpression="instance_id = :id", ExpressionAttributeValues={":id": instance_id}
        )["Items"]
        return found

    def item(self, operation_id: str) -> Document | None:
        found = self.aws("dynamodb").get_item(
            TableName=self.outputs["operations_table"], Key={"operation_id": {"S": operation_id}}
        )
        item: Document | None = found.get("Item")
        return item

    def switch(self, method: str, path: str, body: Document | None = None) -> Any:
        """Control the local cloud's faults: see `local.extensions.faults`."""
        connection = http.client.HTTPConnection(HOST, self.cloud.port, timeout=30)
        connection.request(method, path, json.dumps(body) if body else None)
        answer = json.load(connection.getresponse())
        connection.close()
        return answer

    def fault(self, **fault: Any) -> None:
        """Switch on a fault until the cloud is stopped. It should name the test's own instance."""
        self.switch("POST", FAULTS_PATH, fault)

    def hold(self, instance_id: str, point: str = "operation:Wait") -> None:
        """Keep the operations on this instance in a state, by default between two polls, until they are let go."""
        self.fault(matching=f".*{instance_id}", point=point, effect="hold")

    def let_go(self, instance_id: str) -> None:
        """Switch off the faults that name this instance."""
        self.switch("DELETE", f"{FAULTS_PATH}?contains={instance_id}")

    def warm_up(self) -> None:
        """Start the functions several times: a laptop can start only a few at once."""
        for at_once in (1, 2, 4, 6):
            instances = [self.new_instance("warm") for _ in range(at_once)]
            with ThreadPoolExecutor(at_once) as pool:
                answers = list(pool.map(lambda name: self.post(window_of(name)), instances))
            for answer in answers:
                if answer.status == 202:
                    self.result(answer.body["operation_id"])

    def operations_on(self, instance_id: str) -> list[Document]:
        pages = (
            self.aws("dynamodb")
            .get_paginator("scan")
            .paginate(
                TableName=self.outputs["operations_table"],
                FilterExpression="instance_id = :id",
                ExpressionAttributeValues={":id": {"S": instance_id}},
            )
        )
        return [item for page in pages for item in page["Items"]]

    def make_due(self, operation_id: str) -> None:
        """Make it due, as if the longest possible time had passed."""
        self.aws("dynamodb").update_item(
            TableName=self.outputs["operations_table"],
            Key={"operation_id": {"S": operation_id}},
            UpdateExpression="SET due_at = :past",
            ConditionExpression="attribute_exists(due_at)",
            ExpressionAttributeValues={":past": {"N": "1"}},
        )

    def sweep(self) -> Document:
        """Run the sweep now; its schedule is every five minutes."""
        answer = self.aws("lambda").invoke(FunctionName="rds-operations-sweep", Payload=b"{}")
        counted: Document = json.loads(answer["Payload"].read())
        assert "FunctionError" not in answer, counted
        return counted

    def digest(self) -> Document:
        """Write what the archive lacks, and the digests that are due; the schedule is every five minutes here."""
        answer = self.aws("lambda").invoke(FunctionName="rds-operations-digest", Payload=b"{}")
        counted: Document = json.loads(answer["Payload"].read())
        assert "FunctionError" not in answer, counted
        return counted

    def archived(self, record: Document) -> int:
        """Return how many versions the record's object has; 0, too, if it is not that very record."""
        s3, bucket = self.aws("s3"), self.outputs["archive_bucket"]
        key = object_key(record)
        found = s3.list_object_versions(Bucket=bucket, Prefix=key)
        versions = [*found.get("Versions", []), *found.get("DeleteMarkers", [])]
        if not versions or found.get("DeleteMarkers"):
            return len(versions) and 2
        body = s3.get_object(Bucket=bucket, Key=key)["Body"].read()
        return len(versions) if json.loads(body)["hash"] == record["hash"] else 0

    def is_locked(self, instance_id: str, account: str = ACCOUNT, region: str = REGION) -> bool:
        return is_held(self.item(f"lock#{account}#{region}#{instance_id}") or {})

    def snapshots(self, instance_id: str) -> list[Document]:
        found: list[Document] = self.aws("rds").describe_db_snapshots(DBInstanceIdentifier=instance_id)["DBSnapshots"]
        return found

    def log_messages(self, group: str) -> list[str]:
        logs = self.aws("logs")
        streams = logs.get_paginator("describe_log_streams").paginate(logGroupName=group)
        names = [stream["logStreamName"] for page in streams for stream in page["logStreams"]]
        found = [logs.get_log_events(logGroupName=group, logStreamName=name, startFromHead=True) for name in names]
        return [event["message"] for answer in found for event in answer["events"]]

    def audit_write_failures(self, operation_id: str) -> list[str]:
        """Return the metric's log lines with an operation id that contains this text."""
        lines = self.log_messages("/aws/lambda/rds-operations-service")
        return [line for line in lines if "AuditWriteFailures" in line and operation_id in line]

    def operation_executions(self) -> int:
        found = self.aws("stepfunctions").list_executions(stateMachineArn=self.outputs["state_machine_arn"])
        return len(found["executions"])


def is_held(lock: Document) -> bool:
    """Return whether an operation holds this stored lock and will not leave it soon.

    A released lock has no owner. One whose call may still run expires by itself.
    """
    soon = clock.to_epoch(clock.now() + CALL_OVER)
    return "owner" in lock and int(lock["expires_at"]["N"]) > soon


def snapshot_of(instance_id: str, **parameters: Any) -> Document:
    """Return a valid request. The snapshot is named after the instance."""
    given = {"snapshot_id": f"{instance_id}-manual", **parameters}
    return {"operation": "create_snapshot", "instance_id": instance_id, "parameters": given}


def reboot_of(instance_id: str, **parameters: Any) -> Document:
    return {"operation": "reboot_instance", "instance_id": instance_id, "parameters": parameters}


def window_of(instance_id: str, backup_window: str = "01:30-02:30", **parameters: Any) -> Document:
    given = {"backup_window": backup_window, **parameters}
    return {"operation": "modify_backup_window", "instance_id": instance_id, "parameters": given}
