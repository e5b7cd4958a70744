"""Runs a cold start, and tells what the whole process has used."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.unit.test_imports import ENVIRONMENT

_COLD = Path(__file__).with_name("cold.py")
_LAMBDA = {
    "AWS_EXECUTION_ENV": "AWS_Lambda_python3.13",
    "AWS_LAMBDA_FUNCTION_NAME": "bench",
    "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
    "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "256",
    "AWS_SESSION_TOKEN": "testing",
    "LAMBDA_TASK_ROOT": "/var/task",
    "LANG": "C.UTF-8",
    "_X_AMZN_TRACE_ID": "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1",
}


@dataclass(frozen=True)
class Runtime:
    """A Python, and the folder of the libraries that Lambda's own would bring along."""

    interpreter: str
    libraries: Path


@dataclass(frozen=True)
class Endpoint:
    """Where AWS answers, and the certificates to trust for it; none without TLS."""

    url: str
    bundle: str = ""


@dataclass(frozen=True)
class Job:
    """What to run: a function, or `rds-floor` or `dynamodb-floor`. `pause` in seconds."""

    target: str
    event: Any
    package: Path
    warm: int = 0
    pause: float = 0.0


@dataclass(frozen=True)
class Run:
    """What a process used. Seconds; `cpu` of the process up to its first answer, of which `first_cpu` after the import.

    `imported`, `first` and `warm` are times of the clock. `megabytes` at its peak; `log_bytes` of one invocation.
    """

    cpu: float
    imported: float
    first: float
    first_cpu: float
    megabytes: float
    log_bytes: int
    answer: Any
    warm: list[float] = field(default_factory=list)
    warm_cpu: list[float] = field(default_factory=list)


def run(runtime: Runtime, job: Job, endpoint: Endpoint, group: str = "") -> Run:
    """Run a job in a process of its own, after its import in the `group` of processes that shares a part of a CPU."""
    with tempfile.TemporaryDirectory(prefix="rds-operations-bench-") as folder:
        report = Path(folder) / "report"
        told = {
            "package": str(job.package),
            "libraries": str(runtime.libraries),
            "target": job.target,
            "event": job.event,
            "warm": job.warm,
            "pause": job.pause,
            "group": group,
            "report": str(report),
        }
        command = [runtime.interpreter, "-I", "-B", str(_COLD), json.dumps(told)]
        with (Path(folder) / "out").open("wb") as out:
            environment = _environment(endpoint, folder)
            done = subprocess.run(
                command, env=environment, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.PIPE, check=False
            )
        if done.returncode:
            raise RuntimeError(f"A measured process failed:\n{done.stderr.decode()[-3000:]}")
        return Run(**json.loads(report.read_text()))


def _environment(endpoint: Endpoint, home: str) -> dict[str, str]:
    trusted = {"AWS_CA_BUNDLE": endpoint.bundle} if endpoint.bundle else {}
    path = {"PATH": os.environ["PATH"], "HOME": home}
    return {**ENVIRONMENT, **_LAMBDA, **path, **trusted, "AWS_ENDPOINT_URL": endpoint.url}
