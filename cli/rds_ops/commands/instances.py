"""The commands that ask what may be done: `instances`, `explain`."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import click

from rds_ops import views
from rds_ops.advice import ADVICE
from rds_ops.app import App
from rds_ops.completion import instance_names
from rds_ops.failures import ExitCode
from rds_ops.options import Command, at_place, connected, place_of
from rds_ops.service import PAGE, Document
from rds_ops.tables import Column, Table, cell
from rds_ops.voice import say, wrapped


@click.command(
    "instances",
    cls=Command,
    short_help="List the instances, and which of them you may operate on.",
    examples=("rds-ops instances --allowed", "rds-ops instances --environment test --output json"),
)
@connected()
@click.option("--allowed/--refused", default=None, help="Only those that you may operate on, or may not.")
@click.option("--environment", metavar="NAME", help="Only of this environment.")
@at_place
@click.option(
    "--limit", metavar="N", type=click.IntRange(1, 100_000), default=500, show_default=True, help="At most so many."
)
def instances(
    app: App,
    allowed: bool | None,
    environment: str | None,
    instance_account: str | None,
    instance_region: str | None,
    limit: int,
) -> ExitCode:
    """List the instances as the inventory has them, at most 15 minutes old."""
    query = place_of(instance_account, instance_region) | {"limit": str(min(limit, PAGE))}
    if environment:
        query["environment"] = environment
    if allowed is not None:
        query["allowed"] = str(allowed).lower()
    found: list[Document] = []
    last: Document = {}
    for last in app.service.pages("/instances", query):
        found += last.get("instances") or []
        if len(found) >= limit:
            break
    document = {**last, "instances": found[:limit]}
    app.output.show(document, views.instances(document["instances"], str(last.get("note") or "Nothing was found.")))
    _tell(app, document)
    return ExitCode.DONE


@click.command(
    "explain",
    cls=Command,
    short_help="Say what may be done with an instance, why not the rest, and what to do.",
    examples=("rds-ops explain prod-orders-01",),
)
@connected()
@at_place
@click.argument("instance", shell_complete=instance_names)
def explain(app: App, instance: str, instance_account: str | None, instance_region: str | None) -> ExitCode:
    """Say in three lines what you may do with INSTANCE now, why not the rest, and what to do about it."""
    document = app.service.instance(instance, place_of(instance_account, instance_region))
    given = (("--instance-account", instance_account), ("--instance-region", instance_region))
    place = [part for option, value in given if value for part in (option, value)]
    lines = explained(document, lambda command: app.command(command, instance, *place, "--dry-run"))
    if app.output.for_people:
        for title, sentence in lines:
            print(wrapped(f"{title}: {sentence}", sys.stdout, "  "))
    else:
        app.output.show(document, Table((Column(""), Column("")), lines))
    return ExitCode.DONE


def explained(document: Document, trial: Callable[[str], str]) -> list[tuple[str, str]]:
    """Return the three lines, each with its title. `trial` makes of a command's name one to paste."""
    answers: dict[str, Document] = document.get("operations") or {}
    may = [views.command_of(name) for name, answer in answers.items() if answer.get("allowed")]
    refused = {views.command_of(name): answer for name, answer in answers.items() if not answer.get("allowed")}
    environment, source, status = (document.get(name, "?") for name in ("environment", "environment_source", "status"))
    allowed = f"{', '.join(may) or 'nothing'} ({environment} by {source}, {status})"
    return [
        (title, cell(text))
        for title, text in (
            ("You may", allowed),
            ("Why not the rest", _why_not(refused)),
            ("What to do", _what_to_do(refused, str(document.get("instance_id", "")), trial(may[0]) if may else "")),
        )
    ]


def _why_not(refused: dict[str, Document]) -> str:
    by_sentence: dict[str, list[str]] = {}
    for command, answer in refused.items():
        by_sentence.setdefault(str(answer.get("error", answer.get("code", "?"))), []).append(command)
    if len(by_sentence) == 1:
        return next(iter(by_sentence))
    return (
        " ".join(f"{', '.join(commands)}: {sentence}" for sentence, commands in by_sentence.items())
        or "nothing is refused."
    )


def _what_to_do(refused: dict[str, Document], instance: str, trial: str) -> str:
    advice = dict.fromkeys(_helpful(str(answer.get("code", ""))) for answer in refused.values())
    told = [text.replace("NAME", instance) for text in advice if text]
    if trial:
        told.append(f"Try it: {trial}")
    return " ".join(told) or "Ask the service's owner."


def _helpful(code: str) -> str:
    """Return the advice for a refusal, without one to ask `explain`, which has just answered."""
    return {
        "production_instance": "Open a CloudOps request; if it is not production, have that tag or mapping corrected.",
        "not_supported_by_instance": "Do what the sentence says instead; no permission changes it.",
        "operation_in_progress": "Wait for its end, and ask again.",
        "instance_not_ready": "Bring it into that state, and ask again.",
    }.get(code, ADVICE.get(code, ""))


def _tell(app: App, document: Document) -> None:
    unseen: list[Any] = [place for place in document.get("places") or [] if not place.get("seen_at")]
    for place in unseen:
        say(f"Account {place.get('account_id')}, Region {place.get('region')}: its instances were never listed.")
    if document.get("next"):
        say("There may be more: give a larger --limit, or a filter.")
    if app.output.for_people and document["instances"]:
        say("Why not, and what to do: rds-ops explain NAME")
