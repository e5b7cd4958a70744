"""AWS's errors, before a client makes its own exceptions of them."""

from __future__ import annotations

from typing import Any


class AwsError(Exception):
    """Hold an error. `more` goes beside it in the answer, such as a cancelled transaction's reasons."""

    def __init__(self, code: str, message: str = "simulated", status: int = 400, **more: Any) -> None:
        super().__init__(f"{code}: {message}")
        self.code, self.message, self.status, self.more = code, message, status, more
