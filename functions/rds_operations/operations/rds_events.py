"""Events of an instance, recognised by their messages: DescribeEvents gives no ids.

Both wordings count: that of the page, and that of the events themselves where it is another one.
https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_Events.Messages.html
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from enum import Enum
from typing import TYPE_CHECKING

from rds_operations.model.errors import ServiceError

if TYPE_CHECKING:
    from rds_operations.operations.base import Rds


class RebootEvent(Enum):
    """What an event says about a reboot. A failover is a restart, too: on the standby."""

    RESTARTED = "restarted"
    FAILED_OVER = "failed over"
    FAILOVER_ABANDONED = "failover abandoned"


EVENTS: dict[str, tuple[RebootEvent, str]] = {
    "RDS-EVENT-0006": (RebootEvent.RESTARTED, r"\bDB instance restarted\b"),
    "RDS-EVENT-0015": (RebootEvent.FAILED_OVER, r"\bMulti-AZ\b.* failover\b.* (is )?completed?\b"),
    "RDS-EVENT-0049": (RebootEvent.FAILED_OVER, r"\bMulti-AZ\b.* failover (has )?completed\b"),
    "RDS-EVENT-0051": (RebootEvent.FAILED_OVER, r"\bMulti-AZ\b.* activation (is )?completed?\b"),
    "RDS-EVENT-0065": (RebootEvent.FAILED_OVER, r"\brecovered from (a )?partial failover\b"),
    "RDS-EVENT-0034": (
        RebootEvent.FAILOVER_ABANDONED,
        r"\babandoning user requested failover\b|\bnot attempting a requested failover\b",
    ),
}
_PATTERNS = [(first_message, re.compile(pattern, re.IGNORECASE)) for first_message, pattern in EVENTS.values()]


def first_message(messages: Iterable[str], *what: RebootEvent) -> str:
    """Return the first message that tells one of these; empty where none does."""
    return next((message for message in messages if any(_tells(message, one) for one in what)), "")


def with_last(text: str, messages: Sequence[str]) -> str:
    """Add RDS's last word to a text, if there is one: it is mostly the reason."""
    return f"{text}. RDS's last event: {messages[-1].strip()}" if messages else text


def of_snapshot(rds: Rds, snapshot_id: str, since: datetime) -> list[str]:
    """List the messages of a snapshot's events; none where RDS does not give them, since the failure is told anyway."""
    try:
        return rds.messages(snapshot_id, since, "db-snapshot")
    except ServiceError:
        return []


def _tells(message: str, what: RebootEvent) -> bool:
    return any(pattern.search(message) for found, pattern in _PATTERNS if found is what)
