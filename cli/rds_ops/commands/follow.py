"""The commands that look at operations: `status`, `watch`, `list`, `history`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import click

from rds_ops import views
from rds_ops.advice import checked, in_options
from rds_ops.app import App
from rds_ops.commands.act import finish
from rds_ops.completion import instance_names, operation_ids
from rds_ops.failures import ExitCode, Failure
from rds_ops.moments import duration, since
from rds_ops.options import Command, connected
from rds_ops.output import CSV, FORMATS, csv_text
from rds_ops.service import PAGE, Document
from rds_ops.tables import cell
from rds_ops.voice import say
from rds_ops.waiting import follow

_OF_AN_INSTANCE = click.option(
    "--instance", metavar="NAME", shell_complete=instance_names, help="Only of this instance."
)
_PRINCIPAL_MARKS = ("arn:", "apikey:")


def filtered(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add the filters that both lists have."""
    adding = (
        click.option(
            "--user", metavar="NAME", help="Auditors: only of this caller, by user name or principal; or `me`."
        ),
        _OF_AN_INSTANCE,
        click.option("--operation", type=click.Choice(tuple(views.OPERATIONS)), help="Only of this kind."),
        click.option("--environment", metavar="NAME", help="Only in this environment."),
        click.option("--failed", is_flag=True, help="Only what failed; in `history`, also what was refused."),
        click.option("--from", "since", type=since, metavar="TIME", help="From then on: 7d, 24h, today, 2026-11-25, …"),
        click.option("--to", "until", type=since, metavar="TIME", help="Until then."),
        click.option(
            "--limit",
            metavar="N",
            type=click.IntRange(1, 100_000),
            default=25,
            show_default=True,
            help="At most so many.",
        ),
    )
    for add in adding[::-1]:
        function = add(function)
    return function


@click.command(
    "status",
    cls=Command,
    short_help="Show an operation.",
    examples=("rds-ops status test-mysql-01-reboot-instance-0123456789abcdef", "rds-ops status ID --query percent"),
)
@connected()
@click.argument("operation_id", shell_complete=operation_ids)
def status(app: App, operation_id: str) -> ExitCode:
    """Show the operation OPERATION_ID, or the latest one of the instance of that name, as it is now.

    The exit code is that of its end, and 0 while it runs.
    """
    operation_id, document = _found(app, operation_id)
    if document.get("finished"):
        return finish(app, document)
    app.output.show(document, views.operation(document))
    return ExitCode.DONE


@click.command(
    "watch",
    cls=Command,
    short_help="Wait for an operation's end.",
    examples=("rds-ops watch test-mysql-01-reboot-instance-0123456789abcdef --timeout 10m",),
)
@connected()
@click.argument("operation_id", shell_complete=operation_ids)
@click.option("--timeout", type=duration, metavar="TIME", help="At most so long, such as 90s, 10m or 2h.")
def watch(app: App, operation_id: str, timeout: float | None) -> ExitCode:
    """Wait for the end of the operation OPERATION_ID, or of the latest one of the instance of that name.

    Ctrl-C ends the waiting, not the operation.
    """
    operation_id, document = _found(app, operation_id)
    if document.get("finished"):
        return finish(app, document)
    return finish(app, follow(app, operation_id, timeout, document))


def _found(app: App, wanted: str) -> tuple[str, Document]:
    """Return id and document of this operation, or else of the caller's latest one on the instance of this name."""
    try:
        return wanted, checked(app.service.operation(wanted).body)
    except Failure as unknown:
        if unknown.code is not ExitCode.NOT_FOUND:
            raise
        page = next(app.service.pages("/operations", {"instance_id": wanted, "limit": "1"}))
        for document in _items(page, "operations"):
            latest = cell(document.get("operation_id"))
            say(f"The latest operation on {wanted}: {latest}")
            return latest, document
        raise


@click.command(
    "list",
    cls=Command,
    short_help="List operations: your own; for auditors all.",
    examples=("rds-ops list", "rds-ops list --instance dev-postgres-01 --from 7d --failed"),
)
@connected()
@filtered
@click.option("--running", is_flag=True, help="Only what is not over.")
def list_operations(app: App, running: bool, **filters: Any) -> ExitCode:
    """List operations, the newest first: your own; for auditors everybody's."""
    query, keep, limit = _query(app, filters, "requested_by")
    if running:
        query["finished"] = "false"
    document = _collected(app, "operations", query, keep, limit)
    empty = _empty(document)
    if filters["failed"]:
        empty = f"{empty} What was refused is no operation: rds-ops history --failed"
    app.output.show(document, views.operations(document["operations"], empty))
    _tell_of_more(document)
    return ExitCode.DONE


@click.command(
    "history",
    cls=Command,
    short_help="List the audit records: your own; for auditors all.",
    examples=(
        "rds-ops history --instance test-mysql-01 --operation reboot --from 7d",
        "rds-ops history --user jane.doe --failed --from 2026-11-01 --limit 5000 --output csv > november.csv",
    ),
)
@connected((*FORMATS, CSV))
@filtered
@click.option("--event", type=click.Choice(("accepted", "completed", "refused", "final")), help="Only these records.")
def history(app: App, event: str | None, **filters: Any) -> ExitCode:
    """List the audit records, the newest first: your own; for auditors everybody's. Refusals are among them."""
    if app.output.format == CSV and app.given.query:
        raise Failure(ExitCode.USAGE, "--query does not go with --output csv.", "Use --output text for a query.")
    query, keep, limit = _query(app, filters, "user_identity")
    if event:
        query["event"] = event
    document = _collected(app, "records", query, keep, limit)
    if app.output.format == CSV:
        print(csv_text(views.records_for_csv(document["records"])), end="")
    else:
        app.output.show(document, views.records(document["records"], _empty(document)))
    _tell_of_more(document)
    return ExitCode.DONE


Keep = Callable[[Document], bool]


def _query(app: App, filters: dict[str, Any], user_key: str) -> tuple[dict[str, str], Keep, int]:
    """Return the service's parameters, and what is filtered here: it knows principals, and no user names."""
    given = {
        "instance_id": filters["instance"],
        "operation": views.OPERATIONS.get(filters["operation"] or ""),
        "environment": filters["environment"],
        "failed": "true" if filters["failed"] else None,
        "from": filters["since"],
        "to": filters["until"],
    }
    query = {name: str(value) for name, value in given.items() if value}
    user, limit = filters["user"] or "", filters["limit"]
    if user == "me":
        user = str(app.service.me().get("principal", ""))
    if user.startswith(_PRINCIPAL_MARKS) or "/" in user:
        query["principal"] = user
        user = ""
    query["limit"] = str(PAGE if user else min(limit, PAGE))
    return query, lambda item: not user or _user(item, user_key).lower() == user.lower(), limit


def _user(item: Document, key: str) -> str:
    found = item.get(key)
    return str(found.get("userId", "")) if isinstance(found, dict) else str(found)


def _collected(app: App, name: str, query: dict[str, str], keep: Keep, limit: int) -> Document:
    """Return one document in the service's shape. Items beyond --limit are cut off."""
    found: list[Document] = []
    last: Document = {}
    for page in app.service.pages(f"/{name}", query):
        last = page
        found += filter(keep, _items(page, name))
        if len(found) >= limit:
            break
    rest: Document = {key: last[key] for key in ("note", "next") if key in last}
    return {name: found[:limit], **rest}


def _items(page: Document, name: str) -> Iterator[Document]:
    items = page.get(name)
    if not isinstance(items, list):
        raise Failure(
            ExitCode.NO_ACCESS,
            f"The service's answer has no {name}: it is of another version than this program.",
            "Compare the two: rds-ops whoami",
        )
    return (item for item in items if isinstance(item, dict))


def _empty(document: Document) -> str:
    return in_options(str(document.get("note") or "Nothing was found."))


def _tell_of_more(document: Document) -> None:
    if document.get("next"):
        say("There may be more: give a larger --limit, or a filter.")
