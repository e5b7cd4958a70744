"""RDS, DynamoDB and STS on 127.0.0.1, with one answer for each action, so that nothing in the measured process is
patched.

As a process of its own, it prints its port and ends with its parent's pipe.
"""

from __future__ import annotations

import json
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs

from tests.bench.events import INSTANCE_ID, ITEM, SNAPSHOT_ID

_INSTANCE = (
    f"<DBInstanceIdentifier>{INSTANCE_ID}</DBInstanceIdentifier><Engine>postgres</Engine>"
    "<DBInstanceStatus>available</DBInstanceStatus><DbiResourceId>db-1</DbiResourceId>"
    f"<DBInstanceArn>arn:aws:rds:eu-west-1:123456789012:db:{INSTANCE_ID}</DBInstanceArn>"
    "<TagList><Tag><Key>Environment</Key><Value>dev</Value></Tag></TagList>"
)
_SNAPSHOT = (
    f"<DBSnapshotIdentifier>{SNAPSHOT_ID}</DBSnapshotIdentifier><Status>creating</Status><PercentProgress>40</PercentProgress>"
    f"<DBSnapshotArn>arn:aws:rds:eu-west-1:123456789012:snapshot:{SNAPSHOT_ID}</DBSnapshotArn>"
    "<DbiResourceId>db-1</DbiResourceId>"
    f"<TagList><Tag><Key>rds-operations:operation-id</Key><Value>{ITEM['operation_id']['S']}</Value></Tag></TagList>"
)
_CREDENTIALS = (
    "<Credentials><AccessKeyId>ASIA</AccessKeyId><SecretAccessKey>secret</SecretAccessKey>"
    "<SessionToken>token</SessionToken><Expiration>2099-01-01T00:00:00Z</Expiration></Credentials>"
)
_ANSWERS = {
    "DescribeDBInstances": f"<DBInstances><DBInstance>{_INSTANCE}</DBInstance></DBInstances>",
    "CreateDBSnapshot": f"<DBSnapshot>{_SNAPSHOT}</DBSnapshot>",
    "DescribeDBSnapshots": f"<DBSnapshots><DBSnapshot>{_SNAPSHOT}</DBSnapshot></DBSnapshots>",
    "AssumeRole": _CREDENTIALS,
}


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        target = self.headers.get("X-Amz-Target", "")
        answer, kind = (_dynamodb(target), "application/x-amz-json-1.0") if target else (_query(body), "text/xml")
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_arguments: Any) -> None:
        return None


def _dynamodb(target: str) -> bytes:
    return json.dumps({"Item": ITEM} if target.endswith("GetItem") else {}).encode()


def _query(body: bytes) -> bytes:
    action = parse_qs(body.decode())["Action"][0]
    return f"<{action}Response><{action}Result>{_ANSWERS[action]}</{action}Result></{action}Response>".encode()


if __name__ == "__main__":
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    print(server.server_address[1], flush=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    sys.stdin.read()
