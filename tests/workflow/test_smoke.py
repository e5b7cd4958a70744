"""`make smoke` on the local cloud: what must be refused is refused and on record, and no database is changed."""

import os
import subprocess
import sys

import pytest

from local.cloud import ROOT
from tests.workflow.service import Service

LISTS = ("operations", "records", "instances")


def smoke(service: Service, **environment: str) -> subprocess.CompletedProcess[str]:
    given = {**os.environ, **service.cloud.environment(), **environment}
    command = [sys.executable, "-m", "tools.smoke"]
    return subprocess.run(command, cwd=ROOT, env=given, capture_output=True, text=True, check=False)


def test_what_must_be_refused_is_refused_and_on_record(service: Service) -> None:
    production, executions = service.new_instance("smoke", {"Stage": "live"}), service.operation_executions()
    done = smoke(service, PRODUCTION=production)
    assert done.returncode == 0, done.stdout + done.stderr
    lines = done.stdout.splitlines()
    assert lines[-1] == "All as it should be; no database was changed"
    assert not [line for line in lines if line.startswith("WRONG")]
    for api in ("iam", "api_key"):
        told = [line for line in lines if f" {api}: " in line]
        assert {line.rpartition(" ")[2] for line in told} >= {"200", "400", "403", "404", "413", "415"}
        assert set(told) >= {
            f"ok        {api}: GET {path}: 200"
            for path in (
                "/me",
                *(f"/{name}?limit=1" for name in LISTS),
                f"/instances/{production}",
                "/console/config.json",
                "/openapi.json",
            )
        }
    assert [line for line in lines if line.startswith("ok        11 refusals are on record in rds_audit_log")]
    assert [record.get("dry_run", False) for record in service.records(production)] == [False, True] * 2
    assert "left out  the API for Cognito: give an identity token with TOKEN=<token>" in lines
    assert service.operation_executions() == executions
    assert service.instance(production)["DBInstanceStatus"] == "available"


def test_production_that_is_let_in_is_found(service: Service) -> None:
    """The instance is none: its request is accepted, or not ready."""
    instance = service.new_instance("smoke", {"Environment": "dev"})
    service.aws("rds").stop_db_instance(DBInstanceIdentifier=instance)
    done = smoke(service, PRODUCTION=instance)
    assert done.returncode == 1
    wrong = [line for line in done.stdout.splitlines() if line.startswith("WRONG")]
    assert f"WRONG     api_key: production: {instance}: 409  instance_not_ready" in "\n".join(wrong)
    assert f"WRONG     api_key: GET /instances/{instance}: 200" in "\n".join(wrong)
    assert f"WRONG     no record of 403 production_instance under {instance} in rds_audit_log" in wrong


@pytest.mark.parametrize("missing", ["AWS_REGION", "stack"])
def test_what_is_missing_is_said_in_a_sentence(service: Service, missing: str) -> None:
    away = {"AWS_ACCESS_KEY_ID": "999988887777"} if missing == "stack" else {"AWS_REGION": "", "AWS_DEFAULT_REGION": ""}
    done = smoke(service, **away)
    assert done.returncode == 2
    assert done.stderr.startswith("smoke: ")
    assert len(done.stderr.splitlines()) == 1
