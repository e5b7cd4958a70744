"""An auditor proves and exports the record with the printed policy alone, on the deployed service."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from local.cloud import ACCOUNT, REGION, ROOT
from tests.workflow.service import Document, Service, reboot_of

ROLE = "evidence"
_PATIENCE_SECONDS = 90


def policy(service: Service) -> str:
    """Return the policy that docs/audit.md prints, with its placeholders filled in."""
    text = (ROOT / "docs" / "audit.md").read_text().split("## Prove it")[1]
    (printed,) = re.findall(r"```json\n(.*?)```", text.split("## Export")[0], re.DOTALL)
    filled = printed.replace("<region>", REGION).replace("<account>", ACCOUNT)
    filled = filled.replace("<ArchiveBucket>", service.outputs["archive_bucket"])
    assert "<" not in filled
    return json.dumps(json.loads(filled))


@pytest.fixture(scope="module")
def credentials(service: Service) -> Iterator[dict[str, str]]:
    iam = service.aws("iam")
    trust = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": ACCOUNT}}
    iam.create_role(RoleName=ROLE, AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [trust]}))
    iam.put_role_policy(RoleName=ROLE, PolicyName="evidence", PolicyDocument=policy(service))
    role = f"arn:aws:iam::{ACCOUNT}:role/{ROLE}"
    given = service.aws("sts").assume_role(RoleArn=role, RoleSessionName="olga")["Credentials"]
    yield {
        "AWS_ACCESS_KEY_ID": given["AccessKeyId"],
        "AWS_SECRET_ACCESS_KEY": given["SecretAccessKey"],
        "AWS_SESSION_TOKEN": given["SessionToken"],
        "AWS_DEFAULT_REGION": REGION,
        "AWS_ENDPOINT_URL": service.cloud.endpoint,
    }
    iam.delete_role_policy(RoleName=ROLE, PolicyName="evidence")
    iam.delete_role(RoleName=ROLE)


def rds_ops(credentials: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT / "cli"), "HOME": "/nonexistent", **credentials}
    command = [sys.executable, "-m", "rds_ops", *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


def proven(service: Service, credentials: dict[str, str], start: str) -> Document:
    """Wait until a digest lists all records since then, and return the answer."""
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while True:
        service.digest()
        done = rds_ops(credentials, "verify", "--from", start, "--output", "json")
        assert done.stdout, done.stderr
        answer: Document = json.loads(done.stdout)
        counts = answer["counts"]
        if counts.get("records in table and archive") == counts["records in the table"]:
            return answer | {"code": done.returncode, "told": done.stderr}
        assert time.monotonic() < deadline, answer
        time.sleep(2)


def test_an_auditor_proves_finds_and_exports_with_the_printed_policy(
    service: Service, credentials: dict[str, str], tmp_path: Path
) -> None:
    start = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    instance, production = service.new_instance(), service.new_instance("any", {"Stage": "prod"})
    operation = service.accepted(reboot_of(instance))
    service.result(operation)
    assert service.post(reboot_of(production)).status == 403
    found = proven(service, credentials, start)
    assert (found["code"], found["proven"], found["first_faults"]) == (0, True, [])
    assert "Nothing is missing, changed or extra." in found["told"]
    assert found["counts"]["operations ended"] == found["counts"]["executions"] == 1

    (refusal,) = service.records(production)
    service.audit_log.delete_item(Key={name: refusal[name] for name in ("instance_id", "audit_id")})
    done = rds_ops(credentials, "verify", "--from", start)
    assert done.returncode == 1
    assert f"the table does not have this record any more: {refusal['audit_id']}" in done.stderr
    assert "Tell security" in done.stderr

    file = tmp_path / "month.csv"
    done = rds_ops(credentials, "export", "--from", start, "--file", str(file))
    assert (done.returncode, done.stdout) == (0, ""), done.stderr
    assert str(refusal["audit_id"]) in file.read_text(), "the archive has it"
    assert "3 records from" in done.stderr
    assert "1 of them were changed or removed in the table" in done.stderr
    assert file.stat().st_mode & 0o777 == 0o600
    again = rds_ops(credentials, "export", "--from", start, "--file", str(file))
    assert again.returncode == 2
    assert "is there already" in again.stderr
    service.audit_log.put_item(Item=refusal)


def test_what_the_policy_does_not_allow_is_said(credentials: dict[str, str]) -> None:
    done = rds_ops(credentials, "verify", "--stack", "Another")
    assert done.returncode == 7
    assert "AWS refused" in done.stderr
