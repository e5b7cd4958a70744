"""Where secrets are kept: an API key, the tokens of a sign-in. One text for each deployment and kind.

A file of mode 0600 in a folder of its own; or the system's keyring, where `rds-operations[keyring]` is installed and
`configure --keep-in keyring` has chosen it.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Protocol

from rds_ops import config
from rds_ops.failures import ExitCode, Failure

FILE, KEYRING = "file", "keyring"
API_KEY, TOKENS = "api-key", "tokens"
_SERVICE = "rds-ops"


class Vault(Protocol):
    def read(self, deployment: str, kind: str) -> str: ...

    def write(self, deployment: str, kind: str, secret: str) -> None: ...


def vault(keep_in: str) -> Vault:
    return Keyring() if keep_in == KEYRING else Files()


class Files:
    def read(self, deployment: str, kind: str) -> str:
        try:
            return self._file(deployment, kind).read_text(encoding="utf-8").strip()
        except FileNotFoundError:
            return ""
        except (OSError, ValueError) as error:
            raise Failure(
                ExitCode.NO_ACCESS,
                f"The {kind} of {deployment} cannot be read: {error}.",
                "Check the file's owner and mode, or keep it anew: rds-ops configure, or rds-ops login.",
            ) from error

    def write(self, deployment: str, kind: str, secret: str) -> None:
        config.write_private(self._file(deployment, kind), secret + "\n")

    def _file(self, deployment: str, kind: str) -> Path:
        name = re.sub(r"[^A-Za-z0-9_-]", lambda found: f"%{ord(found[0]):x}", deployment)
        return config.path().parent / "secrets" / f"{name}.{kind}"


class Keyring:
    def read(self, deployment: str, kind: str) -> str:
        return str(self._ask("get_password", f"{deployment}/{kind}") or "")

    def write(self, deployment: str, kind: str, secret: str) -> None:
        self._ask("set_password", f"{deployment}/{kind}", secret)

    def _ask(self, what: str, *arguments: str) -> Any:
        try:
            import keyring
        except ImportError as error:
            raise Failure(
                ExitCode.NO_ACCESS,
                "This deployment keeps its secrets in the keyring, and the package keyring is not installed.",
                "Install it: pip install 'rds-operations[keyring]'; or: rds-ops configure --keep-in file",
            ) from error
        try:
            return getattr(keyring, what)(_SERVICE, *arguments)
        except Exception as error:  # its backends, of many systems, share no exception class
            raise Failure(
                ExitCode.NO_ACCESS,
                f"The keyring does not answer: {error}.",
                "Unlock it, or keep secrets in a file: rds-ops configure --keep-in file",
            ) from error
