"""Status: GET /operations/{operation_id}, in the words of the specification."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from rds_operations.aws.operation_store import OperationStore
from rds_operations.model.documents import Document
from rds_operations.model.identifiers import is_execution_name
from rds_operations.model.place import Place
from rds_operations.model.refusals import Code, Refusal
from rds_operations.records.stored_operation import StoredOperation
from rds_operations.rules.authorization import may_see
from rds_operations.settings.callers import CallerSettings


@dataclass(frozen=True)
class StatusPage:
    """`poll_interval` in seconds, for `Retry-After`; `allowed_origin` for CORS."""

    store: OperationStore
    callers: CallerSettings
    poll_interval: str
    allowed_origin: str

    def response(self, operation_id: str, caller: Mapping[str, Any]) -> Document:
        """Return the Lambda proxy response. Somebody else's operation is answered as an unknown one."""
        stored = self.store.operation(operation_id) if is_execution_name(operation_id) else None
        if stored is None or not may_see(self.callers, caller, stored.request.caller):
            refusal = unknown(operation_id)
            return self._response(refusal.status, {"error": refusal.error, "code": refusal.code})
        document = status_document(stored, self.store.home)
        return self._response(200, document, {} if "success" in document else {"Retry-After": self.poll_interval})

    def _response(self, status: int, body: Document, headers: Mapping[str, str] | None = None) -> Document:
        fixed = {
            "Content-Type": "application/json",
            "Access-Control-Allow-Origin": self.allowed_origin,
            "Access-Control-Expose-Headers": "Retry-After",
        }
        return {
            "statusCode": status,
            "headers": {**fixed, **(headers or {})},
            "body": json.dumps(body, ensure_ascii=False),
        }


def status_document(stored: StoredOperation, home: Place) -> Document:
    """Return the result document once it is over; until then where it stands, with the polls made so far."""
    if stored.ended_at:
        return stored.result | stored.location_fields(home)
    running: Document = {
        "operation": stored.request.operation,
        "instance_id": stored.request.instance_id,
        "operation_id": stored.operation_id,
        "execution_arn": stored.request.execution_arn,
        "status": stored.status,
        "started_at": stored.started_at,
        "environment": stored.verdict.environment.value,
        "polls": stored.polls,
    }
    running |= {"percent": stored.percent} if stored.percent >= 0 else {}
    return running | stored.location_fields(home)


def unknown(operation_id: str) -> Refusal:
    return Refusal(404, Code.OPERATION_NOT_FOUND, f"Operation {operation_id[:80]} not found")
