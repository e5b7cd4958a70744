"""The configuration file, `~/.config/rds-ops/config.toml`: which deployments there are, and how to reach each.

It holds no secret. Those are beside it, or in the keyring (`vault`).
"""

from __future__ import annotations

import json
import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from rds_ops.failures import ExitCode, Failure


@dataclass(frozen=True)
class Deployment:
    """Hold one table `[deployments.<name>]`. An empty text is a line that is not there."""

    api: str = ""
    auth: str = ""
    profile: str = ""
    region: str = ""
    login_url: str = ""
    client_id: str = ""
    keep_in: str = ""


@dataclass(frozen=True)
class Config:
    default: str = ""
    deployments: Mapping[str, Deployment] = field(default_factory=dict)


def folder() -> Path:
    base = os.environ.get("XDG_CONFIG_HOME") or os.path.join(os.path.expanduser("~"), ".config")
    return Path(base) / "rds-ops"


def path() -> Path:
    given = os.environ.get("RDS_OPS_CONFIG", "")
    return Path(given).expanduser() if given else folder() / "config.toml"


def load() -> Config:
    """Read the file. None is an empty configuration; one that cannot be understood is a usage error."""
    file = path()
    try:
        document = tomllib.loads(file.read_text(encoding="utf-8"))
        return _from_document(document)
    except FileNotFoundError:
        return Config()
    except OSError as error:
        raise _unusable(file, f"{error.strerror}") from error
    except (ValueError, TypeError, AttributeError) as error:
        raise _unusable(file, str(error)) from error


def save(config: Config) -> Path:
    """Write the file whole, for its owner alone."""
    file = path()
    write_private(file, _document(config))
    return file


def write_private(file: Path, text: str) -> None:
    """Replace a file by one of mode 0600, at no moment half written or readable by others."""
    new = file.with_name(file.name + ".new")
    try:
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        new.unlink(missing_ok=True)
        with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as written:
            written.write(text)
        new.replace(file)
    except OSError as error:
        raise Failure(
            ExitCode.FAILED, f"{file} cannot be written: {error.strerror}.", "Check the folder's owner and mode."
        ) from error


def _from_document(document: Mapping[str, Any]) -> Config:
    known = {item.name for item in fields(Deployment)}
    deployments = {}
    for name, table in document.get("deployments", {}).items():
        if unknown := sorted(set(table) - known):
            raise ValueError(f"[deployments.{name}] has {', '.join(unknown)}, which this version does not know")
        if wrong := sorted(key for key, value in table.items() if not isinstance(value, str)):
            raise ValueError(f"[deployments.{name}]: {', '.join(wrong)} must be text")
        deployments[name] = Deployment(**table)
    return Config(str(document.get("default", "")), deployments)


def _document(config: Config) -> str:
    # A JSON string is a TOML basic string, but for U+007F.
    lines = [f"default = {json.dumps(config.default)}"]
    for name, deployment in config.deployments.items():
        lines += ["", f"[deployments.{json.dumps(name)}]"]
        given = {item.name: getattr(deployment, item.name) for item in fields(deployment)}
        lines += [f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in given.items() if value]
    return "\n".join(lines) + "\n"


def _unusable(file: Path, why: str) -> Failure:
    return Failure(
        ExitCode.USAGE,
        f"The configuration {file} cannot be used: {why}.",
        "Correct the file, or write it anew with: rds-ops configure",
    )
