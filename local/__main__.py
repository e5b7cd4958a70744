"""For the Makefile: `python -m local up | down | demo`."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path

from rich.console import Console

from local import cloud, demo_instances, deployment
from local.cloud import Cloud, CloudError
from local.demo import demo

FOLDER = cloud.ROOT / ".local"
DEFAULT_PORT = 4566
DEMO_TIME_SCALE = 10.0


def main() -> None:
    commands: dict[str, Callable[[Console], object]] = {"up": up, "down": down, "demo": run_demo}
    console = Console(highlight=False)
    command = commands.get(" ".join(sys.argv[1:]))
    if command is None:
        sys.exit(f"usage: python -m local {' | '.join(commands)}")
    try:
        command(console)
    except CloudError as error:
        console.print(f"[bold red]error[/] {error}", soft_wrap=True)
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)


def up(console: Console, default_time_scale: float = 1.0) -> Cloud:
    port, time_scale = _wanted("PORT"), _wanted("TIME_SCALE")
    here = cloud.running(FOLDER)
    if here:
        _check_same(here, port, time_scale)
        console.print(f"The local cloud runs already, on {here.endpoint}, {here.time_scale:g} times real time")
    else:
        cloud.stop(FOLDER)  # a server that was not stopped
        console.print("Starting the local cloud: a few seconds")
        here = cloud.start(FOLDER, int(port or DEFAULT_PORT), time_scale or default_time_scale)
        console.print(f"The local cloud runs on {here.endpoint}, {here.time_scale:g} times real time")
    console.print("Deploying the service with the CDK CLI, in two accounts: a minute or less")
    outputs = deployment.deploy(here, os.environ.get("SETTINGS") or deployment.LOCAL_SETTINGS)
    console.print("Creating databases to try it on, and listing them")
    demo_instances.create_all(here)
    deployment.list_databases(here)
    console.print(f"The service is deployed: {outputs['api_url']}", soft_wrap=True)
    console.print(f"Outputs: {_shown(FOLDER / 'outputs.json')}  log: {_shown(FOLDER / 'cloud.log')}")
    _print_credentials(console, here)
    return here


def down(console: Console) -> None:
    console.print("The local cloud is stopped" if cloud.stop(FOLDER) else "No local cloud was running")


def run_demo(console: Console) -> None:
    whole_record = bool(os.environ.get("RECORD"))
    demo(console, up(console, DEMO_TIME_SCALE), FOLDER / "outputs.json", whole_record=whole_record)


def _wanted(name: str) -> float | None:
    given = os.environ.get(name, "")
    if not given:
        return None
    try:
        value = float(given)
    except ValueError:
        value = 0
    if value <= 0 or (name == "PORT" and not (value.is_integer() and value < 65536)):
        raise CloudError(f"{name}={given} is not a number that fits. Example: make up PORT=4570 TIME_SCALE=10")
    return value


def _check_same(here: Cloud, port: float | None, time_scale: float | None) -> None:
    if port not in (None, here.port) or time_scale not in (None, here.time_scale):
        raise CloudError(
            f"The local cloud runs already, on port {here.port} at {here.time_scale:g} times real time. "
            "To change that: make down"
        )


def _print_credentials(console: Console, here: Cloud) -> None:
    console.print("Credentials for the AWS CLI (of accounts that exist on this machine only):", soft_wrap=True)
    environment = here.environment()
    names = ("AWS_ENDPOINT_URL", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_DEFAULT_REGION")
    console.print("  export " + " ".join(f"{name}={environment[name]}" for name in names), soft_wrap=True)


def _shown(path: Path) -> str:
    return str(path.relative_to(cloud.ROOT))


if __name__ == "__main__":
    main()
