"""A simulation's names, settings and numbers, as `stacks` makes them."""

from __future__ import annotations

from pathlib import Path

from rds_operations.model.place import Place
from rds_operations.settings.callers import CallerSettings
from rds_operations.settings.targets import Account
from stacks.settings import Settings

ROOT = Path(__file__).parent.parent.parent
ACCOUNT, REGION, OTHER_REGION = "123456789012", "eu-west-1", "eu-central-1"
HOME, ELSEWHERE, ABROAD = Place(ACCOUNT, REGION), Place(ACCOUNT, OTHER_REGION), Place("210987654321", REGION)
PLACES = (HOME, ELSEWHERE, ABROAD)
OWN_KEY = "own"
ALL, NO_REBOOTS = "apikey:key-all", "apikey:key-no-reboots"
DIRECT = "states:StartExecution"
PERMISSIONS = {
    ALL: {},
    NO_REBOOTS: {"operations": ["create_snapshot", "modify_backup_window"], "environments": ["development"]},
    DIRECT: {"environments": ["development", "test"]},
}
SETTINGS = Settings(
    late_watch_max_polls=8,  # forty minutes here, a day as shipped
    regions=(OTHER_REGION,),
    accounts={ABROAD.account_id: Account("external-id", (REGION,))},
    callers=CallerSettings(PERMISSIONS, auditors=(ALL,)),
)
MACHINES = f"arn:aws:states:{REGION}:{ACCOUNT}:stateMachine:rds-operations"
ADMISSION, OPERATION, LATE_WATCH = f"{MACHINES}-admission", f"{MACHINES}-operation", f"{MACHINES}-late-watch"
EXECUTION_PREFIX = OPERATION.replace(":stateMachine:", ":execution:") + ":"
ACTING_ROLE = f"arn:aws:iam::{ACCOUNT}:role/rds-operations-acting-{REGION}"
QUEUE = f"https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/refusals"
DEAD_LETTERS = f"{QUEUE}-dead-letters"
SWEEP_SECONDS = 300
INVENTORY_SECONDS = 3600
LONGEST_SECONDS = SETTINGS.longest_execution_seconds + 60
LATE_WATCH_SECONDS = SETTINGS.longest_late_watch_seconds + 60
TIMEOUTS = {
    "validate": 3,
    "classify": 5,
    "admit": 4,
    "execute": 30,
    "poll": 30,
    "audit": 3,
    "sweep": 120,
    "inventory": 300,
    "status": 3,
}
"""Seconds, as in `stacks.functions`."""
ENVIRONMENT = {
    "AWS_REGION": REGION,
    "AWS_DEFAULT_REGION": REGION,
    "AWS_ACCESS_KEY_ID": OWN_KEY,
    "AWS_SECRET_ACCESS_KEY": "testing",
    "OPERATIONS_TABLE": "rds_operations",
    "AUDIT_TABLE": "rds_audit_log",
    "INVENTORY_TABLE": "rds_inventory",
    "HOME_ACCOUNT": ACCOUNT,
    "ACTING_ROLE": ACTING_ROLE,
    "EXECUTION_PREFIX": EXECUTION_PREFIX,
    "LONGEST_SECONDS": str(LONGEST_SECONDS),
    "LATE_WATCH_SECONDS": str(LATE_WATCH_SECONDS),
    "LATE_WATCH_MACHINE": LATE_WATCH,
    "ADMISSION_MACHINE": ADMISSION,
    "REFUSAL_QUEUE": QUEUE,
    "REFUSAL_DEAD_LETTERS": DEAD_LETTERS,
    "POLL_INTERVAL_SECONDS": str(SETTINGS.poll_interval_seconds),
    "MAX_POLLS": str(SETTINGS.max_polls),
    "ALLOWED_ORIGIN": "*",
    "POWERTOOLS_LOG_LEVEL": "CRITICAL",  # nobody reads the log, which takes a third of the time
}
SUBSTITUTIONS = {
    "Partition": "aws",
    **{f"{name.capitalize()}Function": name for name in TIMEOUTS},
    "OperationStateMachine": OPERATION,
    "OperationsTable": "rds_operations",
    "RefusalQueue": QUEUE,
    "PollIntervalSeconds": str(SETTINGS.poll_interval_seconds),
    "MaxPolls": str(SETTINGS.max_polls),
    "LateWatchIntervalSeconds": str(SETTINGS.late_watch_interval_seconds),
    "LateWatchMaxPolls": str(SETTINGS.late_watch_max_polls),
}
