"""Writes the state of an operation and its audit record in one transaction, and counts what is on record then."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from rds_operations.aws import dynamodb
from rds_operations.aws.dynamodb_writes import (
    NOT_RECORDED_BEFORE,
    OPEN,
    UNOWNED,
    UNWRITTEN,
    note,
    put,
    refuse_id,
    release,
    update,
)
from rds_operations.aws.metrics import count_direct_start, count_end, count_refusal
from rds_operations.aws.operation_reader import OperationReader
from rds_operations.aws.telemetry import logger
from rds_operations.model import clock
from rds_operations.model.documents import Item
from rds_operations.model.progress import Progress
from rds_operations.model.refusals import Refusal
from rds_operations.model.request import OperationRequest
from rds_operations.operations.base import Operation
from rds_operations.records.audit_record import Event, Recorder, audit_record
from rds_operations.records.operation_item import (
    ACCEPTED,
    Unfinished,
    key_id,
    last_id,
    lock_id,
    operation_item,
    owner_of,
)
from rds_operations.records.outcome import REFUSED, TIMED_OUT, Outcome
from rds_operations.records.stored_operation import StoredOperation
from rds_operations.rules.classification import Verdict

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.type_defs import TransactWriteItemTypeDef

_TO_BE_CLAIMED = timedelta(minutes=5)
"""Longer than ADMISSION and OPERATION's first states take, unless RDS throttles for minutes. Another operation may take
the lock then, and this one ends without acting."""
CALL_OVER = timedelta(minutes=1)
"""Longer than an abandoned Execute can still run: its function has ended by then."""


class OperationStore(OperationReader):
    """Raises `TableBusy` (nothing written, repeat) and `TableUnavailable`."""

    def open(self, request: OperationRequest, verdict: Verdict, now: datetime) -> StoredOperation | None:
        """Write the operation, its lock, its key and its opening record. Return None where any of them existed."""
        by = Recorder.ADMISSION if request.request_id else Recorder.OPERATION
        opening = self._record(request, Event.ACCEPTED, {"status": ACCEPTED, "success": True}, now, verdict, by)
        due = now + _TO_BE_CLAIMED
        item = operation_item(request, verdict, now, due)
        writes = [
            put(self._operations, item, UNWRITTEN),
            self._put_lock(request, now, due),
            self._put_record(opening),
        ]
        if request.idempotency_key:
            key: Item = {
                "operation_id": key_id(request.idempotency_key),
                "owner": request.operation_id,
                "ttl": clock.expiry(now),
            }
            writes.append(put(self._operations, key, UNOWNED))
        if not _log_write(dynamodb.write_all(self._client, writes), opening):
            return None
        if by is Recorder.OPERATION:
            count_direct_start(request)
        return StoredOperation.from_item(item)

    def hand_over(self, request: OperationRequest, now: datetime) -> bool:
        """Let a repetition of the request start what another has opened, and give it the time for it; False where it
        has begun, or is over. Only its claim, or the sweep in its time, can end it then.
        """
        values: dict[str, str | bool | int] = {
            ":now": clock.to_text(now),
            ":due": clock.to_epoch(now + _TO_BE_CLAIMED),
        }
        condition = f"{OPEN} AND attribute_not_exists(acting_at)"
        return self._update(request, "SET handed_over_at = :now, due_at = :due", condition, values)

    def claim(self, request: OperationRequest, operation: Operation, now: datetime) -> bool:
        """Take the right to act, which is given once, and keep the lock for as long as an execution can run.

        False where it was given before, or the lock or the request is gone. It stays due when it was: the sweep
        leaves alone what still runs, and need not wait for the longest that it could.
        """
        claim = update(
            self._operations,
            request.operation_id,
            "SET acting_at = :now, #status = :working",
            f"{OPEN} AND attribute_not_exists(acting_at) AND fingerprint = :fingerprint",
            {
                ":now": clock.to_text(now),
                ":working": operation.working_status,
                ":fingerprint": request.fingerprint,
            },
        )
        writes = [claim, self._keep_lock(request, now + self._deployment.longest)]
        if not operation.signs:
            writes.append(self._note_last(request, now))
        return dynamodb.write_all(self._client, writes)

    def was_last(self, request: OperationRequest) -> bool:
        """Tell whether no operation of its kind was claimed on its instance after it. What is not known is no other."""
        item = self._item(last_id(request))
        return item is None or item["claimed_by"] == request.operation_id

    def give_back(self, request: OperationRequest, since: datetime) -> None:
        """Undo a claim under which nothing is known to have been done, unless a later attempt has taken it over."""
        condition = f"{OPEN} AND acting_at = :since AND attribute_not_exists(taken_over)"
        self._update(request, "REMOVE acting_at", condition, {":since": clock.to_text(since)})

    def take_over(self, request: OperationRequest) -> bool:
        """Let no earlier attempt, which may still run, give the claim back; False where there is none any more."""
        return self._update(request, "SET taken_over = :yes", f"{OPEN} AND attribute_exists(acting_at)", {":yes": True})

    def advance(self, request: OperationRequest, progress: Progress, polls: int, now: datetime) -> None:
        """Write what a poll saw; never backwards, and never after the end."""
        self._update(
            request,
            "SET #status = :status, polls = :polls, polled_at = :now, #percent = :percent",
            f"{OPEN} AND (attribute_not_exists(polls) OR polls < :polls)",
            {
                ":status": progress.status,
                ":polls": polls,
                ":now": clock.to_text(now),
                ":percent": progress.percent,
            },
        )

    def close(
        self,
        request: OperationRequest,
        verdict: Verdict,
        outcome: Outcome,
        now: datetime,
        by: Recorder,
        *,
        acted_at: str,
        handed_over_at: str | None = None,
    ) -> bool:
        """Write the closing record and the status, and release the lock. Return False where it was closed before,
        or where its claim is not that of `acted_at` (empty for none).

        An outcome that is not settled stays on the list of the late watch, and its lock ends by itself a moment later:
        Execute's call may be under way. With `handed_over_at` (empty for never) it is closed as one that nobody has
        started, unless it was handed over since; its Idempotency-Key is free again.
        """
        values: dict[str, str | bool | int] = {
            ":status": str(outcome.document["status"]),
            ":result": json.dumps(outcome.document, ensure_ascii=False),
            ":error": outcome.error,
            ":now": clock.to_text(now),
        }
        left = "REMOVE unfinished, due_at"
        if outcome.unsettled:
            left = ", unfinished = :watch, due_at = :due"
            values |= {":watch": Unfinished.WATCH.value, ":due": clock.to_epoch(now + self._deployment.late_watch)}
        claim = "attribute_not_exists(acting_at)"
        if acted_at:
            claim = "acting_at = :acted_at"
            values |= {":acted_at": acted_at}
        if handed_over_at is not None:
            claim += f" AND {'handed_over_at = :handed' if handed_over_at else 'attribute_not_exists(handed_over_at)'}"
            values |= {":handed": handed_over_at} if handed_over_at else {}
        closing = self._record(request, Event.COMPLETED, outcome.document, now, verdict, by)
        writes = [
            update(
                self._operations,
                request.operation_id,
                f"SET #status = :status, #result = :result, #error = :error, ended_at = :now {left}",
                f"{OPEN} AND {claim}",
                values,
            ),
            self._put_record(closing),
        ]
        if owner_of(self._item(lock_id(request))) == request.operation_id:
            released = release(self._operations, lock_id(request), request.operation_id, now)
            writes.append(self._keep_lock(request, now + CALL_OVER) if outcome.unsettled else released)
        if handed_over_at is not None and request.idempotency_key:
            writes.append(release(self._operations, key_id(request.idempotency_key), request.operation_id, now))
        closed = _log_write(dynamodb.write_all(self._client, writes), closing)
        if closed:
            _count_end(request, verdict, outcome)
        return closed

    def record_final_status(
        self,
        request: OperationRequest,
        verdict: Verdict,
        document: dict[str, Any],
        late: dict[str, Any],
        now: datetime,
        by: Recorder,
    ) -> bool:
        """Write the `document` with its `final_status`, and the record of it, after an end that was not settled."""
        final = self._record(request, Event.FINAL, late, now, verdict, by)
        writes = [
            update(
                self._operations,
                request.operation_id,
                "SET #result = :result REMOVE unfinished, due_at",
                "unfinished = :watch",
                {":result": json.dumps(document, ensure_ascii=False), ":watch": Unfinished.WATCH.value},
            ),
            self._put_record(final),
        ]
        return _log_write(dynamodb.write_all(self._client, writes), final)

    def record_refusal(
        self,
        request: OperationRequest,
        refusal: Refusal,
        moment: datetime,
        verdict: Verdict,
        by: Recorder,
        *,
        for_good: bool = False,
    ) -> bool:
        """Record an attempt that has no item. Return False where it was recorded before.

        `for_good`: nothing can be opened under its id from then on; False also where something has been.
        """
        item = self._record(request, Event.REFUSED, refusal.as_result(), moment, verdict, by)
        write = self._put_record(item)
        if not for_good:
            written = dynamodb.write_one(self._client, self._client.put_item, **write["Put"])
        else:
            closes = refuse_id(self._operations, request.operation_id, moment)
            written = dynamodb.write_all(self._client, [closes, write])
        if _log_write(written, item):
            count_refusal(request, refusal.code)
            if not request.request_id:
                count_direct_start(request)
        return written

    def _update(
        self, request: OperationRequest, expression: str, condition: str, values: dict[str, str | bool | int]
    ) -> bool:
        write = update(self._operations, request.operation_id, expression, condition, values)["Update"]
        return dynamodb.write_one(self._client, self._client.update_item, **write)

    def _note_last(self, request: OperationRequest, now: datetime) -> TransactWriteItemTypeDef:
        values: dict[str, str | bool | int] = {":me": request.operation_id, ":ttl": clock.expiry(now)}
        return note(self._operations, last_id(request), "SET claimed_by = :me, #ttl = :ttl", values)

    def _keep_lock(self, request: OperationRequest, until: datetime) -> TransactWriteItemTypeDef:
        values: dict[str, str | bool | int] = {":me": request.operation_id, ":until": clock.to_epoch(until)}
        return update(self._operations, lock_id(request), "SET expires_at = :until", "#owner = :me", values)

    def _record(
        self,
        request: OperationRequest,
        event: Event,
        result: dict[str, Any],
        moment: datetime,
        verdict: Verdict,
        by: Recorder,
    ) -> Item:
        """Make every record that is written: see `audit_record`."""
        return audit_record(request, event, result, moment, verdict, by, self._deployment.settings_digest)

    def _put_record(self, record: Item) -> TransactWriteItemTypeDef:
        return put(self._deployment.audit_table, record, NOT_RECORDED_BEFORE)

    def _put_lock(self, request: OperationRequest, now: datetime, until: datetime) -> TransactWriteItemTypeDef:
        """Expires after 5 minutes, unless OPERATION claims the request, which extends it (`claim`)."""
        lock: Item = {
            "operation_id": lock_id(request),
            "owner": request.operation_id,
            "expires_at": clock.to_epoch(until),
            "ttl": clock.expiry(until),
        }
        free = f"{UNOWNED} OR expires_at <= :now"
        return put(self._operations, lock, free, {":now": clock.to_epoch(now)})


def _log_write(written: bool, record: Item) -> bool:
    message = "recorded" if written else "not recorded: another write was first"
    told = {name: record[name] for name in ("audit_id", "event", "success")}
    logger.info(message, extra=told)
    return written


def _count_end(request: OperationRequest, verdict: Verdict, outcome: Outcome) -> None:
    """Count it as executed, unless it was refused at the last moment: that was no error of the service."""
    document = outcome.document
    if outcome.error == REFUSED:
        count_refusal(request, document["code"])
        return
    code = document["code"] if outcome.error else ""
    timed_out = outcome.error == TIMED_OUT
    count_end(request, verdict.environment.value, document["duration_seconds"], code=code, timed_out=timed_out)
