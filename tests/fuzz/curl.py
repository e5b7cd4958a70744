"""An attempt as a shell line for a cloud of `make up`, with README.md's $API and $KEY, or a $TOKEN at $COGNITO_API."""

from __future__ import annotations

import shlex

from tests.fuzz.attempt import Attempt


def curl(attempt: Attempt, path: str) -> str:
    """Return the line. Bytes that are not plain text are written as the shell's $'...'."""
    api, key = "$API", '"x-api-key: $KEY"' if attempt.key is None else shlex.quote(f"x-api-key: {attempt.key}")
    if attempt.auditor:
        api, key = "$COGNITO_API", '"Authorization: Bearer $TOKEN"'
    headers = [f"-H {_quoted(f'{name}: {value}'.encode())}" for name, value in attempt.headers.items()]
    body = [] if attempt.body is None else [f"--data-binary {_quoted(attempt.body)}"]
    return " ".join(["curl -i -X", attempt.method, f'"{api}"{shlex.quote(path)}', f"-H {key}", *headers, *body])


def _quoted(raw: bytes) -> str:
    if all(32 <= byte < 127 for byte in raw):
        return shlex.quote(raw.decode())
    return "$'" + "".join(chr(b) if 32 <= b < 127 and chr(b) not in "'\\" else f"\\x{b:02x}" for b in raw) + "'"
