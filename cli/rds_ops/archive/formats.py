"""What the archive holds, as docs/audit.md describes it: read here by this program's own code, not by the service's."""

from __future__ import annotations

import gzip
import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

Record = dict[str, Any]
RECORDS, PACKS, DIGESTS = "records/", "packs/", "digests/"


class NotReadable(ValueError):
    """Say what cannot be read as what it should be."""


def sha256(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()


def record_hash(record: Mapping[str, Any]) -> str:
    """Compute a record's `hash`: SHA-256 of its canonical JSON (RFC 8785) without it, numbers as decimal text."""
    texts = {name: value if isinstance(value, bool) else str(value) for name, value in record.items() if name != "hash"}
    return sha256(json.dumps(texts, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode())


def object_key(record: Mapping[str, Any]) -> str:
    """Return the key of a record's object: its day, its moment, and a digest of its `audit_id`."""
    moment = str(record["timestamp"])
    name = moment.replace("-", "").replace(":", "").replace(".", "")
    return f"{RECORDS}day={moment[:10]}/{name}-{sha256(str(record['audit_id']).encode())[:32]}.json"


@dataclass(frozen=True)
class Listed:
    """An object that a digest lists. `record_hash` is empty for what is no record."""

    key: str
    sha256: str
    record_hash: str


@dataclass(frozen=True)
class Digest:
    """A digest file as it was read. `previous` and `pack` are a key and a hash."""

    key: str
    body: bytes
    start: datetime
    end: datetime
    previous: tuple[str, str] | None
    objects: tuple[Listed, ...]
    pack: tuple[str, str] | None

    @classmethod
    def read(cls, key: str, body: bytes) -> Digest:
        try:
            document = json.loads(body)
            return cls(
                key,
                body,
                moment(document["from"]),
                moment(document["to"]),
                _named(document["previous"]),
                tuple(Listed(item["key"], item["sha256"], item["record_hash"]) for item in document["objects"]),
                _named(document["pack"]),
            )
        except (ValueError, KeyError, TypeError) as error:
            raise NotReadable(f"{key} is no digest") from error


def lines_of(pack: bytes) -> list[bytes]:
    """Return the objects that a pack holds, with their line ends."""
    try:
        return gzip.decompress(pack).splitlines(keepends=True)
    except (OSError, EOFError) as error:
        raise NotReadable("it is no pack") from error


def record_in(body: bytes) -> Record:
    """Read a record, with the attributes that this program goes by. Anybody who may write the bucket may put another
    thing there.
    """
    try:
        record = json.loads(body)
        texts = (record["audit_id"], record["hash"], record["timestamp"])
        if not all(isinstance(text, str) for text in texts) or type(record["ttl"]) is not int:
            raise NotReadable("it is no record")
        moment(record["timestamp"])
        datetime.fromtimestamp(record["ttl"], UTC)
    except (ValueError, KeyError, TypeError, OverflowError, OSError) as error:
        raise NotReadable("it is no record") from error
    return dict(record)


def moment(text: str) -> datetime:
    """Read ISO 8601; a day alone is its beginning, and what names no zone is UTC."""
    found = datetime.fromisoformat(text)
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def days(start: datetime, end: datetime) -> Iterator[str]:
    """Yield the days from one moment to another, the oldest first."""
    for number in range(start.date().toordinal(), end.date().toordinal() + 1):
        yield datetime.fromordinal(number).strftime("%Y-%m-%d")


def _named(document: Mapping[str, str] | None) -> tuple[str, str] | None:
    return (document["key"], document["sha256"]) if document else None
