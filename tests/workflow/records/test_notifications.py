"""What the templates of docs/notifications send reaches a receiver. The emulator's CloudFormation does not know API
destinations, so they are made through the API, with what the templates say.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from local.cloud import ACCOUNT
from tests.infrastructure.test_notification_templates import TEMPLATES, read
from tests.workflow.records.test_archive import eventually
from tests.workflow.service import Service, reboot_of


class Receiver:
    def __init__(self) -> None:
        self.got: list[tuple[dict[str, str], Any]] = []
        got = self.got

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                got.append(({name.lower(): value for name, value in self.headers.items()}, json.loads(body)))
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_arguments: Any) -> None:
                """Say nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}/hook"


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    found = Receiver()
    yield found
    found.server.shutdown()
    found.server.server_close()


@pytest.mark.parametrize("kind", [path.stem for path in TEMPLATES])
def test_what_the_template_sends_arrives(service: Service, receiver: Receiver, kind: str) -> None:
    (path,) = [path for path in TEMPLATES if path.stem == kind]
    resources = read(path)["Resources"]
    events = service.aws("events")
    connection = resources["Connection"]["Properties"]
    authorization = json.loads(json.dumps(connection["AuthParameters"]).replace('"Key"', '"sesame"'))
    made = events.create_connection(
        Name=kind, AuthorizationType=connection["AuthorizationType"], AuthParameters=authorization
    )
    destination = events.create_api_destination(
        Name=kind, ConnectionArn=made["ConnectionArn"], InvocationEndpoint=receiver.url, HttpMethod="POST"
    )
    rule = resources["Rule"]["Properties"]
    (target,) = rule["Targets"]
    transformer = json.loads(json.dumps(target.get("InputTransformer", {})).replace("${Project}", "DBA"))
    given = {"InputTransformer": transformer} if transformer else {}
    events.put_rule(Name=kind, EventPattern=json.dumps(rule["EventPattern"]))
    sends = {"Id": "d", "Arn": destination["ApiDestinationArn"], "RoleArn": f"arn:aws:iam::{ACCOUNT}:role/any", **given}
    events.put_targets(Rule=kind, Targets=[sends])
    try:
        if kind == "ticket":
            instance = service.new_instance("dev-fails", {"Environment": "dev", "local:snapshot": "fails"})
            body = {
                "operation": "create_snapshot",
                "instance_id": instance,
                "parameters": {"snapshot_id": f"s-{instance}"},
            }
            service.result(service.accepted(body))
        else:
            instance = service.new_instance("any", {"Stage": "prod"})
            assert service.post(reboot_of(instance)).status == 403
        got = eventually(lambda: [item for item in receiver.got if instance in json.dumps(item[1])], "nothing arrived")
        headers, sent = got[0]
        if kind == "webhook":
            assert headers["x-token"] == "sesame"
            assert sent["detail"]["instance_id"] == instance
        else:
            assert f"on {instance} (" in json.dumps(sent)
    finally:
        events.remove_targets(Rule=kind, Ids=["d"])
        events.delete_rule(Name=kind)
        events.delete_api_destination(Name=kind)
        events.delete_connection(Name=kind)
