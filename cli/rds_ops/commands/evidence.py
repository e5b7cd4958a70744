"""verify and export: what the archive proves, and all of it in a file. Both read AWS, not the API."""

from __future__ import annotations

import csv
import io
import json
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from rds_ops.app import App
from rds_ops.failures import ExitCode, Failure
from rds_ops.moments import since
from rds_ops.options import Command, connected
from rds_ops.output import neutral
from rds_ops.tables import Column, Table, cell
from rds_ops.voice import say

if TYPE_CHECKING:
    from rds_ops.archive.sources import Sources

_SHOWN = 20
_STACK = click.option("--stack", default="RdsOperations", show_default=True, help="The service's stack.")
_FROM = click.option(
    "--from",
    "start",
    default="7d",
    type=since,
    show_default=True,
    metavar="TIME",
    help="From then on: 7d, 2026-11-01, …",
)
_TO = click.option("--to", "end", type=since, metavar="TIME", help="Until then; now, if left out.")
JSON_LINES = "jsonl"


@click.command(
    "verify",
    cls=Command,
    short_help="Prove that the audit records are whole.",
    examples=("rds-ops verify --from 2026-11-01 --to 2026-12-01 --profile auditor", "rds-ops verify --output json"),
)
@connected()
@_FROM
@_TO
@_STACK
def verify(app: App, start: str, end: str | None, stack: str) -> ExitCode:
    """Compare the audit table, the archive and its digests, executions and operations.

    Takes an auditor's AWS credentials, not the API. Names the records that are missing, changed or extra, the
    first in time on top: the exit code is then 1.
    """
    from rds_ops.archive.verification import verify as verified

    first, last, now = _range(start, end)
    findings = verified(_sources(app, stack), first, last, now, say)
    document = findings.document(_text(first), _text(last), _SHOWN)
    app.output.show(document, _table(document))
    unlocked = "off. Whoever may delete versions can delete objects: docs/audit.md, What proof there is"
    say(f"Retention (Object Lock): {findings.retention or unlocked}.")
    if findings.newest:
        signed = "signed" if findings.newest.is_signed else "not signed"
        say(f"The newest digest read, {signed}: {findings.newest.key}, SHA-256 {findings.newest.sha256}")
    faults = findings.in_order()
    if not faults:
        say("Nothing is missing, changed or extra.")
        return ExitCode.DONE
    say(f"{len(faults)} {'fault' if len(faults) == 1 else 'faults'}. The first: {faults[0].sentence()}")
    say("Tell security before anything is mended: docs/audit.md, When a fault is found.")
    return ExitCode.FAILED


@click.command(
    "export",
    cls=Command,
    short_help="Write all audit records of a time to a file.",
    examples=(
        "rds-ops export --from 2026-11-01 --to 2026-12-01 --file november.csv",
        "rds-ops export --from 30d --format jsonl --file last-month.jsonl",
    ),
)
@connected()
@_FROM
@_TO
@_STACK
@click.option("--format", "kind", type=click.Choice(("csv", JSON_LINES)), default="csv", show_default=True)
@click.option(
    "--file", "path", type=click.Path(path_type=Path, dir_okay=False), help="A new file; stdout, if left out."
)
def export(app: App, start: str, end: str | None, stack: str, kind: str, path: Path | None) -> ExitCode:
    """Write the records from the archive and the table together, each once, in the order of time.

    Takes an auditor's AWS credentials, not the API. In CSV no cell is a formula.
    """
    from rds_ops.archive.records import records

    first, last, now = _range(start, end)
    differing: list[str] = []
    found = records(_sources(app, stack), first, last, now, differing.append)
    lines = _csv_lines(found) if kind == "csv" else (f"{json.dumps(record, ensure_ascii=False)}\n" for record in found)
    written = _write(lines, path)
    say(f"{written - (kind == 'csv')} records from {_text(first)} to {_text(last)}.")
    if differing:
        say(f"{len(differing)} of them were changed or removed in the table; the file has the originals.")
        say("Run rds-ops verify for the same time.")
    return ExitCode.DONE


def _sources(app: App, stack: str) -> Sources:
    from rds_ops.archive.sources import Sources

    return Sources(app.given.profile, app.given.region, stack)


def _range(start: str, end: str | None) -> tuple[datetime, datetime, datetime]:
    now = datetime.now(UTC)
    first, last = _moment(start), _moment(end) if end else now
    if first >= last:
        raise Failure(ExitCode.USAGE, "--from is not before --to.", "Give the earlier time as --from.")
    return first, min(last, now), now


def _moment(text: str) -> datetime:
    from rds_ops.archive.formats import moment

    try:
        return moment(text)
    except ValueError as error:
        advice = "Give one such as 2026-11-25, 2026-11-25T10:30:00Z or 7d."
        raise Failure(ExitCode.USAGE, f"{text} is no time.", advice) from error


def _table(document: dict[str, Any]) -> Table:
    rows = [[name, str(count)] for name, count in document["counts"].items()]
    for item in document["first_faults"]:
        rows.append([item["what"], f"{item['at']}  {cell(item['name'])}"])
        if item["details"]:
            rows.append(["", cell(item["details"])])
    if document["faults"] > len(document["first_faults"]):
        rows.append(["further faults", str(document["faults"] - len(document["first_faults"]))])
    return Table((Column(""), Column("", wraps=True)), rows)


def _csv_lines(found: Iterator[dict[str, Any]]) -> Iterator[str]:
    from rds_ops.archive.records import COLUMNS

    yield _row(list(COLUMNS))
    for record in found:
        yield _row([neutral(cell(record[name])) if name in record else "" for name in COLUMNS])


def _row(cells: list[str]) -> str:
    written = io.StringIO()
    csv.writer(written).writerow(cells)
    return written.getvalue()


def _write(lines: Iterator[str], path: Path | None) -> int:
    """Write to a new file, which only its owner can read, or to stdout. Return the number of lines."""
    if path is None:
        return sum(1 for line in lines if sys.stdout.write(line))
    try:
        with path.open("x", encoding="utf-8", newline="") as file:
            path.chmod(0o600)
            return sum(1 for line in lines if file.write(line))
    except FileExistsError as error:
        raise Failure(ExitCode.USAGE, f"{path} is there already.", "Name a new file, or remove it first.") from error
    except OSError as error:
        raise Failure(ExitCode.USAGE, f"{path} cannot be written: {error.strerror}.") from error


def _text(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
