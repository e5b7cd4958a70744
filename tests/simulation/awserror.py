"""What AWS says when it says no, before a client makes its own exception of it."""

from __future__ import annotations

from typing import Any


class AwsError(Exception):
    """`more` goes beside the error in the answer, as a cancelled transaction's reasons do."""

    def __init__(self, code: str, message: str = "simulated", status: int = 400, **more: Any) -> None:
        super().__init__(f"{code}: {message}")
        self.code, self.message, self.status, self.more = code, message, status, more
