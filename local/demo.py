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
from rich.table import Table

from local.cloud import Cloud, CloudError
from local.deployment import client

DATABASE = "dev-postgres-01"
PRODUCTION_DATABASE = "prod-orders-01"
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


def demo(console: Console, cloud: Cloud, outputs_file: Path) -> None:
    outputs = json.loads(outputs_file.read_text())
    api = Api(outputs["api_url"], outputs["api_key"])
    snapshot_id = f"{DATABASE}-demo-{time.strftime('%Y-%m-%d-%H%M%S')}"
    wanted = {
        "operation": "create_snapshot",
        "instance_id": DATABASE,
        "parameters": {"snapshot_id": snapshot_id, "tags": [{"Key": "Purpose", "Value": "demo"}]},
    }
    console.rule("1. A snapshot of a development database")
    console.print(
        f"Time runs {cloud.time_scale:g} times as fast as in real life: "
        f"the 30 seconds between two polls take {30 / cloud.time_scale:g}.",
        soft_wrap=True,
    )
    accepted = _post(console, api, wanted, 202)
    _follow(console, cloud, api, accepted)
    _, document = api.get(accepted["operation_id"])
    _show_json(console, "The result document", document)
    if not document["success"]:
        raise CloudError("The snapshot of the demo did not succeed; its document above says why")
    console.rule("2. Its records, as they are stored")
    _show_records(console, cloud, outputs["audit_table"], DATABASE, accepted["operation_id"])
    console.rule("3. The same on a production database")
    _post(console, api, {**wanted, "instance_id": PRODUCTION_DATABASE}, 403)
    _show_records(console, cloud, outputs["audit_table"], PRODUCTION_DATABASE)
    console.rule("4. Go on")
    _show_commands(console, api)


def _post(console: Console, api: Api, body: dict[str, Any], expected: int) -> dict[str, Any]:
    _show_json(console, "POST /operations", body)
    status, answer = api.post(body)
    _show_json(console, f"HTTP {status}", answer)
    if status != expected:
        raise CloudError(f"The demo expected HTTP {expected}. If an operation is still running, try again in a minute")
    return answer


def _show_json(console: Console, title: str, document: dict[str, Any]) -> None:
    """Print without a box or wrapping, so that it can be copied."""
    console.print(f"[bold]{title}[/]")
    console.print(json.dumps(document, indent=2), soft_wrap=True, markup=False)


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
                progress.console.print(f"  [dim]{time.monotonic() - started:6.1f} s[/]  {state}")
            _, report = api.get(accepted["operation_id"])
            over = "success" in report
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


def _show_records(console: Console, cloud: Cloud, table: str, instance_id: str, operation_id: str = "") -> None:
    found = client(cloud, "dynamodb").query(
        TableName=table,
        KeyConditionExpression="instance_id = :id",
        ExpressionAttributeValues={":id": {"S": instance_id}},
        ScanIndexForward=False,
    )["Items"]
    records = [item for item in found if not operation_id or item["operation_id"]["S"] == operation_id]
    for record in records[:2] if operation_id else records[:1]:
        shown = Table(show_header=False, title=record["event"]["S"])
        shown.add_column(no_wrap=True)
        shown.add_column(overflow="fold")
        for name, attribute in sorted(record.items()):
            shown.add_row(name, str(next(iter(attribute.values()))))
        console.print(shown)


def _show_commands(console: Console, api: Api) -> None:
    examples = (
        {"operation": "reboot_instance", "instance_id": "test-mysql-01"},
        {
            "operation": "modify_backup_window",
            "instance_id": "dev-oracle-01",
            "parameters": {"backup_window": "01:00-02:00"},
        },
    )
    headers = f"-H 'x-api-key: {api.key}' -H 'Content-Type: application/json'"
    for body in examples:
        console.print(f"curl -i {headers} {api.url}/operations -d '{json.dumps(body)}'", soft_wrap=True)
    console.print(f"curl -i -H 'x-api-key: {api.key}' {api.url}/operations/<operation_id>", soft_wrap=True)
    console.print("The API keeps serving. To stop it: make down")
