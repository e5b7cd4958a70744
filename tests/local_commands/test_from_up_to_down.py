"""One local cloud: `up`, `up` again, the pages' local commands, and `down`, which leaves nothing.

The tests share it in this order; `down` is the last.
"""

import json
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from local import cloud
from local.deployment import client
from tests.local_commands.commands import local, project_beside_this
from tests.local_commands.pages import follow

OUTPUTS = {
    *("api_url", "api_key", "console_url", "endpoint_url", "region", "account", "state_machine_arn"),
    *("admission_arn", "audit_table", "operations_table", "inventory_table", "archive_bucket"),
    *("iam_api_url", "cognito_api_url", "api_key_id", "user_pool_id", "user_pool_client_id", "cli_client_id"),
    "page_client_id",
}


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = project_beside_this(tmp_path_factory.mktemp("project"))
    yield folder
    cloud.stop(folder / ".local")


@pytest.fixture(scope="module")
def up(project: Path) -> subprocess.CompletedProcess[str]:
    """Run `make up PORT=<a free one> TIME_SCALE=60`."""
    done = local(project, "up", PORT=str(cloud.free_port()), TIME_SCALE="60")
    assert done.returncode == 0, done.stdout + done.stderr
    return done


def test_up_prints_the_credentials_and_writes_the_outputs(project: Path, up: subprocess.CompletedProcess[str]) -> None:
    assert "AWS_ACCESS_KEY_ID=" in up.stdout
    assert "Deploying the service with the CDK CLI" in up.stdout  # what it waits for
    assert set(json.loads((project / ".local" / "outputs.json").read_text())) == OUTPUTS


def test_it_listens_on_the_loopback_interface_only(project: Path) -> None:
    environment = cloud._server_environment(project, 4566, 1.0)
    assert environment["BIND_HOST"] == "127.0.0.1"


@pytest.mark.usefixtures("up")
def test_up_twice_reuses_what_runs(project: Path) -> None:
    outputs = (project / ".local" / "outputs.json").read_text()
    before = cloud._remembered(project / ".local")
    second = local(project, "up")
    assert second.returncode == 0
    assert "runs already" in second.stdout
    assert cloud._remembered(project / ".local") == before
    assert (project / ".local" / "outputs.json").read_text() == outputs


@pytest.mark.usefixtures("up")
def test_up_with_another_time_scale_is_a_clear_error(project: Path) -> None:
    other = local(project, "up", TIME_SCALE="20")
    assert other.returncode == 1
    assert "To change that: make down" in other.stdout
    assert cloud.running(project / ".local")


@pytest.mark.usefixtures("up")
def test_the_requests_of_the_readme(project: Path) -> None:
    follow(project, "README.md", "## Use it")


def wait_until_nothing_runs(project: Path) -> None:
    """Wait for the operations of a page: a second one on the same instance would be refused."""
    here = cloud.running(project / ".local")
    assert here
    states = client(here, "stepfunctions")
    machine = json.loads((project / ".local" / "outputs.json").read_text())["state_machine_arn"]
    deadline = time.monotonic() + 120
    while states.list_executions(stateMachineArn=machine, statusFilter="RUNNING")["executions"]:
        assert time.monotonic() < deadline
        time.sleep(0.5)


@pytest.mark.usefixtures("up")
def test_a_call_of_each_way_to_authenticate(project: Path) -> None:
    for _time in range(2):  # a reader may begin anew
        follow(project, "docs/deployment.md", "## Calling")
        wait_until_nothing_runs(project)


@pytest.mark.usefixtures("up")
def test_a_third_account_on_the_local_cloud(project: Path) -> None:
    follow(project, "docs/cross-account-setup.md", "## The same on the local cloud")


@pytest.mark.usefixtures("up")
def test_down_leaves_no_process_and_no_port_open(project: Path) -> None:
    here = cloud.running(project / ".local")
    assert here, "it does not answer"
    assert local(project, "down").returncode == 0
    assert not cloud._group_is_alive(here.pid)
    assert cloud.port_is_free(here.port)
    assert "No local cloud was running" in local(project, "down").stdout
