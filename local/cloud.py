"""The local cloud's server. One folder has its state, its log and its process id."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from dataclasses import asdict, dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent
HOST = "127.0.0.1"
REGION = "eu-west-1"
ACCOUNT = "111122223333"
OTHER_ACCOUNT = "222233334444"
OTHER_REGION = "eu-central-1"
SECRET_KEY = "local"  # MiniStack takes any 12 digits, with any secret, for the root key of that account
_START_SECONDS = 60
_STOP_SECONDS = 15


class CloudError(Exception):
    """Say what is wrong, and what to do."""


@dataclass(frozen=True)
class Cloud:
    port: int
    time_scale: float
    pid: int
    folder: str

    @property
    def endpoint(self) -> str:
        return f"http://{HOST}:{self.port}"

    def environment(self, account: str = ACCOUNT) -> dict[str, str]:
        """Return the variables with which the AWS CLI, the CDK CLI and boto3 talk only to this cloud."""
        return {
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_ACCESS_KEY_ID": account,
            "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
            "AWS_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_EC2_METADATA_DISABLED": "true",
        }


def running(folder: Path) -> Cloud | None:
    cloud = _remembered(folder)
    return cloud if cloud and _is_alive(cloud.pid) and _answers(cloud.endpoint) else None


def start(folder: Path, port: int, time_scale: float, *, faults: bool = False, keep_state: bool = False) -> Cloud:
    """Start a server. `faults` lets tests inject faults; `keep_state` saves the state, and starts from a saved one."""
    if not port_is_free(port):
        raise CloudError(f"Port {port} is taken by another program. Choose another one: make up PORT={port + 1}")
    folder.mkdir(parents=True, exist_ok=True)
    log = folder / "cloud.log"
    environment = _server_environment(folder, port, time_scale)
    environment |= {"FAULTS": str(int(faults)), "PERSIST_STATE": str(int(keep_state))}
    with log.open("a" if keep_state else "w") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "local.server"],
            cwd=ROOT,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    cloud = Cloud(port, time_scale, process.pid, str(folder))
    (folder / "cloud.json").write_text(json.dumps(asdict(cloud)))
    deadline = time.monotonic() + _START_SECONDS
    while not _answers(cloud.endpoint):
        if process.poll() is not None or time.monotonic() > deadline:
            stop(folder)
            raise CloudError(f"The local cloud did not start. Its log is {log}")
        time.sleep(0.2)
    return cloud


def stop(folder: Path) -> bool:
    """End the server and its functions. Return False where there was none."""
    cloud = _remembered(folder)
    (folder / "cloud.json").unlink(missing_ok=True)
    (folder / "outputs.json").unlink(missing_ok=True)
    if cloud is None or not _is_alive(cloud.pid):
        return False
    _signal_group(cloud.pid, signal.SIGTERM)
    deadline = time.monotonic() + _STOP_SECONDS
    while _group_is_alive(cloud.pid) and time.monotonic() < deadline:
        _reap(cloud.pid)
        time.sleep(0.1)
    _signal_group(cloud.pid, signal.SIGKILL)
    _reap(cloud.pid)
    return True


def port_is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def _server_environment(folder: Path, port: int, time_scale: float) -> dict[str, str]:
    endpoint = f"http://{HOST}:{port}"
    return {
        **os.environ,
        "AUTH": "true",
        "BIND_HOST": HOST,
        "GATEWAY_PORT": str(port),
        "MINISTACK_HOST": HOST,
        "MINISTACK_ACCOUNT_ID": ACCOUNT,
        "MINISTACK_REGION": REGION,
        "AWS_ENDPOINT_URL": endpoint,
        "LAMBDA_EXECUTOR": "local",
        "CLOUDTRAIL_RECORDING": "1",
        "CLOUDTRAIL_MAX_EVENTS": "2000",
        "IOT_MTLS_ENABLED": "0",  # other listeners, which no test needs
        "SFTP_ENABLED": "0",
        "SFN_WAIT_SCALE": str(1 / time_scale),
        "STATE_DIR": str(folder / "state"),
        "TMPDIR": _made(folder / "tmp"),
        "TIME_SCALE": str(time_scale),
        "PYTHONUNBUFFERED": "1",
    }


def _made(folder: Path) -> str:
    folder.mkdir(parents=True, exist_ok=True)
    return str(folder.resolve())


def _remembered(folder: Path) -> Cloud | None:
    try:
        return Cloud(**json.loads((folder / "cloud.json").read_text()))
    except (OSError, ValueError, TypeError):
        return None


def _answers(endpoint: str) -> bool:
    try:
        with urllib.request.urlopen(f"{endpoint}/_ministack/health", timeout=2) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def _is_alive(pid: int) -> bool:
    _reap(pid)
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True


def _group_is_alive(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except (ProcessLookupError, PermissionError):
        return False
    return True


def _signal_group(group: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, number)


def _reap(pid: int) -> None:
    with contextlib.suppress(ChildProcessError):
        os.waitpid(pid, os.WNOHANG)
