"""A page's program in TypeScript does its work with types and a client that are made of docs/openapi.json."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from local.cloud import ROOT
from tests import api_document
from tests.workflow.service import Service, reboot_of

PAGE_CLIENT = ROOT / "tests" / "page_client"
PROGRAM = PAGE_CLIENT / "client.ts"
NODE_MODULES = ROOT / "node_modules"
_FEWER_THAN = 60
"""Lines."""


def run(*command: str, folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    given = {**os.environ, **environment}
    return subprocess.run(command, cwd=folder, env=given, capture_output=True, text=True, check=False)


def compiled(folder: Path) -> subprocess.CompletedProcess[str]:
    """Check the types, strictly, and compile: Node before 22.18 does not run TypeScript."""
    return run(str(NODE_MODULES / ".bin" / "tsc"), "--strict", "--project", ".", folder=folder)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a copy of the program beside the types."""
    made = tmp_path / "page"
    shutil.copytree(PAGE_CLIENT, made)
    (made / "node_modules").symlink_to(NODE_MODULES)
    generate = str(NODE_MODULES / ".bin" / "openapi-typescript")
    done = run(generate, str(api_document.PATH), "--output", "api.d.ts", folder=made)
    assert done.returncode == 0, done.stdout + done.stderr
    return made


def test_it_is_short() -> None:
    assert len(PROGRAM.read_text().splitlines()) < _FEWER_THAN


def test_it_lists_says_why_not_starts_follows_shows_an_error_and_the_history(service: Service, folder: Path) -> None:
    instance, production = service.new_instance("page"), service.new_instance("page", {"Environment": "production"})
    taken = service.aws("lambda").invoke(FunctionName="rds-operations-inventory", Payload=b"{}")
    assert "FunctionError" not in taken
    checked = compiled(folder)
    assert checked.returncode == 0, checked.stdout
    given = {"API": service.outputs["api_url"], "KEY": service.outputs["api_key"]}
    done = run("node", "client.js", folder=folder, **given, INSTANCE=instance, PRODUCTION=production)
    assert done.returncode == 0, done.stdout + done.stderr
    lines = done.stdout.splitlines()
    why_not = f"production_instance: {service.post(reboot_of(production)).body['error']}"
    assert f"{instance} (development): can reboot" in lines
    assert f"{production} (production): {why_not}" in lines
    would, ended, error, past = lines[-4:]
    assert would == "nothing is against it in development"
    assert (ended, error) == ("done: available", why_not)
    assert past.endswith("reboot_instance available { force_failover: false }")
    assert service.rebooted(instance)
    assert [record["event"] for record in service.records(instance)] == ["accepted", "completed"]


@pytest.mark.parametrize(
    ("right", "wrong", "error"),
    [
        ('reboot.allowed ? "can reboot" : ', "", "Property 'code' does not exist on type"),
        ('"accepted" in begun', "false", "Property 'operation_id' does not exist on type"),
        ("operation.success ? ", "true ? ", "Property 'code' does not exist on type"),
        ('"reboot_instance", instance_id: INSTANCE', '"reboot", instance_id: INSTANCE', '"reboot"'),
        ("instance_id: INSTANCE }", "instance_id: INSTANCE, parameters: { snapshot_id: 'x' } }", "snapshot_id"),
    ],
)
def test_what_the_document_does_not_allow_is_no_program(folder: Path, right: str, wrong: str, error: str) -> None:
    """The types tell apart an allowed and a refused operation, a dry run and a start, a success and a failure."""
    program = folder / PROGRAM.name
    text = program.read_text()
    assert right in text
    program.write_text(text.replace(right, wrong))
    checked = compiled(folder)
    assert checked.returncode != 0
    assert error in checked.stdout
