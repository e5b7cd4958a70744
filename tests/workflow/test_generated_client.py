"""A client that nobody here wrote carries out operations: openapi-python-client makes it of docs/openapi.json."""

import importlib
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any

import pytest

from local.cloud import ACCOUNT, REGION
from tests import api_document
from tests.workflow.service import Service

_PATIENCE_SECONDS = 180


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("generated")
    (folder / "config.yaml").write_text("package_name_override: generated_rds_operations\npost_hooks: []\n")
    command = [sys.executable, "-m", "openapi_python_client", "generate", "--path", str(api_document.PATH)]
    command += ["--config", str(folder / "config.yaml"), "--output-path", str(folder / "client"), "--fail-on-warning"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    sys.path.insert(0, str(folder / "client"))
    yield "generated_rds_operations"
    sys.path.remove(str(folder / "client"))


class Generated:
    """The generated package as a program uses it."""

    def __init__(self, package: str, service: Service) -> None:
        self.models: Any = importlib.import_module(f"{package}.models")
        self._start = importlib.import_module(f"{package}.api.default.start_operation")
        self._list = importlib.import_module(f"{package}.api.default.list_operations")
        self._records = importlib.import_module(f"{package}.api.default.list_records")
        self._me = importlib.import_module(f"{package}.api.default.who_am_i")
        self._get = importlib.import_module(f"{package}.api.default.get_operation")
        self._instances = importlib.import_module(f"{package}.api.default.list_instances")
        self._instance = importlib.import_module(f"{package}.api.default.get_instance")
        client = importlib.import_module(package).AuthenticatedClient
        self._client = client(
            service.outputs["api_url"], service.outputs["api_key"], prefix="", auth_header_name="x-api-key"
        )

    def start(self, body: Any) -> Any:
        return self._start.sync(client=self._client, body=body)

    def get(self, operation_id: str) -> Any:
        return self._get.sync(operation_id, client=self._client)

    def operations(self, **filters: Any) -> Any:
        return self._list.sync(client=self._client, **filters)

    def records(self, **filters: Any) -> Any:
        return self._records.sync(client=self._client, **filters)

    def instances(self, **filters: Any) -> Any:
        return self._instances.sync(client=self._client, **filters)

    def instance(self, instance_id: str, **place: str) -> Any:
        return self._instance.sync(instance_id, client=self._client, **place)

    def me(self) -> Any:
        return self._me.sync(client=self._client)

    def result(self, operation_id: str) -> Any:
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while not (document := self.get(operation_id)).finished:
            assert isinstance(document, self.models.Running)
            assert time.monotonic() < deadline
            time.sleep(0.3)
        return document


@pytest.fixture
def generated(package: str, service: Service) -> Generated:
    return Generated(package, service)


def test_a_snapshot_by_the_generated_client(generated: Generated, service: Service) -> None:
    models, instance = generated.models, service.new_instance("generated")
    parameters = models.SnapshotRequestParameters(snapshot_id=f"{instance}-one")
    accepted = generated.start(models.SnapshotRequest("create_snapshot", instance, parameters))
    assert isinstance(accepted, models.Accepted)
    result = generated.result(accepted.operation_id)
    assert isinstance(result, models.SnapshotSucceeded)
    assert result.snapshot_id == f"{instance}-one"
    assert [step.state.value for step in result.steps] == ["Admit", "Execute", "Poll", "Audit"]
    found = service.aws("rds").describe_db_snapshots(DBSnapshotIdentifier=result.snapshot_id)["DBSnapshots"]
    assert [snapshot["DBSnapshotArn"] for snapshot in found] == [result.snapshot_arn]
    assert result.additional_properties == {}


def test_results_are_told_apart_by_the_generated_client(generated: Generated, service: Service) -> None:
    models, instance = generated.models, service.new_instance("generated")
    parameters = models.BackupWindowRequestParameters(backup_window="03:00-04:00")
    accepted = generated.start(models.BackupWindowRequest("modify_backup_window", instance, parameters))
    assert isinstance(generated.result(accepted.operation_id), models.BackupWindowSucceeded)


def test_a_refusal_by_the_generated_client(generated: Generated, service: Service) -> None:
    models, production = generated.models, service.new_instance("generated", {"Stage": "live"})
    refused = generated.start(models.RebootRequest("reboot_instance", production))
    assert isinstance(refused, models.Error)
    assert (refused.code.value, refused.environment_source) == ("production_instance", "tag Stage=live")


def test_lists_by_the_generated_client(generated: Generated, service: Service) -> None:
    models, instance = generated.models, service.new_instance("generated")
    parameters = models.BackupWindowRequestParameters(backup_window="03:00-04:00")
    accepted = generated.start(models.BackupWindowRequest("modify_backup_window", instance, parameters))
    generated.result(accepted.operation_id)
    page = generated.operations(instance_id=instance)
    assert [document.operation_id for document in page.operations] == [accepted.operation_id]
    first = generated.records(instance_id=instance, limit=1)
    assert [record.event.value for record in first.records] == ["completed"]
    second = generated.records(instance_id=instance, limit=1, next_=first.next_)
    assert [record.event.value for record in second.records] == ["accepted"]
    assert first.records[0].principal == generated.me().principal
    assert generated.records(from_="yesterday").error.startswith("from must be an ISO 8601 date or time")


def test_instances_and_dry_runs_by_the_generated_client(generated: Generated, service: Service) -> None:
    models, instance = generated.models, service.new_instance("generated")
    production = service.new_instance("generated", {"Stage": "live"})
    allowed = generated.instance(instance, account_id=ACCOUNT, region=REGION).operations.reboot_instance
    assert isinstance(allowed, models.OperationAllowed)
    refused = generated.instance(production).operations.reboot_instance
    assert isinstance(refused, models.OperationRefused)
    assert refused.code.value == "production_instance"
    would = generated.start(models.RebootRequest("reboot_instance", instance, dry_run=True))
    assert isinstance(would, models.DryRunAccepted)
    assert (would.environment.value, would.warnings) == ("development", [])
    error = generated.start(models.RebootRequest("reboot_instance", production, dry_run=True))
    assert (error.error, error.environment_source) == (refused.error, refused.environment_source)
    assert generated.instance("nobody").code.value == "instance_not_found"
    page = generated.instances(limit=1, account_id=ACCOUNT, region=REGION)
    assert [(place.account_id, place.region) for place in page.places] == [(ACCOUNT, REGION)]
