"""The settings group `archive`: where audit records are kept for good, and how firmly."""

from __future__ import annotations

import re
from dataclasses import dataclass, fields
from typing import Any

from stacks.setting_checks import require

_BUCKET = re.compile(r"arn:aws[a-z\-]*:s3:::[a-z0-9][a-z0-9.\-]{1,61}[a-z0-9]")
_KEY = re.compile(r"arn:aws[a-z\-]*:kms:[a-z0-9\-]+:[0-9]{12}:key/[A-Za-z0-9\-]+")
OFF, GOVERNANCE, COMPLIANCE = "off", "governance", "compliance"
_LONGEST = 36_500
"""Days of a lock. https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-lock.html"""
_LEAST_RECORD_DAYS = 91
"""A record is in the table for 90 days: until then its object is compared with it."""


@dataclass(frozen=True)
class ArchiveSettings:
    """Hold what docs/settings.md describes."""

    bucket_arn: str = ""
    kms_key_arn: str = ""
    retention: str = OFF
    retention_days: int = 0
    record_days: int = 100
    cold_after_days: int = 90
    sign_digests: bool = False


def checked_archive(document: Any) -> ArchiveSettings:
    require(isinstance(document, dict), "archive must be an object")
    known = {item.name: item.default for item in fields(ArchiveSettings)}
    unknown = sorted(set(document) - set(known))
    require(not unknown, f"archive: unknown {', '.join(unknown)}. Known: {', '.join(sorted(known))}")
    words = {str: "text", int: "a whole number", bool: "true or false"}
    for name, value in document.items():
        kind = type(known[name])
        require(type(value) is kind, f"archive: {name} must be {words[kind]}")
    return _checked(ArchiveSettings(**document))


def _checked(archive: ArchiveSettings) -> ArchiveSettings:
    require(
        not archive.bucket_arn or _BUCKET.fullmatch(archive.bucket_arn),
        "archive: bucket_arn must be the ARN of a bucket, or left out to have one made",
    )
    require(
        not archive.kms_key_arn or _KEY.fullmatch(archive.kms_key_arn),
        "archive: kms_key_arn must be the ARN of a KMS key, or left out for a key of S3's own",
    )
    kinds = (OFF, GOVERNANCE, COMPLIANCE)
    require(archive.retention in kinds, f"archive: retention must be one of {', '.join(kinds)}")
    is_locked = archive.retention != OFF
    require(
        (1 <= archive.retention_days <= _LONGEST) if is_locked else archive.retention_days == 0,
        f"archive: retention_days must be 1 to {_LONGEST} with a retention, and 0 without",
    )
    require(
        not (archive.bucket_arn and is_locked),
        "archive: retention is for a bucket of the stack's own; set the default retention of bucket_arn itself",
    )
    require(
        archive.record_days >= max(_LEAST_RECORD_DAYS, archive.retention_days),
        f"archive: record_days must be at least {_LEAST_RECORD_DAYS}, and at least retention_days",
    )
    require(archive.cold_after_days >= 1, "archive: cold_after_days must be at least 1")
    return archive
