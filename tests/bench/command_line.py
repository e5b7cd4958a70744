"""How long `rds-ops` takes: its help, and a signed call to a service on this machine, beside `aws --version`.

Part of `make bench`; alone: `python -m tests.bench.command_line`.
"""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

from tests.cli.answers import ME
from tests.cli.stub import Told, serving
from tests.people.terminal import install

HELP_SECONDS = 0.2
_ROUNDS = 15


def report(rounds: int = _ROUNDS) -> str:
    """Return a line for each command: the median of its runs. The commands take turns, so that they share any noise."""
    with tempfile.TemporaryDirectory(prefix="rds-ops-") as folder, serving() as stub:
        stub.tell(Told(200, ME))
        program = str(install(Path(folder)))
        aws = shutil.which("aws")
        commands = {
            f"rds-ops --help (at most {HELP_SECONDS} s)": [program, "--help"],
            "rds-ops whoami, signed": [program, "whoami", "--region", "eu-west-1"],
            **({"aws --version": [aws, "--version"]} if aws else {}),
        }
        environment = {
            "HOME": folder,
            "PATH": os.environ["PATH"],
            "RDS_OPS_API": stub.url,
            "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE",
            "AWS_SECRET_ACCESS_KEY": "x",
        }
        took: dict[str, list[float]] = {name: [] for name in commands}
        for _ in range(rounds):
            for name, command in commands.items():
                took[name].append(_seconds(command, environment))
    lines = [f"{name:34} {statistics.median(seconds):.3f} s" for name, seconds in took.items()]
    return "\n".join([*lines, *([] if aws else ["aws --version: the AWS CLI is not installed here"])])


def _seconds(command: list[str], environment: Mapping[str, str]) -> float:
    began = time.perf_counter()
    subprocess.run(command, env=environment, stdout=subprocess.DEVNULL, check=True)
    return time.perf_counter() - began


if __name__ == "__main__":
    print(report())
