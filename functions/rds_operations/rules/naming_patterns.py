"""Matches naming patterns against identifiers."""

from __future__ import annotations

import re
from functools import cache


def fits(pattern: str, instance_id: str, *, anywhere: bool) -> bool:
    """Search in any case: RDS stores identifiers in lower case. Not `anywhere`: what is found must be whole words."""
    return bool(_compiled(pattern if anywhere else whole_words(pattern)).search(instance_id))


def whole_words(pattern: str) -> str:
    """Make the pattern match whole words: it begins and ends at an end of the identifier or at a hyphen,
    its own or the next one:     `dev` in `orders-dev`, not in `devops`.
    """
    return rf"(?:^|(?=-)|(?<=-))(?:{pattern})(?:$|(?=-)|(?<=-))"


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE)
