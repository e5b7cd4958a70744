"""The entry of every function: each log line carries the state and the operation."""

from __future__ import annotations

import functools
import gc
from collections.abc import Callable

from rds_operations.aws.telemetry import logger
from rds_operations.model.documents import Document
from rds_operations.model.identifiers import recorded_name

Handler = Callable[[Document], Document]


def lambda_handler(name: str) -> Callable[[Handler], Callable[[Document, object], Document]]:
    """Give every log line of an invocation the state's name and the operation's id."""

    def decorate(handler: Handler) -> Callable[[Document, object], Document]:
        @functools.wraps(handler)
        def entry(event: Document, _context: object) -> Document:
            logger.append_keys(state=name, operation_id=operation_id_of(event))
            logger.info("started")
            result = handler(event)
            if operation_id := operation_id_of(result):
                logger.append_keys(operation_id=operation_id)
            refusal = result.get("refusal")
            logger.info("refused" if refusal else "done", extra={"code": refusal["code"]} if refusal else {})
            return result

        return entry

    gc.enable()  # off while importing: see the package's __init__
    return decorate


def operation_id_of(document: Document) -> str:
    """Find the id in a request, the event of an execution's end, a path or an execution; empty where there is none."""
    execution_name = document.get("detail", {}).get("name") or document.get("execution", {}).get("Name")
    candidates = (
        document.get("work", document).get("request", {}).get("operation_id"),
        (document.get("pathParameters") or {}).get("operation_id"),
        recorded_name(execution_name) if execution_name else "",
    )
    return next((str(found) for found in candidates if found), "")
