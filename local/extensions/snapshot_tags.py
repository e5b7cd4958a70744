"""Extension: a snapshot copies its instance's tags where the instance has `CopyTagsToSnapshot` and the call has no tag.

MiniStack always shows them, and never lists them.
https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_Tagging.html#USER_Tagging.CopyTags
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from ministack.services import rds

Document = dict[str, Any]


def install() -> None:
    rds._create_snapshot_internal = _with_tags(rds._create_snapshot_internal)


def _with_tags(create: Callable[..., Document]) -> Callable[..., Document]:
    """Copy the tags; those of the call replace them later."""

    def made(name: str, instance: Document, *more: Any, **named: Any) -> Document:
        snapshot = create(name, instance, *more, **named)
        snapshot["TagList"] = _own_tags(instance) if instance.get("CopyTagsToSnapshot") else []
        rds._tags[snapshot["DBSnapshotArn"]] = list(snapshot["TagList"])
        return snapshot

    return made


def _own_tags(instance: Document) -> list[dict[str, str]]:
    """Return the tags without AWS's own, which are not copied."""
    tags: list[dict[str, str]] = rds._tags.get(instance["DBInstanceArn"], [])
    return [tag for tag in tags if not re.match("aws:", tag["Key"], re.IGNORECASE)]
