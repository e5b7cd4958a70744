"""`make aws-check SETTINGS=settings/mine.json`. Exits 1 where something must be mended first, 2 for bad settings."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from stacks.bytecode import NO_BYTECODE, RUNTIME, runtime_interpreter
from tools.aws_check.account import Account
from tools.aws_check.alarm_topic import AlarmTopic
from tools.aws_check.findings import Finding, Level, left_out, note, ok
from tools.aws_check.templates import Template
from tools.aws_check.validators import check_choices, check_definitions, check_policies, is_not_offered

ROOT = Path(__file__).parents[2]
STACK = "RdsOperations"
_CREDENTIALS = "aws sso login, or export AWS_PROFILE=<profile> AWS_REGION=<Region>"
_NOBODY, _NO_REGION = "123456789012", "us-east-1"
"""An account and a Region to resolve templates with, where there are no credentials."""


def main(settings: str) -> int:
    print("This reads, and changes nothing.\n")
    folder = ROOT / ".local" / "aws-check"
    if error := _synthesise(settings, folder):
        print(error, file=sys.stderr)
        return 2
    found: Counter[Level] = Counter()
    for finding in _findings(settings, folder / f"{STACK}.template.json"):
        found[finding.level] += 1
        _print(finding)
    print(f"\n{found[Level.FIX]} to mend, {found[Level.NOTE]} to know, {found[Level.LEFT_OUT]} left out")
    return 1 if found[Level.FIX] else 0


def _findings(settings: str, template: Path) -> Iterator[Finding]:
    yield ok(f"{settings} makes templates that fit IAM's and CloudFormation's sizes")
    yield _bytecode()
    session: Any = boto3.Session(region_name=os.environ.get("AWS_REGION") or None)  # boto3 reads AWS_DEFAULT_REGION
    caller, why_not = _caller(session)
    if caller is None:
        yield left_out(f"The account, and AWS's own validators: {why_not}", _CREDENTIALS)
        return
    partition, account, region = caller["Arn"].split(":")[1], caller["Account"], str(session.region_name)
    yield ok(f"Account {account}, Region {region}, as {caller['Arn']}")
    deployed = Template.read(template, account, region, partition)
    deploy = f"npx cdk deploy {STACK} -c settings={settings}"
    yield from _attempted("The account", Account(session.client, deployed, STACK, deploy).check)
    yield from _attempted("The alarms' topic", AlarmTopic(session.client, deployed).check)
    # TestState has a host of its own, sync-states.<Region>, but where an endpoint is given.
    config = Config(inject_host_prefix="AWS_ENDPOINT_URL" not in os.environ)
    definitions, states = list(deployed.definitions()), session.client("stepfunctions", config=config)
    yield from _attempted("Step Functions' validation", lambda: check_definitions(states, definitions))
    yield from _attempted("Step Functions' test of states", lambda: check_choices(states, definitions))
    analyzer, policies = session.client("accessanalyzer"), list(deployed.policies())
    yield from _attempted("IAM Access Analyzer's validation", lambda: check_policies(analyzer, policies))


def _bytecode() -> Finding:
    if python := runtime_interpreter():
        return ok(f"The functions get bytecode of Python {RUNTIME} ({python})")
    return note(NO_BYTECODE, f"pyenv install {RUNTIME}    # or: uv python install {RUNTIME}")


def _caller(session: Any) -> tuple[dict[str, Any] | None, str]:
    """Return who asks; or why nobody does."""
    if not session.region_name:
        return None, "no Region is set"
    try:
        return dict(session.client("sts").get_caller_identity()), ""
    except (BotoCoreError, ClientError) as error:
        return None, f"no credentials are at hand ({error})"


def _attempted(what: str, check: Callable[[], Iterator[Finding]]) -> Iterator[Finding]:
    """Go on with the next check where one cannot be made, and say so."""
    try:
        yield from check()
    except ClientError as error:
        if is_not_offered(error):
            yield left_out(f"{what}: this endpoint does not have it")
        else:
            yield left_out(f"{what}: {error}", "Allow that action, or ask somebody who may: docs/deployment.md")
    except BotoCoreError as error:
        yield left_out(f"{what}: {error}")


def _synthesise(settings: str, folder: Path) -> str:
    """Make the templates, without credentials. Return what is wrong."""
    command = [str(ROOT / "node_modules" / ".bin" / "cdk"), "synth", "--quiet", "-c", f"settings={settings}"]
    environment = {**os.environ, "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])}
    done = subprocess.run(
        [*command, "--output", str(folder)], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    lines = [line for line in done.stderr.splitlines() if line.startswith("settings:")]
    return "\n".join(lines) or (done.stderr if done.returncode else "")


def _print(finding: Finding) -> None:
    print(f"{finding.level:9} {finding.text}")
    for line in finding.mend.splitlines():
        print(f"          {line}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
