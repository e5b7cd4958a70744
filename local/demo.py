"""`make demo`: follows one real operation from its request to its audit record."""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from local.cloud import Cloud, CloudError
from local.deployment import client

DATABASE = "dev-postgres-01"
PRODUCTION_DATABASE = "prod-orders-01"
COMMANDS = (
    "rds-ops instances",
    f"rds-ops explain {PRODUCTION_DATABASE}",
    "rds-ops snapshot test-mysql-01 --wait",
)
"""To go on with, ready to paste."""
_LOOK_EVERY_SECONDS = 0.4
_PATIENCE_SECONDS = 900


@dataclass(frozen=True)
class Api:
    url: str
    key: str

    def post(self, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        return self._send("POST", "/operations", json.dumps(body).encode())

    def get(self, operation_id: str) -> tuple[int, dict[str, Any]]:
        return self._send("GET", f"/operations/{operation_id}", None)

    def _send(self, method: str, path: str, body: bytes | None) -> tuple[int, dict[str, Any]]:
        headers = {"x-api-key": self.key, "Content-Type": "application/json"}
        request = urllib.request.Request(self.url + path, body, headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as error:
            return error.code, json.load(error)


def demo(console: Console, cloud: Cloud, outputs_file: Path, *, whole_record: bool = False) -> None:
    outputs = json.loads(outputs_file.read_text())
    api = Api(outputs["api_url"], outputs["api_key"])
    snapshot_id = f"{DATABASE}-demo-{time.strftime('%Y-%m-%d-%H%M%S')}"
    wanted = {"operation": "create_snapshot", "instance_id": DATABASE, "parameters": {"snapshot_id": snapshot_id}}
    console.rule("The console")
    console.print(f"In a browser: {outputs['console_url']}", soft_wrap=True)
    console.print(f"API key: {api.key}", soft_wrap=True)
    console.rule("A snapshot of a development database")
    faster = f"{cloud.time_scale:g} times real time, so {30 / cloud.time_scale:g} s between two polls"
    accepted = _post(console, api, wanted, 202)
    console.print(f"  accepted: {accepted['operation_id']} ({accepted['environment']}; {faster})", soft_wrap=True)
    _follow(console, cloud, api, accepted)
    _, document = api.get(accepted["operation_id"])
    if not document["success"]:
        raise CloudError(f"The snapshot of the demo did not succeed: {document.get('error') or document.get('note')}")
    console.print(
        f"  result: success after {document['duration_seconds']} s, {document['snapshot_arn']}", soft_wrap=True
    )
    _show_record(console, _records(cloud, outputs["audit_table"], DATABASE, accepted["operation_id"]), whole_record)
    console.rule("The same on a production database")
    refused = _post(console, api, {**wanted, "instance_id": PRODUCTION_DATABASE}, 403)
    console.print(f"  {refused['code']}: {refused['error']} ({refused['environment_source']})", soft_wrap=True)
    _show_record(console, _records(cloud, outputs["audit_table"], PRODUCTION_DATABASE)[-1:], whole_record)
    console.rule("Go on")
    _show_commands(console, api)


def _post(console: Console, api: Api, body: dict[str, Any], expected: int) -> dict[str, Any]:
    console.print(f"POST /operations {json.dumps(body)}", soft_wrap=True, markup=False)
    status, answer = api.post(body)
    console.print(f"HTTP {status}")
    if status != expected:
        raise CloudError(f"The demo expected HTTP {expected}: {answer.get('error')}")
    return answer


def _follow(console: Console, cloud: Cloud, api: Api, accepted: dict[str, Any]) -> None:
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f} %"),
        TimeElapsedColumn(),
    )
    started = time.monotonic()
    with Progress(*columns, console=console) as progress:
        task = progress.add_task("accepted", total=100)
        passed = _states(cloud, accepted["execution_arn"])
        while time.monotonic() - started < _PATIENCE_SECONDS:
            for state in passed:
                if state is None:
                    break
                if state.endswith("?"):
                    continue
                progress.console.print(f"  [dim]{time.monotonic() - started:6.1f} s[/]  {state}")
            _, report = api.get(accepted["operation_id"])
            over = report["finished"]
            polls = f", polls {report['polls']}" if report.get("polls") else ""
            percent = 100 if report.get("success") else report.get("percent", 0)
            progress.update(task, description=f"{report['status']}{polls}", completed=percent)
            if over:
                return
            time.sleep(_LOOK_EVERY_SECONDS)
    raise CloudError("The operation did not end; look at .local/cloud.log")


def _states(cloud: Cloud, execution_arn: str) -> Iterator[str | None]:
    """Yield each state that was entered, and None when there is no new one yet."""
    states = client(cloud, "stepfunctions")
    seen = 0
    while True:
        events = states.get_execution_history(executionArn=execution_arn, maxResults=1000)["events"]
        for event in events[seen:]:
            if "stateEnteredEventDetails" in event:
                yield event["stateEnteredEventDetails"]["name"]
        seen = len(events)
        yield None


def _records(cloud: Cloud, table: str, instance_id: str, operation_id: str = "") -> list[dict[str, str]]:
    """Read the records of the instance, or of one operation on it, the oldest first."""
    found = client(cloud, "dynamodb").query(
        TableName=table,
        KeyConditionExpression="instance_id = :id",
        ExpressionAttributeValues={":id": {"S": instance_id}},
    )["Items"]
    records = [{name: str(next(iter(value.values()))) for name, value in item.items()} for item in found]
    return [record for record in records if operation_id in ("", record["operation_id"])]


def _show_record(console: Console, records: list[dict[str, str]], whole: bool) -> None:
    """Show what an auditor asks, in five lines; or all that is stored."""
    if whole:
        for record in records:
            console.print(f"  record: {record['event']}")
            console.print(json.dumps(dict(sorted(record.items())), indent=2), soft_wrap=True, markup=False)
        return
    last, caller = records[-1], json.loads(records[-1]["user_identity"])
    told = {
        "who": f"{caller['userId']}, from {caller['sourceIp']}",
        "what": f"{last['operation']} on {last['instance_id']}",
        "where": f"account {last['account_id']}, Region {last['region']}",
        "why": f"{last['environment']}, by {last['environment_source']}",
        "when": ", ".join(f"{record['event']} {record['timestamp']}" for record in records),
    }
    for name, text in told.items():
        console.print(f"  record: {name:5} {text}", soft_wrap=True, markup=False)


def _show_commands(console: Console, api: Api) -> None:
    path = "PATH=$PWD/.venv/bin:$PATH"
    console.print(f"export {path} RDS_OPS_API={api.url} RDS_OPS_API_KEY={api.key}", soft_wrap=True)
    for command in COMMANDS:
        console.print(command)
    console.print(
        "The command line: docs/cli.md. The API: docs/api.md. The whole records: make demo RECORD=1.", soft_wrap=True
    )
    console.print("To stop it: make down")
