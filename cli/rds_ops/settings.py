"""What one command works with: options and variables first, then the deployment of the configuration file."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rds_ops import config
from rds_ops.config import Deployment
from rds_ops.failures import ExitCode, Failure
from rds_ops.transport import checked_url

IAM, API_KEY, COGNITO = "iam", "api_key", "cognito"
AUTHENTICATIONS = (IAM, API_KEY, COGNITO)
SECRETS = frozenset({"api_key", "token"})


@dataclass(frozen=True)
class Given:
    """Hold the options that every command has, and the secrets. What was not given is empty."""

    deployment: str = ""
    api: str = ""
    auth: str = ""
    profile: str = ""
    region: str = ""
    api_key: str = ""
    api_key_file: str = ""
    token: str = ""
    output: str = ""
    query: str = ""

    @classmethod
    def of(cls, options: dict[str, Any]) -> Given:
        """Take the secrets from the environment: a command line is in the shell's history and in `ps`."""
        secrets = {name: os.environ.get(f"RDS_OPS_{name.upper()}", "") for name in SECRETS}
        return cls(**{name: value or "" for name, value in options.items()}, **secrets)


@dataclass(frozen=True)
class Settings:
    name: str
    api: str
    auth: str
    profile: str
    region: str
    api_key: str
    token: str
    deployment: Deployment


def resolved(given: Given) -> Settings:
    """Decide which API is called, and as whom. An address is checked before anything is sent to it."""
    name, deployment = chosen_deployment(given)
    api = given.api or deployment.api
    if not api:
        raise Failure(
            ExitCode.USAGE,
            "It is not known which service to call.",
            "Set it up once: rds-ops configure; or give --api, or the variable RDS_OPS_API.",
        )
    auth = given.auth or _implied(given) or deployment.auth or IAM
    return Settings(
        name,
        checked_url(api),
        auth,
        given.profile or deployment.profile,
        given.region or deployment.region,
        key_of(given.api_key_file) if given.api_key_file else given.api_key,
        given.token,
        deployment,
    )


def chosen_deployment(given: Given) -> tuple[str, Deployment]:
    """Return the deployment's name and table. With --api and no --deployment, the file does not count."""
    if given.api and not given.deployment:
        return "", Deployment()
    known = config.load()
    name = given.deployment or known.default
    if name in known.deployments:
        return name, known.deployments[name]
    if given.api or not name:
        return name, Deployment()
    names = ", ".join(sorted(known.deployments)) or "none"
    raise Failure(
        ExitCode.USAGE,
        f"The configuration has no deployment {name!r}. It has: {names}.",
        f"Add it: rds-ops configure --deployment {name}",
    )


def _implied(given: Given) -> str:
    if given.api_key or given.api_key_file:
        return API_KEY
    return COGNITO if given.token else ""


def key_of(file: str) -> str:
    try:
        return Path(file).expanduser().read_text(encoding="utf-8").strip()
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or "it is not text"
        raise Failure(
            ExitCode.USAGE, f"The API key file {file} cannot be read: {why}.", "Correct --api-key-file."
        ) from error
