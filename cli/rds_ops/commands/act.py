"""The commands that change a database: `snapshot`, `reboot`, `backup-window`."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import wraps
from typing import Any

import click

from rds_ops import views
from rds_ops.advice import in_options
from rds_ops.app import App
from rds_ops.completion import instance_names
from rds_ops.failures import ExitCode, Failure, Unreachable
from rds_ops.moments import duration
from rds_ops.options import Command, at_place, connected, place_of
from rds_ops.service import Document
from rds_ops.voice import advise, ask, is_attended, say
from rds_ops.waiting import ended, follow

_LONGEST_NAME = 255
_ON_RECORD = (ExitCode.USAGE, ExitCode.REFUSED, ExitCode.NOT_FOUND, ExitCode.IN_THE_WAY)
"""Refusals of which the service keeps a record."""


@dataclass(frozen=True)
class How:
    """Hold the options that all three commands have."""

    place: dict[str, str] = field(default_factory=dict)
    dry_run: bool = False
    wait: bool = False
    timeout: float | None = None
    key: str = ""
    """As given; `attempt` is this one, or one that was made before the first try."""
    attempt: str = ""


def doing(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add the instance, and the options of `How`, which the command gets as `how`."""

    @wraps(function)
    def named(app: App, /, **options: Any) -> Any:
        place = place_of(options.pop("instance_account"), options.pop("instance_region"))
        dry_run, wait, timeout = (options.pop(name) for name in ("dry_run", "wait", "timeout"))
        key = options.pop("idempotency_key") or ""
        how = How(place, dry_run, wait, timeout, key, key or f"rds-ops-{uuid.uuid4()}")
        return function(app, options.pop("instance"), how, **options)

    adding = (
        click.option("--dry-run", is_flag=True, help="Only say what would be answered."),
        click.option("--wait", is_flag=True, help="Wait for the end, and show how far it is."),
        click.option("--timeout", type=duration, metavar="TIME", help="With --wait: at most so long, such as 10m."),
        click.option("--idempotency-key", metavar="KEY", help="Repeat a request of this key. One is made if left out."),
        at_place,
        click.argument("instance", shell_complete=instance_names),
    )
    result: Callable[..., Any] = named
    for add in adding[::-1]:
        result = add(result)
    return connected()(result)


@click.command(
    "snapshot",
    cls=Command,
    short_help="Create a manual snapshot.",
    examples=(
        "rds-ops snapshot dev-postgres-01 --wait",
        "rds-ops snapshot dev-postgres-01 --purpose before-upgrade --tag Ticket=OPS-17",
    ),
)
@doing
@click.option("--snapshot-id", metavar="NAME", help="The snapshot's name; INSTANCE-PURPOSE-DATE if left out.")
@click.option("--purpose", metavar="WORD", default="manual", show_default=True, help="For the name that is made.")
@click.option("--tag", "tags", multiple=True, metavar="KEY=VALUE", help="A tag of the snapshot; may be repeated.")
def snapshot(
    app: App, instance: str, how: How, snapshot_id: str | None, purpose: str, tags: tuple[str, ...]
) -> ExitCode:
    """Create a manual snapshot of INSTANCE."""
    now = datetime.now(UTC)
    parameters: Document = {"snapshot_id": snapshot_id or _suggested(instance, purpose, f"{now:%Y-%m-%d}")}
    if tags:
        parameters["tags"] = [_tag(text) for text in tags]
    request = _request("create_snapshot", instance, how, parameters)
    verdict = _first_word(app, request, how)
    if not snapshot_id and any(parameters["snapshot_id"] in str(warning) for warning in verdict["warnings"]):
        parameters["snapshot_id"] = _suggested(instance, purpose, f"{now:%Y-%m-%d-%H%M%S}")
        verdict = _dry_run(app, request, how)
    _tell(verdict, instance)
    if not snapshot_id:
        say(f"The snapshot's name: {parameters['snapshot_id']}")
    return _done(app, request, how, verdict)


@click.command(
    "reboot",
    cls=Command,
    short_help="Reboot an instance; asks first.",
    examples=("rds-ops reboot test-mysql-01 --wait", "rds-ops reboot dev-postgres-01 --force-failover --yes"),
)
@doing
@click.option("--force-failover", is_flag=True, help="Fail over to the standby (Multi-AZ only).")
@click.option("--yes", is_flag=True, help="Do not ask. Needed where nobody can be asked.")
def reboot(app: App, instance: str, how: How, force_failover: bool, yes: bool) -> ExitCode:
    """Reboot INSTANCE. Its connections break; a terminal is asked first."""
    if not (yes or how.dry_run or is_attended()):
        raise Failure(
            ExitCode.USAGE, "A reboot breaks connections, and nobody can be asked here.", "Add --yes, or --dry-run."
        )
    request = _request("reboot_instance", instance, how, {"force_failover": True} if force_failover else {})
    verdict = _first_word(app, request, how) if yes else _dry_run(app, request, how)
    _tell(verdict, instance)
    if not (yes or how.dry_run):
        act = "Reboot it, with a failover to its standby" if force_failover else "Reboot it"
        if not ask(f"{act}? Its connections break."):
            raise Failure(ExitCode.INTERRUPTED, "Nothing was done.")
    return _done(app, request, how, verdict)


@click.command(
    "backup-window",
    cls=Command,
    short_help="Move the daily backup window.",
    examples=("rds-ops backup-window dev-postgres-01 03:00-04:00 --wait",),
)
@doing
@click.argument("window", metavar="HH:MM-HH:MM")
@click.option("--no-apply-immediately", is_flag=True, help="Leave other pending changes of the instance alone.")
def backup_window(app: App, instance: str, how: How, window: str, no_apply_immediately: bool) -> ExitCode:
    """Change the preferred backup window of INSTANCE to HH:MM-HH:MM, in UTC, at least 30 minutes."""
    parameters: Document = {"backup_window": window}
    if no_apply_immediately:
        parameters["apply_immediately"] = False
    request = _request("modify_backup_window", instance, how, parameters)
    verdict = _first_word(app, request, how)
    _tell(verdict, instance)
    return _done(app, request, how, verdict)


def _request(operation: str, instance: str, how: How, parameters: Document) -> Document:
    return {"operation": operation, "instance_id": instance, "parameters": parameters, **how.place}


def _suggested(instance: str, purpose: str, date: str) -> str:
    """Return the specification's `{instance}-{purpose}-{date}`, within RDS's length."""
    room = _LONGEST_NAME - len(purpose) - len(date) - 2
    return f"{instance[: max(1, room)]}-{purpose}-{date}"


def _tag(text: str) -> dict[str, str]:
    key, separator, value = text.partition("=")
    if not separator:
        raise Failure(ExitCode.USAGE, f"--tag {text} has no value.", "Write it as --tag Key=Value.")
    return {"Key": key, "Value": value}


def _first_word(app: App, request: Document, how: How) -> Document:
    """Ask by a dry run. What is refused was meant, so it is sent, too: the record must not call it a question.

    If the service accepts it after all, the key makes the request that follows the same one.
    """
    try:
        return _dry_run(app, request, how)
    except Failure as refused:
        if how.dry_run or refused.code not in _ON_RECORD:
            raise
    accepted = app.service.post(request, how.attempt).body
    return {**(accepted if isinstance(accepted, dict) else {}), "warnings": []}


def _dry_run(app: App, request: Document, how: How) -> Document:
    """Ask the service for its word first. Its refusal ends the command."""
    answer = app.service.post({**request, "dry_run": True}, how.key)
    verdict = answer.body if isinstance(answer.body, dict) else {}
    return {**verdict, "warnings": list(verdict.get("warnings") or [])}


def _tell(verdict: Document, instance: str) -> None:
    say(f"{instance} is {verdict.get('environment', '?')} ({verdict.get('environment_source', '?')}): allowed.")
    for warning in verdict["warnings"]:
        say(f"Warning: {in_options(str(warning))}")


def _done(app: App, request: Document, how: How, verdict: Document) -> ExitCode:
    if how.dry_run:
        if not app.output.for_people:
            app.output.show(verdict, views.verdict(verdict))
        say("Nothing was done: this was a dry run.")
        return ExitCode.DONE
    accepted = _sent(app, request, how.attempt)
    operation_id = str(accepted.get("operation_id", ""))
    if accepted.get("repeated"):
        say("This request was accepted before; nothing new was begun.")
    if not how.wait:
        app.output.show(accepted, views.operation(accepted))
        advise(f"Watch it: {app.command('watch', operation_id)}")
        return ExitCode.DONE
    say(f"Accepted: {operation_id}")
    return finish(app, follow(app, operation_id, how.timeout, request))


def _sent(app: App, request: Document, key: str) -> Document:
    """Send it with its key, which is shown before: whatever happens now, the key repeats the request safely."""
    say(f"Idempotency-Key: {key}")
    try:
        answer = app.service.post(request, key)
    except KeyboardInterrupt:
        raise Failure(ExitCode.INTERRUPTED, "Stopped; the operation may have begun.", _again(request, key)) from None
    except Unreachable as lost:
        if not lost.sent:
            raise
        raise Failure(lost.code, f"{lost.sentence} The operation may have begun.", _again(request, key)) from lost
    except Failure as failure:
        if failure.code not in (ExitCode.BUSY, ExitCode.FAILED):
            raise
        raise Failure(failure.code, failure.sentence, _again(request, key), failure.body) from failure
    return answer.body if isinstance(answer.body, dict) else {}


def _again(request: Document, key: str) -> str:
    """Say how to repeat exactly this request: a name that was made would be another one later."""
    made = request["parameters"].get("snapshot_id")
    name = f"--snapshot-id {made} " if made else ""
    return f"Repeat the same command with {name}--idempotency-key {key}: it acts once at most."


def finish(app: App, document: Document) -> ExitCode:
    """Show an ended operation, and raise why it is no success."""
    app.output.show(document, views.operation(document))
    if failure := ended(document):
        raise failure
    if note := document.get("note"):
        say(str(note))
    return ExitCode.DONE
