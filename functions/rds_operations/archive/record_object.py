"""The object of the archive that holds one audit record: its key, and its bytes."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from rds_operations.model.documents import Item

RECORDS = "records/"
_DIGITS = 32
_COMPACT = str.maketrans("", "", "-:.")


def object_key(record: Mapping[str, Any]) -> str:
    """Return `records/day=2026-11-25/20261125T103000123Z-<digest of audit_id>.json`.

    Tables of Athena are partitioned by such a folder. The name has no character that Hadoop or S3 advise against.
    https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html
    """
    moment = str(record["timestamp"])
    digest = hashlib.sha256(str(record["audit_id"]).encode()).hexdigest()[:_DIGITS]
    return f"{day_prefix(moment[:10])}{moment.translate(_COMPACT)}-{digest}.json"


def day_prefix(day: str) -> str:
    """Return the folder of all records of a day, `2026-11-25`."""
    return f"{RECORDS}day={day}/"


def object_body(record: Item) -> bytes:
    """Return the record as one line of JSON, with its attributes as they are in the table: so its `hash` can be
    computed again.
    """
    return f"{json.dumps(record, sort_keys=True, separators=(',', ':'), ensure_ascii=False)}\n".encode()


def record_in(body: bytes) -> Item:
    """Read it back. Raises `ValueError` where it is no record."""
    record = json.loads(body)
    if not isinstance(record, dict) or not isinstance(record.get("audit_id"), str):
        raise ValueError("It is no audit record")
    return record
