"""One page of a list: goes through the partitions of a source until the page is full or has read enough."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from rds_operations.model.documents import Document, Item
from rds_operations.records.list_source import Source

MOST_EXAMINED = 200
"""Items that a page reads, whether they fit or not."""
_LEAST_AT_ONCE, _MOST_AT_ONCE = 50, 100
"""Items of a query where not all are shown. BatchGetItem takes no more at once."""
_MOST_READS = 110
"""Queries of a page: more than there are days, of which most may have no records."""
_MOST_CHARACTERS = 1_000_000
"""Lambda answers at most 6 MB, with quotes and letters beyond ASCII escaped.

https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
"""

Read = Callable[[str, str, int], tuple[list[Item], bool]]
"""Takes a partition, a position in it (or none) and a number of items; see `ListReader.read`."""
Show = Callable[[list[Item]], Sequence[Document | None]]
"""Makes of each item what the list shows; None for one that it does not."""


@dataclass
class Page:
    """`next` is the position where the following page begins; empty after the last."""

    limit: int
    found: list[Document] = field(default_factory=list)
    examined: int = 0
    next: str = ""
    reads: int = 0
    characters: int = 0

    @property
    def has_room(self) -> bool:
        read_enough = self.examined >= MOST_EXAMINED or self.reads >= _MOST_READS
        return not self.is_full and not read_enough

    @property
    def is_full(self) -> bool:
        return len(self.found) >= self.limit or self.characters >= _MOST_CHARACTERS

    def fill(self, documents: Sequence[Document | None]) -> int:
        """Take what is shown, and return how many documents were gone through."""
        for number, document in enumerate(documents):
            if document is not None:
                if self.is_full:
                    return number
                self.found.append(document)
                self.characters += len(json.dumps(document))
        return len(documents)


def read_page(read: Read, show: Show, source: Source, start: str, limit: int, *, shows_all: bool) -> Page:
    """Read a page of up to `limit` items from the position `start`; from the newest, where that is empty.

    `shows_all`: no item will be left out, so there is no need to read more than the page shows.
    """
    page = Page(limit)
    if not source.partitions:
        return page
    first = source.partition_of(start) if start else source.partitions[0]
    after = "" if start == first else start
    for partition in source.partitions[source.partitions.index(first or "") :]:
        page.next = _read_partition(page, read, show, source, partition, after, shows_all=shows_all)
        if page.next:
            break
        after = ""
    return page


def _read_partition(
    page: Page, read: Read, show: Show, source: Source, partition: str, after: str, *, shows_all: bool
) -> str:
    """Return the position at which the page has no more room; an empty text where the partition has no more items."""
    while page.has_room:
        left = page.limit - len(page.found)
        # One more than fits says whether there is a next page. Of an operation's records, one of two is its opening.
        wanted = left + 1 if shows_all else max(2 * left, _LEAST_AT_ONCE)
        items, more = read(partition, after, min(wanted, _MOST_AT_ONCE, MOST_EXAMINED - page.examined))
        page.reads += 1
        page.examined += len(items)
        taken = page.fill(show(items))
        if taken == len(items) and not more:
            return ""
        after = source.position_of(items[taken - 1]) if taken else after
    return after or partition
