"""The entry of every function: each log line says which state, which operation, and who asked for what where."""

from __future__ import annotations

import functools
import gc
from collections.abc import Callable

from rds_operations.aws.telemetry import logger
from rds_operations.model.documents import Document
from rds_operations.model.errors import ServiceError
from rds_operations.model.identifiers import recorded_name
from rds_operations.rules.identity import DIRECT_START

Handler = Callable[[Document], Document]
_OF_REQUEST = ("operation", "instance_id", "account_id", "region", "dry_run")
_KEYS = ("state", "operation_id", "requested_by", *_OF_REQUEST)


def lambda_handler(name: str, *, quiet: bool = False) -> Callable[[Handler], Callable[[Document, object], Document]]:
    """Log one line for each invocation, at DEBUG where `quiet`, and what it raises.

    Every other line of the invocation has the same keys.
    """

    def decorate(handler: Handler) -> Callable[[Document, object], Document]:
        @functools.wraps(handler)
        def entry(event: Document, _context: object) -> Document:
            logger.remove_keys(list(_KEYS))  # those of an earlier invocation
            logger.append_keys(state=name, operation_id=operation_id_of(event), **_asked(event))
            try:
                result = handler(event)
            except ServiceError as error:
                logger.warning("not done", extra={"error": type(error).__name__, "reason": str(error)})
                raise
            except Exception:
                logger.exception("broke")
                raise
            _log_result(result, logger.debug if quiet else logger.info)
            return result

        return entry

    if not gc.isenabled():  # off while importing: see the package's __init__
        gc.freeze()  # what was imported stays: the collector need never look at it
        gc.enable()
    return decorate


def operation_id_of(document: Document) -> str:
    """Find the id in a request, the event of an execution's end, a path or an execution; empty where there is none."""
    execution_name = document.get("detail", {}).get("name") or document.get("execution", {}).get("Name")
    candidates = (
        _request_in(document).get("operation_id"),
        (document.get("pathParameters") or {}).get("operation_id"),
        recorded_name(execution_name) if execution_name else "",
    )
    return next((str(found) for found in candidates if found), "")


def _log_result(result: Document, log: Callable[..., None]) -> None:
    logger.append_keys(**_asked(result))
    if operation_id := operation_id_of(result):
        logger.append_keys(operation_id=operation_id)
    refusal = result.get("refusal") or result.get("not_ready")
    log("refused" if refusal else "done", extra={"code": refusal["code"]} if refusal else {})


def _asked(document: Document) -> Document:
    """Say who asked for what where, as far as it is known. OPERATION's states know the caller from the record alone."""
    request = _request_in(document)
    known = {name: request.get(name) for name in _OF_REQUEST}
    known["requested_by"] = request.get("caller", {}).get("userId")
    return {name: value for name, value in known.items() if value and value != DIRECT_START}


def _request_in(document: Document) -> Document:
    found: Document = document.get("work", document).get("request") or {}
    return found
