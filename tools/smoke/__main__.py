"""`make smoke`: after a deployment, from outside, what must be refused is refused, and on record. Changes no database.

It reads the stack's outputs and the records with the deployer's credentials, and calls each API with a caller's:
the same credentials (`iam`), API key (`api_key`), TOKEN (`cognito`).
"""

from __future__ import annotations

import json
import os
import sys
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any
from urllib.parse import urlsplit

import boto3
from boto3.dynamodb.conditions import Key
from botocore.exceptions import BotoCoreError, ClientError

from rds_operations.model import clock
from tools.smoke.attempts import LISTS, attempts, strangers
from tools.smoke.calls import Api, Attempt

STACK = "RdsOperations"
_RECORDED_WITHIN = 20
"""Seconds."""


class CannotTest(Exception):
    """What is missing, and how to give it."""


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
        wrong += sum(not good for good in _read(api, production))
        wrong += not _recorded(session, outputs["AuditTable"], made, clock.to_text(since))
    print(f"\n{wrong} wrong" if wrong else "\nAll as it should be; no database was changed")
    return 1 if wrong else 0


def _try(api: Api, attempt: Attempt) -> bool:
    status, answer = api.send(attempt)
    good = (status, answer.get("code", "")) == (attempt.status, attempt.code) and bool(answer.get("error"))
    found = "" if good else f"  {answer.get('code', '')} {answer.get('error', answer)}"
    print(f"{'ok' if good else 'WRONG':9} {api.name}: {attempt.name}: {status}{found}")
    return good


def _read(api: Api, production: str) -> Iterator[bool]:
    """Ask who the caller is, for a page of each list, for a production instance, and for what anybody may see.

    That changes nothing.
    """
    yield _shows(api, "/me", lambda me: bool(me.get("principal")))
    for path in LISTS:
        yield _shows(api, f"{path}?limit=1", partial(_has, path[1:]))
    if production:
        yield _shows(api, f"/instances/{production}", _is_out_of_reach)
    yield _shows(api, "/console/config.json", lambda page: page.get("authentication") == api.name, anonymous=True)
    yield _shows(api, "/openapi.json", lambda page: page["servers"] == [{"url": api.url}], anonymous=True)


def _shows(api: Api, path: str, fits: Callable[[dict[str, Any]], bool], *, anonymous: bool = False) -> bool:
    status, answer = api.send(Attempt(path, 200, "", None, "GET", path, anonymous=anonymous))
    good = status == 200 and fits(answer)
    found = "" if good else f"  {json.dumps(answer)}"
    print(f"{'ok' if good else 'WRONG':9} {api.name}: GET {path}: {status}{found}")
    return good


def _has(name: str, page: dict[str, Any]) -> bool:
    return name in page


def _is_out_of_reach(instance: dict[str, Any]) -> bool:
    """Tell whether it is shown as production, with a refusal for each operation."""
    codes = [said.get("code") for said in instance["operations"].values()]
    return instance["environment"] == "production" and bool(codes) and set(codes) == {"production_instance"}


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


if __name__ == "__main__":
    sys.exit(main())
