"""RDS identifiers, and the identifiers the service makes."""

from __future__ import annotations

import hashlib
import re

INSTANCE_ID_LENGTH = 63
SNAPSHOT_ID_LENGTH = 255
_RDS_IDENTIFIER = re.compile(r"[A-Za-z](?:-?[A-Za-z0-9])*", re.ASCII)
_LONGEST_EXECUTION_NAME = 80
_NOT_IN_EXECUTION_NAMES = re.compile(
    r"""[\s<>{}\[\]?*"#%\\^|~`$&,;:/\x00-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff\U0010ffff]"""
)
_READABLE_INSTANCE_LENGTH = 40


def rds_identifier(value: str, longest: int) -> str | None:
    """Return the identifier as RDS stores it (lower case), or None where RDS would refuse it.

    First a letter, then letters, digits and single hyphens, no hyphen at the end.
    https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_CreateDBInstance.html
    https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_CreateDBSnapshot.html
    """
    if len(value) > longest or not _RDS_IDENTIFIER.fullmatch(value):
        return None
    return value.lower()


def operation_id(operation: str, instance_id: str, request_id: str) -> str:
    """Make the name of the OPERATION execution: readable in the console, and the same for the same request.

    At most 78 characters: 40 of the instance, 20 of the operation, 16 hexadecimal digits.
    """
    digest = hashlib.sha256(request_id.encode()).hexdigest()[:16]
    readable = instance_id[:_READABLE_INSTANCE_LENGTH].rstrip("-")
    return f"{readable}-{operation.replace('_', '-')}-{digest}"


def is_execution_name(value: str) -> bool:
    """Tell whether an execution could have this name: at most 80 characters, some of which are forbidden.

    https://docs.aws.amazon.com/step-functions/latest/apireference/API_StartExecution.html
    """
    return 0 < len(value) <= _LONGEST_EXECUTION_NAME and not _NOT_IN_EXECUTION_NAMES.search(value)


def begins_safely(name: str) -> bool:
    """Say whether a text is safe at the start of a cell: it begins with a letter, a digit or an underscore.

    A spreadsheet takes what begins with `=`, `+`, `-` or `@`, also as full-width characters, for a formula, and
    records are exported to spreadsheets. https://owasp.org/www-community/attacks/CSV_Injection
    """
    return re.match(r"\w", name) is not None


def recorded_name(execution_name: str) -> str:
    """Return the id under which an execution is on record: its name, or a digest where that is no safe text.

    The `#` cannot be part of an execution's name, so nobody can take the id of another.
    """
    if begins_safely(execution_name):
        return execution_name
    return f"unnamed#{hashlib.sha256(execution_name.encode()).hexdigest()[:32]}"
