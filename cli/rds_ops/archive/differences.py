"""What of a record is not as it was."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from rds_ops.archive.formats import Record

_LONGEST = 100
_NONE = "nothing"


def differences(original: Record, found: Record) -> str:
    """Name each attribute that differs: `user_identity.userId was jane.doe, is bob; success was no, is yes`."""
    was, now = dict(_flat(original)), dict(_flat(found))
    names = sorted(name for name in was.keys() | now.keys() if was.get(name, _NONE) != now.get(name, _NONE))
    return "; ".join(f"{name} was {was.get(name, _NONE)}, is {now.get(name, _NONE)}" for name in names)


def _flat(record: Record, prefix: str = "") -> Iterator[tuple[str, str]]:
    """Yield names and values, those of JSON documents one by one: `user_identity` and `result` are such."""
    for name, value in record.items():
        document = _document(value)
        if document:
            yield from _flat(document, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", str(value)[:_LONGEST]


def _document(value: Any) -> Record | None:
    if not isinstance(value, str) or not value.startswith("{"):
        return value if isinstance(value, dict) else None
    try:
        found: Record = json.loads(value)
    except ValueError:
        return None
    return found
