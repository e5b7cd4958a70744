"""Errors at the terminal are clear sentences: a taken port, a bad number, an old Python, no network."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.local_commands.commands import local, project_beside_this


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return project_beside_this(tmp_path)


def test_a_taken_port_is_a_clear_error(project: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = local(project, "up", PORT=str(port))
    assert done.returncode == 1
    assert f"Port {port} is taken by another program" in " ".join(done.stdout.split())


@pytest.mark.parametrize(("name", "value"), [("PORT", "abc"), ("PORT", "0"), ("PORT", "99999"), ("TIME_SCALE", "-1")])
def test_nonsense_numbers_are_a_clear_error(project: Path, name: str, value: str) -> None:
    done = local(project, "up", **{name: value})
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
