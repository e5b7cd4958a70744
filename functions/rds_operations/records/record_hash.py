"""The hash of an audit record: whoever has the record can compute it again."""

from __future__ import annotations

import hashlib
import json

from rds_operations.model.documents import Item

HASH = "hash"


def record_hash(record: Item) -> str:
    """Return the SHA-256 of the record's canonical JSON (RFC 8785) without its `hash`, in hexadecimal.

    Numbers are written as decimal text, because readers of DynamoDB and of JSON disagree about them.
    https://www.rfc-editor.org/rfc/rfc8785
    """
    texts = {name: _as_text(value) for name, value in record.items() if name != HASH}
    canonical = json.dumps(texts, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(canonical.encode("utf-8", "surrogatepass")).hexdigest()


def _as_text(value: str | bool | int) -> str | bool:
    return value if isinstance(value, bool) else str(value)
