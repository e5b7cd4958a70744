"""Lists: GET /operations, GET /records and GET /me. Callers see what is theirs, auditors everything."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from rds_operations.aws.list_reader import ListReader
from rds_operations.aws.telemetry import logger
from rds_operations.model.documents import Document, Item
from rds_operations.model.refusals import Refusal
from rds_operations.records.audit_record import Event
from rds_operations.records.indexes import BY_INSTANCE, BY_PRINCIPAL, FAILED, UNFINISHED
from rds_operations.records.list_filters import fits_operation, fits_record, record_document
from rds_operations.records.list_query import ListQuery, Route, list_query
from rds_operations.records.list_source import Source, narrowed, source_of
from rds_operations.records.operation_document import operation_document
from rds_operations.records.page_token import page_token, position_in
from rds_operations.rules.authorization import granted, is_auditor, may_see, not_a_reader
from rds_operations.rules.identity import principal_of
from rds_operations.settings.callers import CallerSettings
from rds_operations.settings.deployment import Deployment
from rds_operations.settings.targets import Targets
from rds_operations.settings.version import VERSION
from rds_operations.steps.list_page import Page, read_page
from rds_operations.steps.proxy_response import proxy_response

Caller = Mapping[str, Any]
_COVERS = {BY_INSTANCE: {"instance_id"}, BY_PRINCIPAL: {"principal"}, FAILED: {"failed"}}
"""The filters that all items of an index fit."""
_IDS = ("audit_id", "operation_id", "event")
_GO_ON = "Nothing among the items that this page examined. Go on with next."
_NOTHING = "Nothing fits. Records are removed after 90 days, and a new one may take a second to appear here."
_NOTHING_OWN = (
    "Nothing of this caller fits. Everybody sees only their own: the same person in a session of another name, or "
    "through another API, is another caller (see GET /me). Records are removed after 90 days, and a new one may take "
    "a second to appear here."
)


@dataclass(frozen=True)
class Lists:
    reader: ListReader
    callers: CallerSettings
    targets: Targets
    deployment: Deployment

    def response(
        self, resource: str, parameters: Mapping[str, Sequence[str]], caller: Caller, now: datetime
    ) -> Document:
        """Return the Lambda proxy response. `parameters` are those of the query string, each with all its values."""
        answer = self._me(caller) if resource == "/me" else self._list(Route(resource), parameters, caller, now)
        if isinstance(answer, Refusal):
            return proxy_response(answer.status, answer.body, self.deployment.allowed_origin)
        return proxy_response(200, answer, self.deployment.allowed_origin)

    def _me(self, caller: Caller) -> Document | Refusal:
        """Say who the caller is to this service, and what they may do."""
        if refusal := not_a_reader(self.callers, caller):
            return refusal
        return {
            "userId": caller["userId"],
            "principal": principal_of(caller),
            "authentication": caller["authentication"],
            "auditor": is_auditor(self.callers, caller),
            "permissions": granted(self.callers, caller),
            "places": [{"account_id": place.account_id, "region": place.region} for place in self.targets.places],
            "version": VERSION,
        }

    def _list(
        self, route: Route, parameters: Mapping[str, Sequence[str]], caller: Caller, now: datetime
    ) -> Document | Refusal:
        if refusal := not_a_reader(self.callers, caller):
            return refusal
        query = list_query(route, parameters)
        if isinstance(query, Refusal):
            return query
        if refusal := not_a_reader(self.callers, caller, query.filters.get("principal")):
            return refusal
        auditor = is_auditor(self.callers, caller)
        source = source_of(self._narrowed(query, caller), "" if auditor else principal_of(caller), now)
        start = position_in(query, principal_of(caller), source)
        if isinstance(start, Refusal):
            return start
        page = self._page(query, source, start, caller)
        if auditor:
            _log_query(query, source, caller, page)
        return _document(query, source, caller, page, auditor=auditor)

    def _narrowed(self, query: ListQuery, caller: Caller) -> ListQuery:
        """Find where the records of one operation are: its own item says on which instance and since when."""
        operation_id = query.filters.get("operation_id", "")
        stored = self.reader.operations([operation_id]).get(operation_id) if operation_id else None
        if stored is None or not may_see(self.callers, caller, stored.request.caller):
            return query
        return narrowed(query, stored, self.deployment.late_watch)

    def _page(self, query: ListQuery, source: Source, start: str, caller: Caller) -> Page:
        if query.route is Route.RECORDS:
            shows_all = query.filters.keys() <= _COVERS.get(source.index, set())
            read, show = partial(self.reader.read, source), partial(self._records, query, caller)
            return read_page(read, show, source, start, query.limit, shows_all=shows_all)
        columns = () if source.index is UNFINISHED else _IDS
        read, show = partial(self.reader.read, source, columns=columns), partial(self._operations, query, caller)
        return read_page(read, show, source, start, query.limit, shows_all=False)

    def _records(self, query: ListQuery, caller: Caller, items: list[Item]) -> list[Document | None]:
        documents = map(record_document, items)
        return [
            document if self._may_see(document, caller) and fits_record(query.filters, document) else None
            for document in documents
        ]

    def _operations(self, query: ListQuery, caller: Caller, items: list[Item]) -> list[Document | None]:
        """Show each operation at its `accepted` record; an item of the index of open ones has no event."""
        ids = [
            str(item["operation_id"]) if item.get("event", Event.ACCEPTED) == Event.ACCEPTED else "" for item in items
        ]
        found = self.reader.operations(ids)
        shown = {
            name: operation_document(stored, self.deployment.home, self.deployment.polling)
            for name, stored in found.items()
            if may_see(self.callers, caller, stored.request.caller) and fits_operation(query.filters, stored)
        }
        return [shown.get(name) for name in ids]

    def _may_see(self, record: Document, caller: Caller) -> bool:
        return may_see(self.callers, caller, record["user_identity"])


def _document(query: ListQuery, source: Source, caller: Caller, page: Page, *, auditor: bool) -> Document:
    document: Document = {query.route.removeprefix("/"): page.found}
    if page.next:
        document["next"] = page_token(query, principal_of(caller), source, page.next)
    if not page.found:
        nothing = _NOTHING if auditor else _NOTHING_OWN
        document["note"] = _GO_ON if page.next else nothing
    return document


def _log_query(query: ListQuery, source: Source, caller: Caller, page: Page) -> None:
    """Log who has asked for what. Of what they typed, only what can name nobody: no principal, and no free text.

    `about` is the person on record, where the auditor asked for one and found something.
    """
    about = [_person_of(document) for document in page.found[:1] if "principal" in query.filters]
    logger.info(
        "auditor's query",
        extra={
            "requested_by": caller["userId"],
            "route": query.route.value,
            "key": source.index.name or "instance_id",
            "filters": sorted(query.filters),
            "instance_id": query.filters.get("instance_id", ""),
            "from": query.first,
            "to": query.last,
            "found": len(page.found),
            "examined": page.examined,
            **({"about": about[0]} if about else {}),
        },
    )


def _person_of(document: Document) -> str:
    return str(document["user_identity"]["userId"] if "user_identity" in document else document["requested_by"])
