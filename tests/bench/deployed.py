"""What a deployment's template says of cost: memory sizes, schedules, logs and traces."""

from __future__ import annotations

import json
import re
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aws_cdk import App

from stacks.service_stack import ServiceStack
from stacks.settings import Settings
from tests.bench.cost import Deployed

_ROOT = Path(__file__).parents[2]
_RATE = re.compile(r"rate\((\d+) minutes\)")


@dataclass(frozen=True)
class Template:
    deployed: Deployed
    megabytes: dict[str, int]
    every_minutes: dict[str, int]


def read_template(settings: Settings) -> Template:
    """Synthesise the service's stack, and read it."""
    context = json.loads((_ROOT / "cdk.json").read_text())["context"]
    with tempfile.TemporaryDirectory(prefix="rds-operations-cdk-") as folder:
        app = App(outdir=folder, context=context)
        stack = ServiceStack(app, "RdsOperations", settings)
        app.synth()
        resources = json.loads((Path(folder) / f"{stack.stack_name}.template.json").read_text())["Resources"]
    return parsed(resources)


def parsed(resources: dict[str, Any]) -> Template:
    def of_type(kind: str) -> dict[str, dict[str, Any]]:
        return {name: item["Properties"] for name, item in resources.items() if item["Type"] == kind}

    functions = of_type("AWS::Lambda::Function")
    names = {logical: item["Handler"].partition(".")[0] for logical, item in functions.items()}
    (rule,) = of_type("AWS::XRay::SamplingRule").values()
    logged = {
        item["StateMachineType"]: item["LoggingConfiguration"]["Level"]
        for item in of_type("AWS::StepFunctions::StateMachine").values()
    }
    deployed = Deployed(rule["SamplingRule"]["FixedRate"], logged["EXPRESS"] == "ALL", logged["STANDARD"] == "ALL")
    schedules = {
        names[item["Target"]["Arn"]["Fn::GetAtt"][0]]: _minutes(item["ScheduleExpression"])
        for item in of_type("AWS::Scheduler::Schedule").values()
    }
    return Template(deployed, {names[logical]: item["MemorySize"] for logical, item in functions.items()}, schedules)


def _minutes(expression: str) -> int:
    found = _RATE.fullmatch(expression)
    if not found:
        raise ValueError(f"No rate in minutes: {expression}")
    return int(found[1])
