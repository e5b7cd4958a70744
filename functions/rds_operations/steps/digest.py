"""Digest: on a schedule, what the archive lacks is written, and a digest of each period that is over."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta

from rds_operations.archive.digest_file import DIGESTS, Digest, Period, day_folder, start_in
from rds_operations.archive.record_object import RECORDS, day_prefix
from rds_operations.aws.archive_bucket import ArchiveBucket, Listed
from rds_operations.aws.metrics import count_digest
from rds_operations.aws.signing_key import SigningKey
from rds_operations.aws.telemetry import logger
from rds_operations.model.errors import ArchiveUnavailable
from rds_operations.steps.archive_gaps import Gaps

_LATEST = timedelta(days=40)
"""Within it the newest digest is looked for first."""
_LATE = timedelta(days=16)
"""A refusal may be recorded 14 days late, and its object lies in the folder of its own day."""
_MOST_PERIODS = 100
"""Of a run: the next one goes on."""
_READERS = 16
_TEXT, _GZIP = "application/json", "application/gzip"


@dataclass(frozen=True)
class Digester:
    """`length` is that of a period. `signing_key` is None where digests are not signed."""

    archive: ArchiveBucket
    gaps: Gaps
    signing_key: SigningKey | None
    length: timedelta

    def run(self, now: datetime) -> dict[str, int]:
        """Return how many digests were `written`, and how many records were `repaired` or `mismatched`.

        An object's time is S3's, so a period is over for good a little after its end. What was killed half-way, the
        next run does again: an object is written once, and two runs at once make the same digests, or one stops.
        """
        latest = self._latest(now)
        found = self.gaps.close(now, is_first=latest is None)
        counts = Counter(written=0, repaired=len(found.repaired), mismatched=len(found.mismatched))
        due = list(self._due(latest, now))
        listed = self._listed(due) if due else []
        previous = self._read(latest.digest_key) if latest else None
        for period in due:
            is_last = period == due[-1]
            digest = Digest(
                period,
                previous,
                self._objects(period, listed),
                found.repaired if is_last else (),
                found.mismatched if is_last else (),
            )
            previous = self._write(digest)
            counts["written"] += 1
        count_digest(counts["repaired"], counts["mismatched"])
        return dict(counts)

    def _latest(self, now: datetime) -> Period | None:
        """Find the newest digest's period."""
        for after in (day_folder(f"{now - _LATEST:%Y-%m-%d}"), ""):
            keys = [item.key for item in self.archive.listed(DIGESTS, after)]
            if keys:
                return Period.around(start_in(keys[-1]), self.length)
        return None

    def _due(self, latest: Period | None, now: datetime) -> Iterator[Period]:
        """Yield the periods that are over and have no digest, the oldest first. The first of all begins with the first
        object.
        """
        grace = self.length / 12
        last = Period.around(now - self.length - grace, self.length)
        period = latest.following() if latest else self._first(last)
        for _ in range(_MOST_PERIODS):
            if period.end > last.end:
                return
            yield period
            period = period.following()

    def _first(self, last: Period) -> Period:
        oldest = min((item.modified for item in self.archive.listed(RECORDS)), default=last.start)
        return Period.around(min(oldest, last.start), self.length)

    def _listed(self, due: list[Period]) -> list[Listed]:
        """List what came since the first of these periods, whatever day it is of."""
        first, last = due[0].start, due[-1].end
        after = day_prefix(f"{first - _LATE:%Y-%m-%d}")
        return [item for item in self.archive.listed(RECORDS, after) if first <= item.modified < last]

    def _objects(self, period: Period, listed: list[Listed]) -> list[tuple[str, bytes]]:
        keys = sorted(item.key for item in listed if period.has(item.modified))
        with ThreadPoolExecutor(_READERS) as readers:
            bodies = list(readers.map(self.archive.get, keys))
        gone = [key for key, body in zip(keys, bodies, strict=True) if body is None]
        if gone:
            logger.error("an object was deleted", extra={"keys": gone})
        return [(key, body) for key, body in zip(keys, bodies, strict=True) if body is not None]

    def _write(self, digest: Digest) -> tuple[str, bytes]:
        """Write the pack, then the digest that names it. Raises `ArchiveUnavailable` where another run was first."""
        if digest.objects:
            self.archive.put_once(digest.period.pack_key, digest.pack(), _GZIP)
        body = digest.body()
        metadata = self.signing_key.signature(body) if self.signing_key else {}
        if not self.archive.put_once(digest.period.digest_key, body, _TEXT, metadata):
            raise ArchiveUnavailable(f"{digest.period.digest_key} was written by another run meanwhile")
        return digest.period.digest_key, body

    def _read(self, key: str) -> tuple[str, bytes]:
        body = self.archive.get(key)
        if body is None:
            raise ArchiveUnavailable(f"{key} was deleted meanwhile")
        return key, body
