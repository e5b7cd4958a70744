"""Turns the service's documents into rows. A key that another version does not send is a dash."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from rds_ops.service import Document
from rds_ops.tables import Column, Table, cell, moment, pairs, seconds

COMMANDS = {"create_snapshot": "snapshot", "reboot_instance": "reboot", "modify_backup_window": "backup-window"}
OPERATIONS = {command: operation for operation, command in COMMANDS.items()}
_MINUTES = len("2026-11-25 10:30")
_TIMES = ("requested_at", "started_at", "ended_at", "times_out_at", "watched_until")
_LEFT_OUT = ("execution_arn", "steps", "success", "finished", "max_polls", "polls", "duration_seconds", "parameters")


def command_of(operation: Any) -> str:
    return COMMANDS.get(str(operation), cell(operation))


def operation(document: Document) -> Table:
    """Show one operation, what matters first; the rest is in the JSON."""
    shown: dict[str, Any] = {
        name: moment(value) if name in _TIMES else value
        for name, value in document.items()
        if name not in _LEFT_OUT and value not in (None, {}, [])
    }
    first: dict[str, Any] = {
        name: shown.pop(name) for name in ("operation_id", "instance_id", "operation", "status") if name in shown
    }
    if parameters := document.get("parameters"):
        shown["parameters"] = ", ".join(f"{name}={_plain(value)}" for name, value in parameters.items() if value != [])
    if document.get("max_polls") is not None:
        shown["polls"] = f"{document.get('polls', 0)} of at most {document['max_polls']}"
    if document.get("duration_seconds"):
        shown["duration"] = seconds(document["duration_seconds"])
    return pairs({**first, **shown})


def operations(documents: Iterable[Document], empty: str) -> Table:
    columns = (
        Column("REQUESTED (UTC)", 2, shown=_MINUTES),
        Column("INSTANCE"),
        Column("OPERATION", 1),
        Column("STATUS"),
        Column("BY", 3),
        Column("TOOK", 5),
        Column("WHY NOT", 4, wraps=True),
        Column("OPERATION ID", 6),
    )
    rows = [
        [
            moment(item.get("requested_at")),
            cell(item.get("instance_id")),
            command_of(item.get("operation")),
            cell(item.get("status")),
            cell(item.get("requested_by")),
            seconds(item.get("duration_seconds")),
            cell(item.get("code")),
            cell(item.get("operation_id")),
        ]
        for item in documents
    ]
    return Table(columns, rows, empty)


def records(found: Iterable[Document], empty: str) -> Table:
    columns = (
        Column("TIME (UTC)", 2, shown=_MINUTES),
        Column("WHO", 1),
        Column("INSTANCE"),
        Column("OPERATION", 3),
        Column("EVENT", 4),
        Column("RESULT"),
        Column("OPERATION ID", 5),
    )
    rows = [
        [
            moment(record.get("timestamp")),
            who(record),
            cell(record.get("instance_id")),
            command_of(record.get("operation")),
            cell(record.get("event")),
            outcome(record) + (" (dry run)" if record.get("dry_run") else ""),
            cell(record.get("operation_id")),
        ]
        for record in found
    ]
    return Table(columns, rows, empty)


CSV_FIELDS = (
    *("timestamp", "event", "operation", "instance_id", "account_id", "region", "environment", "environment_source"),
    *("user", "principal", "source_ip", "success", "status", "code", "error", "parameters", "operation_id", "dry_run"),
)


def records_for_csv(found: Iterable[Document]) -> Table:
    """Return a column for whatever an auditor filters by; texts are the service's own."""
    rows = []
    for record in found:
        result, caller = record.get("result") or {}, record.get("user_identity") or {}
        known = {
            **record,
            "user": caller.get("userId"),
            "source_ip": caller.get("sourceIp"),
            **{name: result.get(name) for name in ("status", "code", "error")},
            "parameters": json.dumps(record.get("parameters") or {}, ensure_ascii=False),
            "dry_run": record.get("dry_run", False),
        }
        rows.append(["" if known.get(name) is None else cell(_plain(known[name])) for name in CSV_FIELDS])
    return Table([Column(name) for name in CSV_FIELDS], rows)


def who(record: Document) -> str:
    caller = record.get("user_identity") or {}
    return cell(caller.get("userId") or record.get("principal"))


def outcome(record: Document) -> str:
    """Return in one word how it ended; what was only accepted has no end yet."""
    result = record.get("result") or {}
    if record.get("event") == "accepted":
        return "accepted"
    return "done" if record.get("success") else cell(result.get("code") or result.get("status") or "failed")


def instances(found: Iterable[Document], empty: str) -> Table:
    """Show where each is before all else, if two have one name."""
    listed = list(found)
    is_shared = len({item.get("instance_id") for item in listed}) < len(listed)
    columns = (
        Column("INSTANCE"),
        Column("ALLOWED"),
        Column("ENVIRONMENT", 1),
        Column("DECIDED BY, OR WHY NOT", 2, wraps=True),
        Column("STATUS", 3),
        Column("ENGINE", 4),
        Column("ACCOUNT", 1 if is_shared else 6),
        Column("REGION", 1 if is_shared else 5),
    )
    rows = [
        [
            cell(item.get("instance_id")),
            cell(item.get("allowed")),
            cell(item.get("environment")),
            why(item),
            cell(item.get("status")),
            cell(item.get("engine")),
            cell(item.get("account_id")),
            cell(item.get("region")),
        ]
        for item in listed
    ]
    return Table(columns, rows, empty)


def why(instance: Document) -> str:
    """Return what decided the environment; where another reason is against it, that reason's code."""
    answers = (instance.get("operations") or {}).values()
    codes = {str(answer.get("code")) for answer in answers if not answer.get("allowed")}
    source = cell(instance.get("environment_source"))
    own = {code for code in codes if not code.startswith(("production_", "environment_"))}
    return f"{source}; {', '.join(sorted(own))}" if own else source


def _plain(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def verdict(document: Document) -> Table:
    return pairs({**document, "warnings": " ".join(map(str, document.get("warnings") or [])) or "none"})


def me(document: Document, api: str) -> Table:
    """Show the caller; a grant is one line of commands and environments."""
    grants = [
        f"{', '.join(map(command_of, grant.get('operations') or []))} in {', '.join(grant.get('environments') or [])}"
        for grant in document.get("permissions") or []
    ]
    places = [f"{place.get('account_id')} {place.get('region')}" for place in document.get("places") or []]
    return pairs(
        {
            "user": document.get("userId"),
            "principal": document.get("principal"),
            "authentication": document.get("authentication"),
            "auditor": document.get("auditor"),
            "may": "; ".join(grants) or "nothing",
            "places": "; ".join(places),
            "service": f"{api}, version {document.get('version')}",
        }
    )
