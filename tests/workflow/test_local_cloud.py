"""The commands that people and tools rely on: `up` twice, a taken port, `down` that leaves nothing."""

import json
import os
import shutil
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from local import cloud
from local.cloud import ROOT

OUTPUTS = {
    *("api_url", "api_key", "endpoint_url", "region", "account", "state_machine_arn"),
    *("admission_arn", "audit_table", "operations_table", "inventory_table"),
    *("iam_api_url", "cognito_api_url", "api_key_id", "user_pool_id", "user_pool_client_id"),
}


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Path]:
    """The project beside this one, with a .local of its own."""
    for path in ROOT.iterdir():
        if path.name not in (".local", "cdk.out", ".git"):
            (tmp_path / path.name).symlink_to(path)
    (tmp_path / "local").unlink()
    shutil.copytree(ROOT / "local", tmp_path / "local", ignore=shutil.ignore_patterns("__pycache__"))
    yield tmp_path
    run(tmp_path, "down")


def run(project: Path, command: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "local", command],
        cwd=project,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_up_twice_reuses_what_runs_and_down_leaves_no_process_and_no_port_open(project: Path) -> None:
    port = cloud.free_port()
    first = run(project, "up", PORT=str(port), TIME_SCALE="10")
    assert first.returncode == 0, first.stdout + first.stderr
    outputs = json.loads((project / ".local" / "outputs.json").read_text())
    assert set(outputs) == OUTPUTS
    assert "AWS_ACCESS_KEY_ID=" in first.stdout
    before = cloud._remembered(project / ".local")
    second = run(project, "up")
    assert second.returncode == 0
    assert "runs already" in second.stdout
    assert cloud._remembered(project / ".local") == before
    assert json.loads((project / ".local" / "outputs.json").read_text()) == outputs
    other = run(project, "up", TIME_SCALE="20")
    assert other.returncode == 1
    assert "To change that: make down" in other.stdout
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/_ministack/health", timeout=5) as answer:
        assert answer.status == 200
    assert run(project, "down").returncode == 0
    assert before is not None
    assert not cloud._group_is_alive(before.pid)
    assert cloud.port_is_free(port)
    assert "No local cloud was running" in run(project, "down").stdout


def test_it_listens_on_the_loopback_interface_only(project: Path) -> None:
    environment = cloud._server_environment(project, 4566, 1.0)
    assert environment["BIND_HOST"] == "127.0.0.1"


def test_a_taken_port_is_a_clear_error(project: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = run(project, "up", PORT=str(port))
    assert done.returncode == 1
    assert f"Port {port} is taken by another program" in " ".join(done.stdout.split())


@pytest.mark.parametrize(("name", "value"), [("PORT", "abc"), ("PORT", "0"), ("PORT", "99999"), ("TIME_SCALE", "-1")])
def test_nonsense_numbers_are_a_clear_error(project: Path, name: str, value: str) -> None:
    done = run(project, "up", **{name: value})
    assert done.returncode == 1
    assert f"{name}={value} is not a number that fits" in " ".join(done.stdout.split())


def test_a_python_that_is_too_old_is_a_clear_error(project: Path) -> None:
    program = (
        "import sys; sys.version_info = (3, 10, 1); import runpy; runpy.run_path('local/setup.py', run_name='__main__')"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=project, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "Python 3.10.1 is too old: 3.11 or newer is needed" in done.stderr


def test_a_network_that_is_down_is_a_clear_error(project: Path) -> None:
    (project / ".venv").unlink()
    (project / "requirements.lock").unlink()
    (project / "requirements.lock").write_text(f"no-such-package-anywhere==1.0 --hash=sha256:{0:064}\n")
    environment = {**os.environ, "PIP_INDEX_URL": "http://127.0.0.1:9/simple", "PIP_RETRIES": "0"}
    environment |= {"PIP_EXTRA_INDEX_URL": "", "PIP_NO_INDEX": "", "PIP_FIND_LINKS": ""}
    done = subprocess.run(
        [sys.executable, "local/setup.py"], cwd=project, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert "pip could not install the packages. Is the network down?" in done.stderr
