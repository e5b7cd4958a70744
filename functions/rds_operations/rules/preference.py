"""The caller's `Prefer` header: how long to wait for the end of the operation, before the answer."""

from __future__ import annotations

LONGEST_WAIT = 15
"""Seconds. With all that comes before it, the answer is given before API Gateway gives up, after 29."""


def seconds_to_wait(prefer: str) -> int:
    """Return N of `wait=N`, at most `LONGEST_WAIT`; 0 where there is none. What is not understood is ignored.

    https://www.rfc-editor.org/rfc/rfc7240#section-2
    """
    for preference in prefer.split(","):
        name, _, value = (part.strip() for part in preference.partition(";")[0].partition("="))
        if name.lower() == "wait":  # the first one counts
            return min(int(value), LONGEST_WAIT) if value.isascii() and value.isdigit() and len(value) < 10 else 0
    return 0
