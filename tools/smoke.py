"""`make smoke`: after a deployment, from outside, what must be refused is refused, and on record. Changes no database.

It reads the stack's outputs and the records with the deployer's credentials, and calls each API with a caller's:
the same credentials (`iam`), API key (`api_key`), TOKEN (`cognito`).
"""

from __future__ import annotations

import http.client
import json
import os
import sys
import time
import uuid
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import boto3
from boto3.dynamodb.conditions import Key
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.exceptions import BotoCoreError, ClientError

from rds_operations.model import clock
from rds_operations.records.audit_record import NO_INSTANCE

STACK = "RdsOperations"
Headers = dict[str, str]
_JSON = {"Content-Type": "application/json"}
_TOO_LARGE = 40_000
"""Characters; more than Validate takes, less than API Gateway does."""
_RECORDED_WITHIN = 20
"""Seconds."""


class CannotTest(Exception):
    """What is missing, and how to give it."""


@dataclass(frozen=True)
class Attempt:
    """A call that must be refused. `code` is empty where API Gateway answers in its own words.

    `recorded_as` is the instance under which the refusal is on record; empty for what the service never sees.
    """

    name: str
    status: int
    code: str
    body: str | None = None
    method: str = "POST"
    path: str = "/operations"
    headers: Mapping[str, str] = field(default_factory=lambda: _JSON)
    recorded_as: str = ""
    anonymous: bool = False


@dataclass(frozen=True)
class Api:
    """One way to authenticate: its URL, and how a request gets its credentials."""

    name: str
    url: str
    region: str
    key: str = ""
    token: str = ""
    credentials: Any = None

    def send(self, attempt: Attempt) -> tuple[int, dict[str, Any]]:
        """Return the status and the JSON object of the answer."""
        request = AWSRequest(attempt.method, self.url + attempt.path, dict(attempt.headers), attempt.body or "")
        if not attempt.anonymous:
            self._authenticate(request)
        return _answer(request.prepare())

    def _authenticate(self, request: AWSRequest) -> None:
        if self.key and "x-api-key" not in request.headers:
            request.headers["x-api-key"] = self.key
        if self.token:
            request.headers["Authorization"] = f"Bearer {self.token}"
        if self.credentials:
            SigV4Auth(self.credentials, "execute-api", self.region).add_auth(request)


def attempts(unknown: str, production: str) -> list[Attempt]:
    """List what must be refused. `unknown` names no instance; `production` one, if anybody named it."""
    reboot = json.dumps({"operation": "reboot_instance", "instance_id": unknown})
    bodies = {
        "no JSON": ("{", "invalid_request", NO_INSTANCE),
        "no operation": (json.dumps({"instance_id": unknown}), "missing_parameter", unknown),
        "an operation that does not exist": (
            json.dumps({"operation": "delete_instance", "instance_id": unknown}),
            "operation_not_allowed",
            unknown,
        ),
        "no instance": (json.dumps({"operation": "reboot_instance"}), "missing_parameter", NO_INSTANCE),
        "no snapshot_id": (
            json.dumps({"operation": "create_snapshot", "instance_id": unknown}),
            "missing_parameter",
            unknown,
        ),
        "a bad backup window": (
            json.dumps(
                {
                    "operation": "modify_backup_window",
                    "instance_id": unknown,
                    "parameters": {"backup_window": "3-4"},
                }
            ),
            "invalid_parameter",
            unknown,
        ),
    }
    found = [Attempt(name, 400, code, body, recorded_as=where) for name, (body, code, where) in bodies.items()]
    found += [
        Attempt("an instance that does not exist", 404, "instance_not_found", reboot, recorded_as=unknown),
        Attempt("a body that is too large", 413, "request_too_large", "x" * _TOO_LARGE, recorded_as=NO_INSTANCE),
        Attempt("another content type", 415, "unsupported_media_type", reboot, headers={"Content-Type": "text/plain"}),
        Attempt("an operation nobody asked for", 404, "operation_not_found", None, "GET", f"/operations/{unknown}"),
        Attempt("a route that does not exist", 403, "unknown_route", None, "GET", "/nowhere"),
        Attempt("a list by what nobody can ask", 400, "invalid_request", None, "GET", "/records?scan=true"),
        Attempt("a page of nothing", 400, "invalid_parameter", None, "GET", "/operations?limit=0"),
        Attempt("a token of no list", 400, "invalid_parameter", None, "GET", "/records?next=AAAA"),
    ]
    if production:
        body = json.dumps({"operation": "reboot_instance", "instance_id": production})
        found.append(Attempt(f"production: {production}", 403, "production_instance", body, recorded_as=production))
    return found


def strangers(api: Api, unknown: str) -> list[Attempt]:
    """List calls that no credentials, or wrong ones, may make."""
    body = json.dumps({"operation": "reboot_instance", "instance_id": unknown})
    if api.key:
        wrong = Attempt("a wrong key", 403, "invalid_api_key", body, headers={**_JSON, "x-api-key": "0" * 40})
        return [Attempt("no key", 403, "invalid_api_key", body, anonymous=True), wrong]
    if api.token:
        return [Attempt("no token", 401, "", body, anonymous=True)]
    return [Attempt("no signature", 403, "unknown_route", body, anonymous=True)]


def main() -> int:
    session: Any = boto3.Session(region_name=os.environ.get("AWS_REGION") or None)  # boto3 reads AWS_DEFAULT_REGION
    try:
        outputs = _outputs(session)
        return _report(session, outputs)
    except (BotoCoreError, ClientError, CannotTest) as error:
        print(f"smoke: {error}", file=sys.stderr)
        return 2


def _report(session: Any, outputs: Mapping[str, str]) -> int:
    production = os.environ.get("PRODUCTION", "")
    if not production:
        print("left out  403 for production: name an instance with PRODUCTION=<instance>")
    wrong = 0
    for api, why_not in _apis(session, outputs):
        if api is None:
            print(f"left out  {why_not}")
            continue
        unknown, since = f"smoke-{uuid.uuid4().hex[:12]}", clock.now()
        made = [*attempts(unknown, production), *strangers(api, unknown)]
        for attempt in made:
            wrong += not _try(api, attempt)
        wrong += not _known(api)
        wrong += not _recorded(session, outputs["AuditTable"], made, clock.to_text(since))
    print(f"\n{wrong} wrong" if wrong else "\nAll as it should be; no database was changed")
    return 1 if wrong else 0


def _try(api: Api, attempt: Attempt) -> bool:
    status, answer = api.send(attempt)
    good = (status, answer.get("code", "")) == (attempt.status, attempt.code) and bool(answer.get("error"))
    found = "" if good else f"  {answer.get('code', '')} {answer.get('error', answer)}"
    print(f"{'ok' if good else 'WRONG':9} {api.name}: {attempt.name}: {status}{found}")
    return good


def _known(api: Api) -> bool:
    """Ask who the caller is, and for a page of records, which changes nothing."""
    status, me = api.send(Attempt("me", 200, "", None, "GET", "/me"))
    page, answer = api.send(Attempt("records", 200, "", None, "GET", "/records?limit=1"))
    good = (status, page) == (200, 200) and bool(me.get("principal")) and "records" in answer
    print(f"{'ok' if good else 'WRONG':9} {api.name}: GET /me and GET /records: {status} {page}")
    return good


def _recorded(session: Any, table: str, made: list[Attempt], since: str) -> bool:
    """Look for the record of each refusal, by the key of its instance."""
    wanted = Counter((attempt.recorded_as, attempt.status, attempt.code) for attempt in made if attempt.recorded_as)
    records, deadline = session.resource("dynamodb").Table(table), time.monotonic() + _RECORDED_WITHIN
    while True:
        found: Counter[tuple[str, int, str]] = Counter()
        for instance_id in {instance for instance, _status, _code in wanted}:
            condition = Key("instance_id").eq(instance_id) & Key("audit_id").gte(f"{instance_id}#{since}")
            for record in records.query(KeyConditionExpression=condition)["Items"]:
                result = json.loads(record["result"])
                found[instance_id, result.get("status"), result.get("code")] += record["event"] == "refused"
        missing = wanted - found
        if not missing or time.monotonic() > deadline:
            break
        time.sleep(1)
    for instance_id, status, code in missing:
        print(f"WRONG     no record of {status} {code} under {instance_id} in {table}")
    if not missing:
        print(f"ok        {wanted.total()} refusals are on record in {table}")
    return not missing


def _apis(session: Any, outputs: Mapping[str, str]) -> Iterator[tuple[Api | None, str]]:
    """Yield each API of the deployment; or why it cannot be called."""
    region = session.region_name
    if url := outputs.get("IamApiUrl"):
        yield Api("iam", _url(url), region, credentials=session.get_credentials()), ""
    if url := outputs.get("ApiKeyApiUrl"):
        key = session.client("apigateway").get_api_key(apiKey=outputs["ApiKeyId"], includeValue=True)["value"]
        yield Api("api_key", _url(url), region, key=key), ""
    if url := outputs.get("CognitoApiUrl"):
        token = os.environ.get("TOKEN", "")
        if token:
            yield Api("cognito", _url(url), region, token=token), ""
        else:
            yield None, "the API for Cognito: give an identity token with TOKEN=<token>"


def _outputs(session: Any) -> dict[str, str]:
    if not session.region_name:
        raise CannotTest("no Region is set. export AWS_REGION=<Region>")
    found = session.client("cloudformation").describe_stacks(StackName=STACK)["Stacks"][0]
    return {output["OutputKey"]: output["OutputValue"] for output in found.get("Outputs", [])}


def _url(url: str) -> str:
    """Return the API's URL without its last slash; on the local cloud (AWS_ENDPOINT_URL) where that serves it."""
    endpoint, parts = os.environ.get("AWS_ENDPOINT_URL"), urlsplit(url)
    if not endpoint:
        return url.rstrip("/")
    api_id, stage = parts.netloc.partition(".")[0], parts.path.strip("/")
    return f"{endpoint}/restapis/{api_id}/{stage}/_user_request_"


def _answer(request: Any) -> tuple[int, dict[str, Any]]:
    url = urlsplit(request.url)
    kind = http.client.HTTPSConnection if url.scheme == "https" else http.client.HTTPConnection
    connection = kind(url.hostname or "", url.port, timeout=40)
    try:
        path = f"{url.path}?{url.query}" if url.query else url.path
        connection.request(request.method, path, request.body, dict(request.headers))
        response = connection.getresponse()
        text = response.read().decode()
    finally:
        connection.close()
    try:
        found = json.loads(text)
    except ValueError:
        found = {}
    return response.status, found if isinstance(found, dict) else {}


if __name__ == "__main__":
    sys.exit(main())
