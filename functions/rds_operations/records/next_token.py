"""A token `next` that is bound to the list, the filters and the caller that it was made for.

It holds a position and a digest of that and of all it is bound to. The digest has no secret, so whoever knows how can
make a token of their own. It gains them nothing: it says no more than where to begin, and what is read comes from the
query and the caller anew each time.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from typing import Any

from rds_operations.model.refusals import Refusal, invalid_parameter

_DIGEST_LENGTH = 16


def sealed(position: str, bound: list[Any]) -> str:
    """Make a token. `bound` is what JSON can hold."""
    raw = _digest(position, bound) + position.encode()
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def unsealed(token: str, bound: list[Any]) -> str | Refusal:
    """Return the position, or a refusal of a token that was not made for this."""
    try:
        raw = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
        position = raw[_DIGEST_LENGTH:].decode()
    except (binascii.Error, ValueError):
        return not_of_this_list()
    return position if raw[:_DIGEST_LENGTH] == _digest(position, bound) else not_of_this_list()


def not_of_this_list() -> Refusal:
    return invalid_parameter(
        "next is not a token of this list. Send the next of the page before, with the same parameters and credentials"
    )


def _digest(position: str, bound: list[Any]) -> bytes:
    return hashlib.sha256(json.dumps([*bound, position]).encode()).digest()[:_DIGEST_LENGTH]
