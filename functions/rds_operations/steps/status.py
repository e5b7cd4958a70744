"""Status: GET /operations/{operation_id}, in the words of the specification."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from rds_operations.aws.operation_store import OperationStore
from rds_operations.model.documents import Document
from rds_operations.model.errors import RecordMismatch
from rds_operations.model.identifiers import is_execution_name
from rds_operations.model.refusals import Code, Refusal, reply
from rds_operations.records.operation_document import operation_document, seconds_to_next_read
from rds_operations.rules.authorization import may_see
from rds_operations.settings.callers import CallerSettings
from rds_operations.settings.deployment import Polling
from rds_operations.steps.proxy_response import proxy_response


@dataclass(frozen=True)
class StatusPage:
    """`allowed_origin` for CORS."""

    store: OperationStore
    callers: CallerSettings
    polling: Polling
    allowed_origin: str

    def response(self, operation_id: str, caller: Mapping[str, Any], now: datetime) -> Document:
        """Return the Lambda proxy response. Somebody else's operation is answered as an unknown one."""
        stored = self.store.operation(operation_id) if is_execution_name(operation_id) else None
        if stored is None or not may_see(self.callers, caller, stored.request.caller):
            refusal = unknown(operation_id)
            return self._response(refusal.status, refusal.body)
        wait = {} if stored.ended_at else {"Retry-After": str(seconds_to_next_read(stored, self.polling, now))}
        return self._response(200, operation_document(stored, self.store.home, self.polling), wait)

    def reply(self, operation_id: str) -> Document:
        """Return the HTTP response of ADMISSION, which has waited for the end of its own caller's operation."""
        stored = self.store.operation(operation_id)
        if stored is None or not stored.ended_at:
            raise RecordMismatch(f"{operation_id} was seen to have ended")
        return reply(200, operation_document(stored, self.store.home, self.polling))

    def _response(self, status: int, body: Document, headers: Mapping[str, str] | None = None) -> Document:
        return proxy_response(status, body, self.allowed_origin, headers)


def unknown(operation_id: str) -> Refusal:
    return Refusal(404, Code.OPERATION_NOT_FOUND, f"Operation {operation_id[:80]} not found")
