"""Installs all that the project needs: the virtual environment, Node and the CDK CLI.

Everything comes from the lock files, checked by hash. This uses only the standard library and syntax that any Python 3
can read, because it reports a Python that is too old.
"""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
OLDEST_PYTHON = (3, 11)
OLDEST_NODE = 22  # older ones get no fixes, and the CDK warns about them at every run
INSTALLER, PACKAGES, NODE, BROWSER = LOCKS = [
    ROOT / name for name in ("local/installer.lock", "requirements.lock", "local/node.lock", "local/browser.lock")
]


class SetupError(Exception):
    """Say what to install or to change."""


def main() -> None:
    make_environment()
    install_packages()
    install_command_line()
    install_node()
    install_node_modules()
    build_pages()


def make_environment() -> None:
    if sys.version_info < OLDEST_PYTHON:
        found = ".".join(str(part) for part in sys.version_info[:3])
        raise SetupError(f"Python {found} is too old: 3.11 or newer is needed. Try: make setup PYTHON=python3.11")
    if not (VENV / "bin" / "python").exists():
        print("Creating the virtual environment in .venv", flush=True)
        run(
            [sys.executable, "-m", "venv", "--clear", str(VENV)],
            "No virtual environment. On Debian: apt install python3-venv",
        )


def install_packages() -> None:
    """Install wheels, which run no code.

    `airspeed-ext` is published as source only. It is built with the locked setuptools; pip would fetch the newest one
    unchecked.
    """
    print("Installing the Python packages of requirements.lock", flush=True)
    pip("--requirement", str(INSTALLER))
    wheels = ["--only-binary", ":all:", "--no-binary", "airspeed-ext", "--no-build-isolation"]
    pip(*wheels, "--requirement", str(PACKAGES))
    remove_unlocked()


def install_command_line() -> None:
    """Put `rds-ops` into .venv/bin, as what stands in cli/: a change there needs no new set-up."""
    command = [str(VENV / "bin" / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    offline = ["--no-index", "--no-deps", "--no-build-isolation"]
    run([*command, *offline, "--editable", str(ROOT)], "pip could not install rds-ops")


def remove_unlocked() -> None:
    """Remove what an older lock installed, so that tests run on what a fresh clone gets."""
    command = [str(VENV / "bin" / "python"), "-m", "pip", "freeze", "--all", "--disable-pip-version-check"]
    frozen = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    locked = set().union(*(names(lock.read_text()) for lock in LOCKS))
    unlocked = sorted(names(frozen) - locked)
    if unlocked:
        run([*command[:3], "uninstall", "--yes", *unlocked], "pip could not remove " + ", ".join(unlocked))


def names(requirements: str) -> set:  # type: ignore[type-arg]
    found = re.findall(r"^([A-Za-z0-9][\w.-]*)(?= ?[=@])", requirements, re.MULTILINE)
    return {re.sub(r"[-_.]+", "-", name).lower() for name in found}


def install_node() -> None:
    """Install Node into the virtual environment if the machine has none or an old one."""
    node = shutil.which("node", path=search_path())
    version = (
        subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout.strip() if node else ""
    )
    if not version or int(version.lstrip("v").split(".")[0]) < OLDEST_NODE:
        print(f"Installing Node.js into .venv (found: {version or 'none'})", flush=True)
        pip("--only-binary", ":all:", "--requirement", str(NODE))


def install_node_modules() -> None:
    print("Installing the CDK CLI and the pages' modules of package-lock.json", flush=True)
    # esbuild has a script, which only replaces its program by a faster one.
    command = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    run(command, "npm could not install them. Is the network down?")


def build_pages() -> None:
    """Build the console now, for a deployment that follows; a changed source is built again then."""
    run([str(VENV / "bin" / "python"), "-m", "stacks.console_package"], "The console could not be built.")


def pip(*arguments: str) -> None:
    command = [
        str(VENV / "bin" / "python"),
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
        "--require-hashes",
        *arguments,
    ]
    run(command, "pip could not install the packages. Is the network down?")


def run(command: list, failure: str) -> None:  # type: ignore[type-arg]
    log = ROOT / ".local" / "setup.log"
    log.parent.mkdir(exist_ok=True)
    with log.open("a") as output:
        done = subprocess.run(
            command,
            cwd=ROOT,
            env={**os.environ, "PATH": search_path()},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            check=False,
        )
    if done.returncode:
        tail = "\n".join(log.read_text().splitlines()[-8:])
        raise SetupError(f"{failure}\nThe whole log is {log}; its end:\n{tail}")


def search_path() -> str:
    return os.pathsep.join([str(VENV / "bin"), os.environ.get("PATH", os.defpath)])


if __name__ == "__main__":
    try:
        main()
    except SetupError as error:
        sys.exit(f"setup: {error}")
