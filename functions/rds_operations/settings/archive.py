"""The archive, as the stack describes it to its functions in environment variables."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True)
class ArchivePlace:
    """`console_url` and `signing_key`, an ARN, are empty where there is none. `period` is that of a digest."""

    bucket: str
    audit_table: str
    console_url: str = ""
    signing_key: str = ""
    period: timedelta = timedelta(hours=1)

    @classmethod
    def from_env(cls) -> ArchivePlace:
        return cls(
            os.environ["ARCHIVE_BUCKET"],
            os.environ["AUDIT_TABLE"],
            os.environ.get("CONSOLE_URL", ""),
            os.environ.get("SIGNING_KEY", ""),
            timedelta(seconds=int(os.environ["DIGEST_SECONDS"])),
        )
