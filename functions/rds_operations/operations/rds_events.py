"""Events of an instance, recognised by their messages: DescribeEvents gives no ids.

Both wordings count: that of the page, and that of the events themselves where it is another one.
https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_Events.Messages.html
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from enum import Enum


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


def _tells(message: str, what: RebootEvent) -> bool:
    return any(pattern.search(message) for found, pattern in _PATTERNS if found is what)
