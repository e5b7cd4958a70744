"""What rows expect, in the words of `Observation`."""

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
