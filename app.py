"""The CDK app. `cdk deploy` in the account and Region to serve; `-c settings=<file>` chooses the deployment."""

import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "functions"))  # the stacks read the operations and the gate's rules
# The CDK runs on Node: on the one that the set-up put beside this Python, if the machine's own is missing or too old.
os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)])

from dataclasses import fields

from aws_cdk import App, CliCredentialsStackSynthesizer

from rds_operations.gate_settings import GateSettings
from stacks.service_stack import ServiceStack
from stacks.settings import Settings, SettingsError

_DEFAULT_SETTINGS = "settings/default.json"
_OVERRIDABLE = (
    "stage",
    "poll_interval_seconds",
    "max_polls",
    "late_watch_interval_seconds",
    "late_watch_max_polls",
    "allowed_origin",
    "throttle_rate_per_second",
    "throttle_burst",
    "log_retention_days",
)


def main() -> None:
    app = App()
    file = Path(__file__).parent / (app.node.try_get_context("settings") or _DEFAULT_SETTINGS)
    if gate := [item.name for item in fields(GateSettings) if app.node.try_get_context(item.name) is not None]:
        sys.exit(f"settings: {', '.join(gate)} can be set in the settings file only, where a review sees it")
    given = {name: app.node.try_get_context(name) for name in _OVERRIDABLE}
    try:
        settings = Settings.load(file, {name: value for name, value in given.items() if value is not None})
    except SettingsError as error:
        sys.exit(f"settings: {error}")
    # The bootstrap roles are for a pipeline that deploys into AWS; the local cloud has only the CLI's credentials.
    synthesizer = CliCredentialsStackSynthesizer() if settings.is_local else None
    ServiceStack(app, "RdsOperations", settings, synthesizer=synthesizer, description="RDS operations, self-service")
    app.synth()


main()
