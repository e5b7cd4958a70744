"""The CDK app. Run `cdk deploy` in the account and Region to serve; `-c settings=<file>` chooses the deployment."""

import json
import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "functions"))  # the stacks import from functions/
# The CDK needs Node: `make setup` installs one beside this Python if the machine's own is missing or too old.
os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)])

from aws_cdk import App, CliCredentialsStackSynthesizer
from aws_cdk.cx_api import CloudAssembly

from rds_operations.settings.version import VERSION
from stacks.service_stack import ServiceStack
from stacks.setting_checks import SettingsError
from stacks.settings import FILE_ONLY_SETTINGS, SIMPLE_SETTINGS, Settings
from stacks.size_checks import check_body, check_policies
from stacks.target_account_stack import TargetAccountStack

_TARGET = "RdsOperationsTarget"
_DEFAULT_SETTINGS = "settings/default.json"


def main() -> None:
    app = App()
    file = Path(__file__).parent / (app.node.try_get_context("settings") or _DEFAULT_SETTINGS)
    context = {name: app.node.try_get_context(name) for name in SIMPLE_SETTINGS | FILE_ONLY_SETTINGS}
    given = {name: value for name, value in context.items() if value is not None}
    if reviewed := sorted(given.keys() & FILE_ONLY_SETTINGS):
        sys.exit(f"settings: {', '.join(reviewed)} can be set in the settings file only, where a review sees it")
    try:
        settings = Settings.load(file, given)
    except SettingsError as error:
        sys.exit(f"settings: {error}")

    def synthesizer() -> CliCredentialsStackSynthesizer | None:
        return CliCredentialsStackSynthesizer() if settings.is_local else None

    ServiceStack(
        app,
        "RdsOperations",
        settings,
        synthesizer=synthesizer(),
        description=f"RDS operations, self-service, version {VERSION}",
    )
    if settings.accounts:
        TargetAccountStack(
            app,
            _TARGET,
            settings,
            synthesizer=synthesizer(),
            description=f"An account that RDS operations works in, version {VERSION}",
        )
    try:
        _check_sizes(app.synth())
    except SettingsError as error:
        sys.exit(f"settings: {error}")


def _check_sizes(assembly: CloudAssembly) -> None:
    for stack in assembly.stacks:
        template = Path(stack.template_full_path)
        check_policies(json.loads(template.read_text()))
        if stack.stack_name == _TARGET:
            check_body(template)


main()
