"""The installed program in a terminal of a given size."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import sysconfig
from dataclasses import dataclass, field
from pathlib import Path

import pexpect

from local.cloud import ROOT

_PATIENCE_SECONDS = 120
_CONTROLS = re.compile(r"\x1b(\[[0-9;?]*[A-Za-z]|[=>]|\][^\x07]*\x07)|\r")


@dataclass(frozen=True)
class Ended:
    code: int
    shown: str
    """What the terminal was sent, without control sequences."""


@dataclass(frozen=True)
class Terminal:
    """Run `rds-ops` as a person does. `variables` are the only ones that could lead it anywhere."""

    program: Path
    variables: dict[str, str] = field(default_factory=dict)
    columns: int = 100

    def environment(self) -> dict[str, str]:
        return {
            "PATH": f"{self.program.parent}:{os.environ['PATH']}",
            "TERM": "xterm-256color",
            "LANG": "C.UTF-8",
            **self.variables,
        }

    def spawn(self, command: str, *arguments: str) -> pexpect.spawn[str]:
        return pexpect.spawn(
            command,
            list(arguments),
            env=self.environment(),
            dimensions=(40, self.columns),
            timeout=_PATIENCE_SECONDS,
            encoding="utf-8",
            preexec_fn=_take_interrupts,
        )

    def run(self, *arguments: str) -> Ended:
        child = self.spawn(str(self.program), *arguments)
        child.expect(pexpect.EOF)
        return ended(child)

    def piped(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [self.program, *arguments],
            env=self.environment(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_PATIENCE_SECONDS,
            check=False,
        )


def _take_interrupts() -> None:
    """Undo what a shell does to programs in the background: they, and all that they start, ignore Ctrl-C."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def ended(child: pexpect.spawn[str]) -> Ended:
    child.close()
    return Ended(child.exitstatus if child.exitstatus is not None else -1, plain(child.before or ""))


def plain(text: str) -> str:
    return _CONTROLS.sub("", text)


def install(folder: Path) -> Path:
    """Install the package into an environment of its own, beside the packages of this one. Return the program."""
    source, environment = folder / "source", folder / "environment"
    source.mkdir()
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source)
    shutil.copytree(ROOT / "cli", source / "cli", ignore=shutil.ignore_patterns("__pycache__"))
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", environment], check=True)
    packages = environment / "lib" / f"python{sys.version_info.major}.{sys.version_info.minor}" / "site-packages"
    (packages / "beside.pth").write_text(sysconfig.get_path("purelib") + "\n")
    python = str(environment / "bin" / "python")
    pip = [sys.executable, "-m", "pip", "--python", python, "--disable-pip-version-check"]
    offline = ["--quiet", "--ignore-installed", "--no-index", "--no-deps", "--no-build-isolation"]
    subprocess.run([*pip, "install", *offline, str(source)], check=True)
    return environment / "bin" / "rds-ops"
