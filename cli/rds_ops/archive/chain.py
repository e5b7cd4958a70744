"""The digests: that none is missing, changed or out of order, and that the archive holds what they list."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from rds_ops.archive.findings import Findings, NewestDigest
from rds_ops.archive.formats import DIGESTS, PACKS, RECORDS, Digest, NotReadable, days, lines_of, record_in, sha256
from rds_ops.archive.sources import Sources, Version

_LATE = timedelta(days=16)
"""A refusal may be recorded 14 days late; its object lies in the folder of its own day."""
_YOUNG = timedelta(hours=2)
_MISSED = 3
"""Periods without a digest, after which it is missing."""


@dataclass
class Archived:
    """What the digests prove: the hash and the end of life of each record, by `audit_id`, with its object's key."""

    records: dict[str, tuple[str, int, str, str]] = field(default_factory=dict)
    """`hash`, `ttl`, `timestamp` and key."""
    keys: set[str] = field(default_factory=set)
    until: datetime | None = None
    """The end of the newest digest's period: what came later is in none yet."""

    def note(self, key: str, body: bytes) -> None:
        record = record_in(body)
        self.records[record["audit_id"]] = (str(record["hash"]), int(record["ttl"]), str(record["timestamp"]), key)


class Chain:
    def __init__(self, sources: Sources, findings: Findings, now: datetime) -> None:
        self._sources = sources
        self._findings = findings
        self._now = now

    def check(self, start: datetime, end: datetime) -> Archived:
        """Check all digests of the time, and what they list. A record of it may have come into the archive later."""
        versions = self._by_key(DIGESTS, start, min(end + _LATE, self._now), "the digest")
        digests = [digest for key in versions if (digest := self._digest(key))]
        digests = [digest for digest in digests if digest.end > start]
        self._follow(digests)
        self._findings.counts["digests"] += len(digests)
        archived = Archived(until=digests[-1].end if digests else None)
        self._check_objects(digests, archived)
        self._find_extra(archived, digests, start, end)
        return archived

    def _digest(self, key: str) -> Digest | None:
        found = self._sources.signed(key)
        if found is None:
            return None  # its marker is told already
        body, signature, signing_key = found
        try:
            digest = Digest.read(key, body)
        except NotReadable as error:
            self._findings.tell(_moment_in(key), "the digest cannot be read", str(error))
            return None
        if _moment_in(key) != _text(digest.start):
            self._findings.tell(_moment_in(key), "the digest is not the one of its time", key)
        self._check_signature(digest, signature, signing_key)
        self._findings.newest = NewestDigest(key, sha256(body), bool(signature))
        return digest

    def _check_signature(self, digest: Digest, signature: str, signing_key: str) -> None:
        expected = self._sources.names.signing_key
        if not signature:
            if expected:
                self._findings.counts["unsigned digests"] += 1
        elif expected and signing_key != expected:
            self._findings.tell(_text(digest.start), "the digest is signed by another key", digest.key)
        elif not self._sources.is_signed_by(digest.body, signature, signing_key):
            self._findings.tell(_text(digest.start), "the digest's signature is wrong", digest.key)

    def _follow(self, digests: list[Digest]) -> None:
        """Check that each names the one before by its hash, and begins where that ends."""
        for before, digest in pairwise(digests):
            if digest.start != before.end:
                self._findings.tell(_text(before.end), "a digest is missing before", digest.key)
            elif digest.previous != (before.key, sha256(before.body)):
                self._findings.tell(_text(digest.start), "the digest does not follow the one before", digest.key)
        if not digests:
            if self._is_old():
                self._findings.tell(_text(self._now), "there is no digest", DIGESTS)
            return
        self._check_first(digests[0])
        last = digests[-1]
        if last.end < self._now - _MISSED * (last.end - last.start) and last.end < self._now - _YOUNG:
            self._findings.tell(_text(last.end), "no digest has come since", last.key)

    def _is_old(self) -> bool:
        """Tell whether the archive has had objects for so long that a digest must be there."""
        first = next(self._sources.versions(RECORDS), None)
        return first is not None and first.modified < self._now - _YOUNG

    def _check_first(self, digest: Digest) -> None:
        if digest.previous is None:
            return
        key, expected = digest.previous
        body = self._sources.body(key)
        if body is None:
            self._findings.tell(_text(digest.start), "the digest before is missing", key)
        elif sha256(body) != expected:
            self._findings.tell(_text(digest.start), "the digest before was changed", key)

    def _check_objects(self, digests: list[Digest], archived: Archived) -> None:
        lives = self._sources.expires_after_days(RECORDS)
        for digest in digests:
            packed = self._packed(digest)
            archived.keys |= {item.key for item in digest.objects}
            expired = lives is not None and digest.end < self._now - timedelta(days=lives)
            for (key, body), item in zip(
                self._sources.bodies([] if expired else [item.key for item in digest.objects]),
                digest.objects,
                strict=False,
            ):
                if body is None:
                    self._findings.tell(_moment_in(key), "the object is missing", key)
                elif sha256(body) != item.sha256:
                    self._findings.tell(_moment_in(key), "the object was changed", key)
            for item in digest.objects:
                self._note(archived, item.key, packed.get(item.sha256))
            self._findings.counts["objects"] += len(digest.objects)

    def _note(self, archived: Archived, key: str, body: bytes | None) -> None:
        if body is None:
            return  # the pack's fault is told already
        try:
            archived.note(key, body)
        except (NotReadable, KeyError, TypeError, ValueError):
            self._findings.tell(_moment_in(key), "the object is no record", key)

    def _packed(self, digest: Digest) -> dict[str, bytes]:
        """Return the objects that the digest's pack holds, by their hashes."""
        if digest.pack is None:
            return {}
        key, expected = digest.pack
        body = self._sources.body(key)
        at = _text(digest.start)
        if body is None:
            self._findings.tell(at, "the pack is missing", key)
            return {}
        if sha256(body) != expected:
            self._findings.tell(at, "the pack was changed", key)
        try:
            return {sha256(line): line for line in lines_of(body)}
        except NotReadable:
            self._findings.tell(at, "the pack cannot be read", key)
            return {}

    def _find_extra(self, archived: Archived, digests: list[Digest], start: datetime, end: datetime) -> None:
        """Look for what no digest lists, though it was there when that was made, and for what has several versions."""
        packs = {digest.pack[0] for digest in digests if digest.pack}
        for prefix, known, name in ((RECORDS, archived.keys, "the object"), (PACKS, packs, "the pack")):
            for key, version in self._by_key(prefix, start, end, name).items():
                since = digests[0].start if digests else self._now
                is_old = archived.until is not None and since <= version.modified < archived.until
                if prefix == PACKS:
                    is_old = is_old and _moment_in(key) >= _text(since)
                if key not in known and is_old:
                    self._findings.tell(_moment_in(key), f"no digest lists {name}", key)

    def _by_key(self, prefix: str, start: datetime, end: datetime, name: str) -> dict[str, Version]:
        """List the newest version of each key in the folders of the days. More than one version is a fault."""
        found: dict[str, list[Version]] = {}
        for day in days(start, end):
            for version in self._sources.versions(f"{prefix}day={day}/"):
                found.setdefault(version.key, []).append(version)
        for key, versions in found.items():
            self._check_versions(key, versions, name)
        return {key: versions[0] for key, versions in sorted(found.items())}

    def _check_versions(self, key: str, versions: Iterable[Version], name: str) -> None:
        lives = self._sources.expires_after_days(key)
        limit = self._now - timedelta(days=lives) if lives is not None else datetime.min.replace(tzinfo=UTC)
        kept = [version for version in versions if not version.is_marker]
        markers = [version for version in versions if version.is_marker]
        if markers and min((version.modified for version in kept), default=self._now) > limit:
            self._findings.tell(_moment_in(key), f"{name} was deleted", key)
        elif len(kept) > 1:
            self._findings.tell(_moment_in(key), f"{name} was replaced", key)


def _moment_in(key: str) -> str:
    """Return the time that a key tells, `2026-11-25T10:00:00Z`; the key itself if it tells none."""
    name = key.rpartition("/")[2]
    try:
        return _text(datetime.strptime(name[:15], "%Y%m%dT%H%M%S").replace(tzinfo=UTC))
    except ValueError:
        return key


def _text(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
