from __future__ import annotations


class OneOf:
    """Equal each of the values."""

    def __init__(self, *values: object) -> None:
        self._values = values

    def __eq__(self, other: object) -> bool:
        return other in self._values

    def __hash__(self) -> int:
        return hash(self._values)

    def __repr__(self) -> str:
        return " or ".join(map(repr, self._values))


RECORDS = ("accepted by admission", "completed by operation")
SETTLED = (*RECORDS, "final by late_watch")
CLOSED_BEHIND = ("accepted by admission", "completed by backstop")
DONE = {"answer": 202, "execution": "SUCCEEDED", "outcome": "available", "acted": 1, "records": RECORDS}
FAILED = {"answer": 202, "execution": "FAILED OperationFailed", "outcome": "failed", "acted": 1, "records": RECORDS}
LATE = {
    "answer": 202,
    "execution": "FAILED OperationTimedOut",
    "outcome": "timeout, available later",
    "acted": 1,
    "records": SETTLED,
}
