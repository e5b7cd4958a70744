"""The token `next`: where the following page of the same list begins.

It holds a position, and a digest of that, the query, its filters and its caller: a token that was changed or carried
elsewhere is refused. The digest has no secret, so whoever knows how can make a token of their own. It gains them
nothing, because it says no more than where to begin: the partition to read comes from the query and the caller anew
each time, and the position must lie within the range.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json

from rds_operations.model.refusals import Refusal, invalid_parameter
from rds_operations.records.list_query import ListQuery
from rds_operations.records.list_source import Source

_DIGEST_LENGTH = 16
_OTHER = "next is not a token of this list. Send the next of the page before, with the same parameters and credentials"


def page_token(query: ListQuery, principal: str, source: Source, position: str) -> str:
    raw = _digest(query, principal, source, position) + position.encode()
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def position_in(query: ListQuery, principal: str, source: Source) -> str | Refusal:
    """Read the query's token; an empty text without one."""
    if not query.next:
        return ""
    try:
        raw = base64.b64decode(query.next + "=" * (-len(query.next) % 4), altchars=b"-_", validate=True)
        position = raw[_DIGEST_LENGTH:].decode()
    except (binascii.Error, ValueError):
        return invalid_parameter(_OTHER)
    is_own = raw[:_DIGEST_LENGTH] == _digest(query, principal, source, position)
    return position if is_own and source.partition_of(position) else invalid_parameter(_OTHER)


def _digest(query: ListQuery, principal: str, source: Source, position: str) -> bytes:
    """Digest all that the token is bound to. A page may have another `limit`."""
    asked = [query.route, sorted(query.filters.items()), query.first, query.last]
    bound = [*asked, principal, source.index.name, position]
    return hashlib.sha256(json.dumps(bound).encode()).digest()[:_DIGEST_LENGTH]
