"""The digest of a period: which objects the archive got in it, with their hashes, and the digest before.

Each names the one before by its hash, so that none can be taken out or changed unseen, as CloudTrail's digests do.
https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-log-file-validation-digest-file-structure.html
"""

from __future__ import annotations

import gzip
import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

DIGESTS, PACKS = "digests/", "packs/"
VERSION = "1"
_MOMENT = "%Y%m%dT%H%M%SZ"


@dataclass(frozen=True)
class Period:
    """From `start` up to, but without, `end`: of the time at which S3 got an object."""

    start: datetime
    end: datetime

    @classmethod
    def around(cls, moment: datetime, length: timedelta) -> Period:
        """Return the period that has the moment in it: periods follow one another since 1970."""
        epoch = datetime(1970, 1, 1, tzinfo=UTC)
        start = epoch + (moment - epoch) // length * length
        return cls(start, start + length)

    def following(self) -> Period:
        return Period(self.end, self.end + (self.end - self.start))

    def has(self, moment: datetime) -> bool:
        return self.start <= moment < self.end

    @property
    def digest_key(self) -> str:
        """Return `digests/day=2026-11-25/20261125T100000Z.json`."""
        return f"{DIGESTS}{self._name}.json"

    @property
    def pack_key(self) -> str:
        return f"{PACKS}{self._name}.jsonl.gz"

    @property
    def _name(self) -> str:
        return f"day={self.start:%Y-%m-%d}/{self.start.strftime(_MOMENT)}"


def start_in(digest_key: str) -> datetime:
    """Read the start of the period out of a digest's key."""
    name = digest_key.rpartition("/")[2].removesuffix(".json")
    return datetime.strptime(name, _MOMENT).replace(tzinfo=UTC)


def digest_of(pack_key: str) -> str:
    """Return the key of the digest that names this pack."""
    return f"{DIGESTS}{pack_key.removeprefix(PACKS).removesuffix('.jsonl.gz')}.json"


def day_folder(day: str) -> str:
    """Return the folder of a day's digests."""
    return f"{DIGESTS}day={day}/"


@dataclass(frozen=True)
class Digest:
    """`previous` is the digest before with its key and bytes; None for the first. `objects` are keys with the objects'
    bytes. `repaired` are `audit_id`s; `mismatched` says `audit_id` and `what`.
    """

    period: Period
    previous: tuple[str, bytes] | None
    objects: Sequence[tuple[str, bytes]]
    repaired: Sequence[str] = ()
    mismatched: Sequence[dict[str, str]] = ()

    def pack(self) -> bytes:
        """Return all objects as lines, compressed: the same bytes for the same objects."""
        return gzip.compress(b"".join(body for _, body in self.objects), mtime=0)

    def body(self) -> bytes:
        document = {
            "version": VERSION,
            "from": _text(self.period.start),
            "to": _text(self.period.end),
            "previous": {"key": self.previous[0], "sha256": sha256(self.previous[1])} if self.previous else None,
            "objects": [
                {"key": key, "sha256": sha256(body), "record_hash": _record_hash(body)} for key, body in self.objects
            ],
            "pack": self._pack_entry(),
            "repaired": list(self.repaired),
            "mismatched": list(self.mismatched),
        }
        return f"{json.dumps(document, sort_keys=True, separators=(',', ':'), ensure_ascii=False)}\n".encode()

    def _pack_entry(self) -> dict[str, Any] | None:
        if not self.objects:
            return None
        return {"key": self.period.pack_key, "sha256": sha256(self.pack()), "records": len(self.objects)}


def hashes_in(digests: Iterable[bytes]) -> dict[str, str]:
    """Return the `record_hash` of each object that these digests list, by its key."""
    listed = (item for digest in digests for item in json.loads(digest)["objects"])
    return {item["key"]: item["record_hash"] for item in listed}


def sha256(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()


def _record_hash(body: bytes) -> str:
    """Return the record's own hash; empty where the object is no record."""
    try:
        return str(json.loads(body)["hash"])
    except (ValueError, KeyError, TypeError):
        return ""


def _text(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
