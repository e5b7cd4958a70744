"""What each metric counts, and when, in words: docs/operating.md is made from these."""

from __future__ import annotations

_ENDED = "an accepted operation has ended, unless it was refused at the last moment: with its record `completed`"
METRIC_TEXTS = {
    "OperationsExecuted": ("operations", _ENDED),
    "OperationErrors": ("those that failed or timed out; else 0", _ENDED),
    "OperationTimeouts": ("those that timed out, whatever `final_status` says later; else 0", _ENDED),
    "OperationSuccessRate": ("100 or 0: its average is the share that succeeded", _ENDED),
    "OperationDuration": ("seconds, as `duration_seconds`", _ENDED),
    "OperationsRefused": (
        "requests and direct starts that were answered no, by the answer's `code`",
        "the record `refused` is written, or the `completed` of an operation that was refused at the last moment",
    ),
    "DirectStarts": (
        "executions of OPERATION that nobody asked the API for",
        "the first record of one is written: `accepted` or `refused`",
    ),
    "AuditWriteFailures": (
        "attempts to write a record that failed",
        "Audit could not reach a table, or the sweep could not close or record something",
    ),
    "ExecutionsAuditFailed": (
        "executions of OPERATION that ended as `AuditFailed`: without a closing record of their own",
        "Audit gets the event of that end, at each of its attempts to write the record",
    ),
    "SweepRuns": ("runs of the sweep", "a run comes to its end"),
    "InventoryRuns": ("runs of the inventory", "a run comes to its end"),
    "PlacesNotReached": (
        "accounts and Regions that the run could not list; else 0",
        "a run of the inventory comes to its end",
    ),
    "DigestRuns": ("runs of the digest", "a run comes to its end"),
    "RecordsRepaired": (
        "records that the stream had not brought into the archive, and the digest did; else 0",
        "a run of the digest comes to its end",
    ),
    "ArchiveMismatches": (
        "records that the table has otherwise than the archive, or has no more; else 0",
        "a run of the digest comes to its end",
    ),
}
