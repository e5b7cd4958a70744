"""Cold starts: what a function must not import, in a fresh interpreter."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

FUNCTIONS = Path(__file__).parents[2] / "functions"
ENVIRONMENT = {
    "AWS_REGION": "eu-west-1",
    "AWS_DEFAULT_REGION": "eu-west-1",
    "AWS_ACCESS_KEY_ID": "testing",
    "AWS_SECRET_ACCESS_KEY": "testing",
    "OPERATIONS_TABLE": "rds_operations",
    "AUDIT_TABLE": "rds_audit_log",
    "EXECUTION_PREFIX": "arn:aws:states:eu-west-1:123456789012:execution:rds-operations-operation:",
    "LONGEST_SECONDS": "1260",
    "LATE_WATCH_SECONDS": "90000",
    "LATE_WATCH_MACHINE": "arn:aws:states:eu-west-1:123456789012:stateMachine:rds-operations-late-watch",
    "ADMISSION_MACHINE": "arn:aws:states:eu-west-1:123456789012:stateMachine:rds-operations-admission",
    "REFUSAL_QUEUE": "https://sqs.eu-west-1.amazonaws.com/123456789012/refusals",
    "REFUSAL_DEAD_LETTERS": "https://sqs.eu-west-1.amazonaws.com/123456789012/refusals-dead-letters",
    "POLL_INTERVAL_SECONDS": "30",
    "MAX_POLLS": "10",
    "ALLOWED_ORIGIN": "*",
    "HOME_ACCOUNT": "123456789012",
    "ACTING_ROLE": "arn:aws:iam::123456789012:role/rds-operations-acting-eu-west-1",
    "INVENTORY_TABLE": "rds_inventory",
    "ARCHIVE_BUCKET": "archive",
    "DIGEST_SECONDS": "3600",
}
# The console has files of its own beside it when it is built: tests/functions/test_console.py.
HANDLERS = sorted(
    f"{path.parent.name}.handler" for path in FUNCTIONS.glob("*/handler.py") if path.parent.name != "console"
)
TOO_HEAVY = {"boto3", "pydantic", "aws_xray_sdk", "aws_lambda_powertools.utilities.idempotency"}


def run(code: str, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    path = {"PATH": os.environ["PATH"], "PYTHONPATH": str(FUNCTIONS)}
    command = [sys.executable, "-c", code]
    return subprocess.run(command, env=path | environment, capture_output=True, text=True, check=False)


def imported_by(*modules: str) -> set[str]:
    code = f"import json, sys, {', '.join(modules)}; print(json.dumps(list(sys.modules)))"
    answer = run(code, ENVIRONMENT)
    assert answer.returncode == 0, answer.stderr
    return set(json.loads(answer.stdout.splitlines()[-1]))


def test_validate_imports_no_aws_sdk() -> None:
    """Powertools only checks whether `botocore` exists; nothing inside it is loaded."""
    assert not {name for name in imported_by("validate.handler") if name.startswith(("botocore.", "boto3"))}


def own_modules_of_each() -> dict[str, set[str]]:
    """Return the service's modules that each function imports, from one interpreter that forgets them in between."""
    code = f"""
import importlib, json, sys
found = {{}}
for handler in {HANDLERS}:
    importlib.import_module(handler)
    found[handler] = [name for name in sys.modules if name.startswith("rds_operations.")]
    for name in [*found[handler], "rds_operations"]:
        del sys.modules[name]
print(json.dumps(found))
"""
    answer = run(code, ENVIRONMENT)
    assert answer.returncode == 0, answer.stderr
    found: dict[str, list[str]] = json.loads(answer.stdout.splitlines()[-1])
    return {handler.removesuffix(".handler"): set(modules) for handler, modules in found.items()}


RDS = {"rds_operations.aws.rds", "rds_operations.aws.rds_clients", "rds_operations.rules.session_policy"}
INVENTORY = {"rds_operations.aws.inventory_table"}
LEDGER = {"rds_operations.aws.operation_store"}


def test_a_function_imports_the_edges_that_it_works_at_and_no_others() -> None:
    """Status reads one item, and has no access to RDS. Classify also reads what a key stands for."""
    edges = {name: modules & (RDS | INVENTORY | LEDGER) for name, modules in own_modules_of_each().items()}
    assert edges == {
        "validate": set(),
        "status": LEDGER,
        "lists": set(),
        "admit": LEDGER,
        "audit": LEDGER,
        "classify": RDS | INVENTORY | LEDGER,
        "inventory": RDS | INVENTORY,
        "instances": RDS | INVENTORY,
        "execute": RDS | LEDGER,
        "poll": RDS | LEDGER,
        "sweep": RDS | LEDGER,
        "publish": set(),
        "digest": set(),
    }


def test_no_function_imports_what_costs_too_much() -> None:
    assert len(HANDLERS) == 13
    imported = imported_by(*HANDLERS)
    assert "botocore.session" in imported
    assert not imported & TOO_HEAVY


@pytest.mark.parametrize(
    "missing",
    [
        "OPERATIONS_TABLE",
        "AUDIT_TABLE",
        "EXECUTION_PREFIX",
        "LONGEST_SECONDS",
        "HOME_ACCOUNT",
        "AWS_REGION",
        "ACTING_ROLE",
        "INVENTORY_TABLE",
    ],
)
def test_a_missing_variable_is_named(missing: str) -> None:
    code = "from rds_operations.settings.deployment import Deployment; Deployment.from_env()"
    answer = run(code, {**ENVIRONMENT, missing: ""})
    assert answer.returncode == 1
    assert f"The environment variable {missing} is missing" in answer.stderr


def test_in_lambda_the_garbage_collector_rests_while_importing_and_never_looks_at_what_was_imported() -> None:
    code = (
        "import gc, rds_operations; early = gc.isenabled(); import validate.handler; "
        "print(early, gc.isenabled(), gc.get_freeze_count() > 0)"
    )
    assert run(code, ENVIRONMENT).stdout.split() == ["True", "True", "False"]
    inside = {**ENVIRONMENT, "AWS_LAMBDA_FUNCTION_NAME": "rds-operations-validate"}
    assert run(code, inside).stdout.split() == ["False", "True", "True"]
