"""What the archive and the events cost, modelled from a record's size and AWS's list prices in us-east-1."""

from __future__ import annotations

from rds_operations.archive.record_object import object_body
from rds_operations.model import clock
from rds_operations.model.request import OperationRequest
from rds_operations.records.audit_record import Event, audit_record

PUT, GET, GB_MONTH, COLD_GB_MONTH = 0.005 / 1000, 0.0004 / 1000, 0.023, 0.004
"""S3 Standard, and Glacier Instant Retrieval. https://aws.amazon.com/s3/pricing/"""
EVENT = 1.00e-6
"""EventBridge, custom events. https://aws.amazon.com/eventbridge/pricing/"""
INVOCATION, GB_SECOND = 0.20e-6, 0.0000133334
"""Lambda, arm64. https://aws.amazon.com/lambda/pricing/"""
READ_UNIT = 0.125e-6
"""DynamoDB on demand; reading the stream is free for Lambda. https://aws.amazon.com/dynamodb/pricing/on-demand/"""
SIGNATURE, KEY = 0.15 / 10_000, 1.00
"""KMS, asymmetric. https://aws.amazon.com/kms/pricing/"""
_RECORDS = 2_000
"""Of 1,000 operations: each is accepted and ends."""
_RUNS = 720
"""Digests in a month."""
_COMPARED = 2 * 24 + 15
"""Times that a record is held against the archive: hourly for two days, then once a day for 15."""
_PUBLISH_SECONDS, _DIGEST_SECONDS = 0.1, 2.0
"""Assumed, of an invocation of 128 MB and of a run of 256 MB."""
_LISTS, _ZIPPED = 6, 0.2
"""Assumed: lists of a run, and how small a pack is to its records."""
_GB = 1e9


def of_thousand_operations() -> dict[str, float]:
    """Return USD by part, with a year of the packs."""
    size = _record_bytes()
    return {
        "objects, written and read once": _RECORDS * (PUT + GET),
        "events": _RECORDS * EVENT,
        "Publish": _RECORDS * (INVOCATION + _PUBLISH_SECONDS * 0.125 * GB_SECOND),
        "comparing": _RECORDS * _COMPARED * size / 4096 * 0.5 * READ_UNIT,
        "storage: 100 days of objects, a year of packs": _RECORDS
        * size
        / _GB
        * (3.3 * GB_MONTH + 12 * _ZIPPED * GB_MONTH),
    }


def of_month() -> dict[str, float]:
    """Return USD by part of a deployment that nobody uses."""
    return {
        "digests: written, listed, compared": _RUNS
        * ((2 + _LISTS) * PUT + INVOCATION + _DIGEST_SECONDS * 0.25 * GB_SECOND),
        "signing, if on": KEY + _RUNS * SIGNATURE,
    }


def table() -> str:
    rows = ["| USD | per 1,000 operations | a month |", "|---|---|---|"]
    rows += [f"| {name} | {usd:.4f} | |" for name, usd in of_thousand_operations().items()]
    rows += [f"| {name} | | {usd:.2f} |" for name, usd in of_month().items()]
    idle = sum(usd for name, usd in of_month().items() if "if on" not in name)
    rows.append(f"| **in all, without signing** | **{sum(of_thousand_operations().values()):.4f}** | **{idle:.2f}** |")
    return "\n".join(rows)


def _record_bytes() -> int:
    caller = {"userId": "john.doe", "principal": "arn:aws:sts::123456789012:assumed-role/dba/john.doe@example.com"}
    name = "dev-postgres-01-create-snapshot-0123456789abcdef"
    request = OperationRequest(name, "create_snapshot", "dev-postgres-01", {}, "123456789012", "eu-west-1", caller)
    result = {"success": True, "status": "available", "snapshot_arn": "x" * 90, "execution_arn": "x" * 120}
    return len(object_body(audit_record(request, Event.COMPLETED, result, clock.now())))
