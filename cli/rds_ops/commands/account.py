"""The commands about the caller and the connection: `whoami`, `login`, `configure`, `completion`."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import click

from rds_ops import __version__, config, vault, views
from rds_ops.app import App
from rds_ops.config import Deployment
from rds_ops.failures import ExitCode, Failure
from rds_ops.options import Command, connected
from rds_ops.settings import API_KEY, AUTHENTICATIONS, COGNITO, chosen_deployment, key_of
from rds_ops.transport import checked_url
from rds_ops.voice import advise, is_attended, say

DEFAULT_NAME = "default"


@click.command(
    "whoami",
    cls=Command,
    short_help="Say who you are to the service, and what you may do.",
    examples=("rds-ops whoami", "rds-ops whoami --output json --query principal"),
)
@connected()
def whoami(app: App) -> ExitCode:
    """Say who you are to the service, what you may do, and which service it is."""
    document = app.service.me()
    app.output.show(document, views.me(document, app.settings.api))
    version = document.get("version")
    if version != __version__:
        say(f"The service is version {version or 'unknown'}, this program {__version__}: what differs may not work.")
    return ExitCode.DONE


@click.command(
    "configure",
    cls=Command,
    short_help="Set up a deployment.",
    examples=(
        "rds-ops configure",
        "rds-ops configure --api https://abc.execute-api.eu-west-1.amazonaws.com/v1 --auth iam --profile dba",
    ),
)
@connected()
@click.option("--login-url", metavar="URL", help="cognito: the sign-in page of the user pool (its domain).")
@click.option("--client-id", metavar="ID", help="cognito: the app client of the command line (CliClientId).")
@click.option("--keep-in", type=click.Choice((vault.FILE, vault.KEYRING)), help="Where secrets are kept.")
@click.option("--default/--no-default", "is_default", default=None, help="Use it where no --deployment is given.")
def configure(
    app: App, login_url: str | None, client_id: str | None, keep_in: str | None, is_default: bool | None
) -> ExitCode:
    """Write a deployment into the configuration file. On a terminal, what is not given is asked for."""
    known = config.load()
    given = app.given
    name = given.deployment or known.default or DEFAULT_NAME
    before = known.deployments.get(name, Deployment())
    answers = {
        "api": given.api,
        "auth": given.auth or (API_KEY if given.api_key or given.api_key_file else ""),
        "profile": given.profile,
        "region": given.region,
        "login_url": login_url,
        "client_id": client_id,
        "keep_in": keep_in,
    }
    deployment = replace(before, **{key: value for key, value in answers.items() if value})
    if is_attended():
        deployment = _asked(deployment, answers)
    if not deployment.api:
        raise Failure(ExitCode.USAGE, "It is not known which API that is.", "Give --api: the stack's output ApiUrl.")
    deployment = replace(deployment, api=checked_url(deployment.api), auth=deployment.auth or AUTHENTICATIONS[0])
    if deployment.auth == API_KEY:
        _keep_key(app, name, deployment)
    first = not known.default or known.default == name
    default = name if is_default or (is_default is None and first) else known.default
    file = config.save(config.Config(default, {**known.deployments, name: deployment}))
    say(f"{file} has the deployment {name!r}{', the default' if default == name else ''}.")
    chosen = "" if default == name else f" --deployment {name}"
    advise(f"Try it: rds-ops {'login' if deployment.auth == COGNITO else 'whoami'}{chosen}")
    return ExitCode.DONE


@click.command(
    "login",
    cls=Command,
    short_help="Sign in with the browser (cognito).",
    examples=("rds-ops login", "rds-ops login --deployment staging --no-browser"),
)
@connected()
@click.option("--no-browser", is_flag=True, help="Only print the address of the sign-in page.")
def login(app: App, no_browser: bool) -> ExitCode:
    """Sign in to a deployment with `auth = "cognito"`. The tokens are kept, and renewed while they can be."""
    from rds_ops import tokens

    name, deployment = chosen_deployment(replace(app.given, api=""))  # tokens are a deployment's
    tokens.sign_in(name, deployment, open_browser=not no_browser)
    say("Signed in.")
    advise(f"Try it: {app.command('whoami')}")
    return ExitCode.DONE


@click.command(
    "completion",
    cls=Command,
    short_help="Print the completion for a shell.",
    examples=(
        'eval "$(rds-ops completion bash)"    # in ~/.bashrc; zsh likewise in ~/.zshrc',
        "rds-ops completion fish > ~/.config/fish/completions/rds-ops.fish",
    ),
)
@click.argument("shell", type=click.Choice(("bash", "zsh", "fish")))
@click.pass_context
def completion(ctx: click.Context, shell: str) -> ExitCode:
    """Print what makes SHELL complete commands, options, and the names of instances."""
    from click.shell_completion import get_completion_class

    found: Any = get_completion_class(shell)
    print(found(ctx.find_root().command, {}, "rds-ops", "_RDS_OPS_COMPLETE").source())
    return ExitCode.DONE


def _asked(deployment: Deployment, given: dict[str, Any]) -> Deployment:
    """Ask for what was not given. Enter keeps what stands there."""
    answers: dict[str, str] = {}

    def ask(key: str, question: str, **named: Any) -> None:
        if not given.get(key):
            default = getattr(deployment, key)
            answers[key] = click.prompt(question, default=default, show_default=bool(default), err=True, **named)

    ask("api", "The API's URL (output ApiUrl)")
    if not given["auth"]:
        choice = click.Choice(AUTHENTICATIONS)
        default = deployment.auth or AUTHENTICATIONS[0]
        answers["auth"] = click.prompt("How to authenticate", default=default, type=choice, err=True)
    auth = answers.get("auth", deployment.auth)
    if auth == AUTHENTICATIONS[0]:
        ask("profile", "The AWS profile (Enter: the usual one)")
    if auth == COGNITO:
        ask("login_url", "The sign-in page (output LoginUrl)")
        ask("client_id", "The app client (output CliClientId)")
    return replace(deployment, **answers)


def _keep_key(app: App, name: str, deployment: Deployment) -> None:
    """Keep the API key. It is asked for without an echo, and never taken from the command line."""
    place = vault.vault(deployment.keep_in)
    key = app.given.api_key
    if app.given.api_key_file:
        key = key_of(app.given.api_key_file)
    if not key and is_attended():
        kept = place.read(name, vault.API_KEY)
        question = "The API key (Enter: the one that is kept)" if kept else "The API key"
        key = click.prompt(question, default=kept, show_default=False, hide_input=True, err=True)
    if key:
        place.write(name, vault.API_KEY, key.strip())
