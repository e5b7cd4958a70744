"""Waits for an operation's end. Ctrl-C and --timeout end the waiting, never the operation."""

from __future__ import annotations

import time

from rds_ops.advice import checked
from rds_ops.app import App
from rds_ops.failures import ExitCode, Failure, Unreachable
from rds_ops.progress import progress
from rds_ops.service import Document

_LONGEST_PAUSE_SECONDS = 5.0  # a person looks on
_DEFAULT_PAUSE_SECONDS = 2.0
_LONGEST_SILENCE_SECONDS = 300.0


def follow(app: App, operation_id: str, timeout: float | None, about: Document) -> Document:
    """Return the document of the ended operation. What interrupts the waiting says how to go on.

    `about` is the request, or an earlier document: it names the instance, the operation, and the place if it has one.
    """
    again = f"Look again: {app.command('watch', operation_id)}"
    try:
        return _followed(app, operation_id, timeout, _typical_seconds(app, about))
    except KeyboardInterrupt:
        raise Failure(ExitCode.INTERRUPTED, "Stopped waiting; the operation goes on.", again) from None
    except _TimeIsUp as over:
        sentence = f"It has not ended within {timeout:g} s; the operation goes on."
        raise Failure(ExitCode.TIMED_OUT, sentence, again, over.last) from None
    except Failure as failure:
        if failure.code in (ExitCode.NO_ACCESS, ExitCode.BUSY, ExitCode.FAILED):
            raise Failure(
                failure.code, f"{failure.sentence} The operation goes on.", f"{failure.advice}\n{again}"
            ) from failure
        raise


class _TimeIsUp(Exception):
    def __init__(self, last: Document) -> None:
        super().__init__()
        self.last = last


def _followed(app: App, operation_id: str, timeout: float | None, typical: float | None) -> Document:
    ends = time.monotonic() + timeout if timeout is not None else float("inf")
    heard = time.monotonic()
    document: Document = {}
    with progress(typical) as shown:
        while True:
            pause = _DEFAULT_PAUSE_SECONDS
            try:
                answer = app.service.operation(operation_id)
            except Unreachable as lost:
                if time.monotonic() - heard > _LONGEST_SILENCE_SECONDS:
                    raise
                shown.tell(lost.sentence)
            else:
                heard, document = time.monotonic(), checked(answer.body)
                shown.update(document)
                pause = answer.retry_after or pause
            if document.get("finished"):
                return document
            left = ends - time.monotonic()
            if left <= 0:
                raise _TimeIsUp(document)
            time.sleep(min(pause, _LONGEST_PAUSE_SECONDS, left))


def _typical_seconds(app: App, about: Document) -> float | None:
    """Return how long it mostly takes on this instance, or None: it is a comfort, and no reason to fail."""
    try:
        place: dict[str, str] = {name: str(about[name]) for name in ("account_id", "region") if name in about}
        live = app.service.instance(str(about["instance_id"]), place)
        found = live["operations"][about["operation"]].get("typical_seconds")
    except (Failure, KeyError, TypeError, AttributeError):
        return None
    return float(found) if isinstance(found, int | float) else None


def ended(document: Document) -> Failure | None:
    """Return why an ended operation is no success, or None."""
    if document.get("success"):
        return None
    status = document.get("final_status") or document.get("status")
    if status == "available":
        return None
    why = document.get("final_error") or document.get("error") or document.get("note") or f"It ended as {status}."
    text = str(why)
    if status == "timeout":
        watched = document.get("watched_until")
        advice = f"The service looks on until {watched}; rds-ops status tells what came of it." if watched else ""
        return Failure(ExitCode.TIMED_OUT, text, advice)
    code = document.get("final_code") or document.get("code")
    return Failure(ExitCode.FAILED, f"{text.rstrip('.')} ({code}).", _AFTER.get(str(code), ""))


_AFTER = {
    "snapshot_exists": "Give another --snapshot-id.",
    "snapshot_failed": "The events of the instance in RDS may say more. A new snapshot may succeed.",
    "reboot_failed": "Look at the instance in RDS: it may not be available.",
    "instance_gone": "rds-ops instances lists those that there are.",
    "access_denied": "Tell the service's owner: a policy of the account denies it.",
    "account_not_reachable": "Tell the service's owner: the role of the account cannot be assumed.",
    "not_started": "Nothing was done: ask again.",
    "try_again": "Nothing was done: ask again.",
    "stopped": "Somebody stopped its execution. rds-ops explain shows the instance's state.",
    "internal_error": "Tell the service's owner, with the operation's id.",
}
