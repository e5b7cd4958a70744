"""The options that every command has, after its name as in the AWS CLI; and a help with an example."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

import click
from click.core import ParameterSource

from rds_ops.app import App
from rds_ops.failures import Failure
from rds_ops.output import FORMATS
from rds_ops.settings import AUTHENTICATIONS, SECRETS, Given

COMMON = frozenset(Given.__dataclass_fields__) - SECRETS


class Command(click.Command):
    """Show the examples first, and the options of every command last."""

    def __init__(self, *arguments: Any, examples: tuple[str, ...] = (), **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.examples = examples

    def format_help_text(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        super().format_help_text(ctx, formatter)
        with formatter.section("Examples" if len(self.examples) > 1 else "Example"):
            for example in self.examples:
                formatter.write(f"{'':>{formatter.current_indent}}{example}\n")

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        options = [item for item in self.get_params(ctx) if isinstance(item, click.Option)]
        records = [(item.name in COMMON, item.get_help_record(ctx)) for item in options]
        for common, title in ((False, "Options"), (True, "Options of every command")):
            if rows := [record for is_common, record in records if record and is_common is common]:
                with formatter.section(title):
                    formatter.write_dl(rows)


def connected(formats: tuple[str, ...] = FORMATS) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Give a command the common options, and hand it the `App` that they make."""

    def decorated(function: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(function)
        @click.pass_context
        def wrapped(ctx: click.Context, /, **options: Any) -> Any:
            common = {name: options.pop(name) for name in COMMON}
            typed = {name for name in common if ctx.get_parameter_source(name) is ParameterSource.COMMANDLINE}
            app = App(Given.of(common), frozenset(typed))
            output = app.output  # a wrong --query is told before anything is sent
            try:
                return function(app, **options)
            except Failure as failure:
                output.show_refusal(failure.body)
                failure.advice = failure.advice.replace("COMMAND", str(ctx.info_name))
                raise

        for option in reversed(_common(formats)):
            wrapped = option(wrapped)
        return wrapped

    return decorated


def at_place(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options for where an instance is. --region is where the service is."""
    region = click.option("--instance-region", metavar="REGION", help="The Region of the instance.")
    account = click.option("--instance-account", metavar="ACCOUNT", help="The account of the instance, 12 digits.")
    return account(region(function))


def place_of(account: str | None, region: str | None) -> dict[str, str]:
    """Return the place as the service's parameters."""
    return {name: value for name, value in (("account_id", account), ("region", region)) if value}


def _common(formats: tuple[str, ...]) -> list[Callable[[Callable[..., Any]], Callable[..., Any]]]:
    def option(name: str, text: str, **named: Any) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
        variable = f"RDS_OPS_{name.removeprefix('--').replace('-', '_').upper()}"
        return click.option(name, help=f"{text}  [{variable}]", envvar=variable, **named)

    return [
        option("--output", "A table on a terminal and text in a pipe, if left out.", type=click.Choice(formats)),
        option("--query", "A JMESPath expression: what to show of the JSON.", metavar="JMESPATH"),
        option("--deployment", "A deployment of the configuration file.", metavar="NAME"),
        option("--api", "The API's URL, with its stage.", metavar="URL"),
        option("--auth", "How to authenticate.", type=click.Choice(AUTHENTICATIONS)),
        option("--profile", "iam: the AWS profile to sign with.", metavar="NAME"),
        option("--region", "iam: the Region of the API; mostly its URL has it.", metavar="REGION"),
        option("--api-key-file", "api_key: a file with the key.", metavar="FILE"),
    ]
