"""The token `next` of a list of operations or records: where the following page begins.

The position must lie within the range, and the partition to read comes from the query and the caller.
"""

from __future__ import annotations

from typing import Any

from rds_operations.model.refusals import Refusal
from rds_operations.records.list_query import ListQuery
from rds_operations.records.list_source import Source
from rds_operations.records.next_token import not_of_this_list, sealed, unsealed


def page_token(query: ListQuery, principal: str, source: Source, position: str) -> str:
    return sealed(position, _bound(query, principal, source))


def position_in(query: ListQuery, principal: str, source: Source) -> str | Refusal:
    """Read the query's token; an empty text without one."""
    if not query.next:
        return ""
    position = unsealed(query.next, _bound(query, principal, source))
    if isinstance(position, Refusal) or source.partition_of(position):
        return position
    return not_of_this_list()


def _bound(query: ListQuery, principal: str, source: Source) -> list[Any]:
    """List all that the token is bound to. A page may have another `limit`."""
    asked = [query.route, sorted(query.filters.items()), query.first, query.last]
    return [*asked, principal, source.index.name]
