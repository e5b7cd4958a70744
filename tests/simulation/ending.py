"""What must hold at the end: closing record, item, GET, execution and RDS agree, and nothing is left open."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from rds_operations.model.end_codes import EndCode
from rds_operations.model.refusals import Code
from tests.simulation import deployment
from tests.simulation.cloud import Cloud
from tests.simulation.people import Attempt, People
from tests.simulation.rds_past import seconds_of
from tests.simulation.states import BAD_ENDS, Execution
from tests.simulation.truth import check_truth
from tests.simulation.watcher import Watcher

Document = dict[str, Any]
_OWN_ENDS = ("OperationFailed", "OperationTimedOut", "OperationRefused")
_NOTHING_DONE = {*map(str, Code), str(EndCode.NOT_STARTED)} - {str(EndCode.INTERNAL_ERROR)}
"""Codes of an end before RDS was asked."""
_TO_BE_TOLD = "final_status will show"
_NOTHING_WAS_DONE = "nothing was done"
_TO_SHOW = 5.0
"""Seconds until Step Functions lists and describes an end."""
_SWEPT = 3600.0
"""Seconds after an end in which the sweep finds it."""


def check(cloud: Cloud, people: People, reports: dict[str, Document]) -> None:
    """Check the whole history. `reports` has GET's answers by operation."""
    watcher = cloud.watcher
    for item in operations(cloud):
        _check_records(watcher, item)
        _check_item(cloud, item, reports[item["operation_id"]])
        check_truth(cloud, people, item)
    for attempt in people.attempts:
        _check_attempt(cloud, attempt)
    _check_keys(watcher, people)
    _check_starts(cloud)
    _check_words(cloud)
    for lock in watcher.held_locks():
        watcher.found("a lock is left", f"{lock['operation_id']} of {lock['owner']}")
    for execution in cloud.states.executions.values():
        if execution.status == "RUNNING":
            watcher.found("an execution is left", execution.name)
        if execution.status == "FAILED" and execution.error not in (*_OWN_ENDS, "AuditFailed"):
            watcher.found("an execution broke", f"{execution.kind} {execution.name}: {execution.error}")


def operations(cloud: Cloud) -> list[Document]:
    found = [cloud.watcher.item(*key) for key in cloud.tables.items["rds_operations"]]
    return [item for item in found if "operation" in item]


def _check_records(watcher: Watcher, item: Document) -> None:
    operation_id = item["operation_id"]
    for event in ("accepted", "completed"):
        if not watcher.records.get((operation_id, event)):
            watcher.found(f"no record {event}", operation_id)


def _check_item(cloud: Cloud, item: Document, report: Document) -> None:
    operation_id, watcher = item["operation_id"], cloud.watcher
    if "ended_at" not in item or "unfinished" in item:
        watcher.found("an operation is left open", operation_id)
        return
    if not {**json.loads(item["result"]), **_elsewhere(item)}.items() <= report.items():
        watcher.found("GET says something else than the item", operation_id)
    records = watcher.records.get((operation_id, "completed"))
    if not records:
        return
    closing = json.loads(records[0]["result"])
    final = watcher.records.get((operation_id, "final"))
    if not final and (closing["status"] == "timeout" or _TO_BE_TOLD in closing.get("error", "")):
        watcher.found("an open end that nobody follows", operation_id)
    said = json.loads(final[0]["result"]) if final else closing
    said.pop("success") if final else None
    if any(report.get(name) != value for name, value in said.items()):
        watcher.found("the record says something else than GET", operation_id)
    _check_execution(cloud, operation_id, [closing, json.loads(item["result"])])


def _check_execution(cloud: Cloud, operation_id: str, known: list[Document]) -> None:
    """Compare an execution's last end with the record; one that was stopped, timed out or broke says nothing.

    One that was redriven after its operation was settled says what was on record by then.
    """
    execution = cloud.states.find(deployment.OPERATION, operation_id)
    end = execution.ends[-1] if execution and execution.ends else {}
    told = end.get("output") if end.get("status") == "SUCCEEDED" else None
    if end.get("status") == "FAILED" and end.get("error") in _OWN_ENDS:
        told = end["cause"]
    if told is not None and json.loads(told) not in known:
        cloud.watcher.found("the execution says something else than the record", operation_id)


def _check_attempt(cloud: Cloud, attempt: Attempt) -> None:
    watcher = cloud.watcher
    if attempt.is_accepted:
        operation_id = attempt.body["operation_id"]
        if not watcher.item(operation_id):
            watcher.found("a 202 that cannot be found", operation_id)
        if attempt.status == 200 and not attempt.body["finished"]:
            watcher.found("a 200 for what has not ended", f"{attempt.name}: {operation_id}")
        if not cloud.states.find(deployment.OPERATION, operation_id):
            watcher.found("a 202 that was never started", f"{attempt.name}: {operation_id}")
        return
    if _is_recorded(watcher, attempt.name):
        return
    if "Keep" in attempt.execution.caught:
        cloud.counts["documented: DynamoDB and SQS both refused"] += 1
    elif attempt.execution.status == "TIMED_OUT":
        cloud.counts["documented: ADMISSION ran out of time"] += 1
    else:
        watcher.found("a refusal without a record", f"{attempt.name} {attempt.status}")


def _is_recorded(watcher: Watcher, request_id: str) -> bool:
    return any(record["request_id"] == request_id for records in watcher.records.values() for record in records)


def _check_keys(watcher: Watcher, people: People) -> None:
    """Check that each key always gave the same operation."""
    accepted: dict[tuple[str, str], set[str]] = {}
    for attempt in people.attempts:
        given = attempt.action.given
        if attempt.is_accepted and given["key"]:
            accepted.setdefault((given["caller"], given["key"]), set()).add(attempt.body["operation_id"])
    for (_caller, key), found in accepted.items():
        if len(found) > 1:
            watcher.found("one key was given two operations", f"{key}: {sorted(found)}")


def _check_starts(cloud: Cloud) -> None:
    """Check that each start of OPERATION has a record. The sweep finds ends of the last hour only."""
    recorded = {operation_id for operation_id, _event in cloud.watcher.records}
    for execution in cloud.states.executions.values():
        if execution.machine != deployment.OPERATION or execution.name in recorded:
            continue
        if _could_be_swept(cloud, execution):
            cloud.watcher.found("a start without a record", execution.name)
        else:
            cloud.counts["documented: a direct start's event was lost, and no sweep succeeded for an hour"] += 1


def _could_be_swept(cloud: Cloud, execution: Execution) -> bool:
    if execution.status not in BAD_ENDS or not execution.stopped_at:
        return True
    ended = seconds_of(execution.stopped_at)
    return any(ended + _TO_SHOW < begun < ended + _SWEPT for begun in cloud.watcher.whole_sweeps)


def _check_words(cloud: Cloud) -> None:
    """Check that "nothing was done" stays true, in refusals and other ends."""
    acted = {act.by for act in cloud.rds.acts if act.by}
    for operation_id, words in _denials(cloud):
        if operation_id in acted:
            cloud.watcher.found("nothing was done, it said, and it was done", f"{operation_id}: {words[:120]}")


def _denials(cloud: Cloud) -> Iterator[tuple[str, str]]:
    for records in cloud.watcher.records.values():
        for record in records:
            result = json.loads(record["result"])
            words = str(result.get("error", ""))
            if record["event"] == "refused" or _NOTHING_WAS_DONE in words or result.get("code") in _NOTHING_DONE:
                yield record["operation_id"], f"record {record['event']}: {words}"


def check_answers(cloud: Cloud, people: People) -> None:
    """Check that a request which was told "nothing was done" has no operation that acted."""
    acted = {act.by for act in cloud.rds.acts if act.by}
    by_request = {item["request_id"]: item["operation_id"] for item in operations(cloud)}
    for attempt in people.attempts:
        operation_id = by_request.get(attempt.name, "")
        if _NOTHING_WAS_DONE in str(attempt.body.get("error", "")) and operation_id in acted:
            cloud.watcher.found("nothing was done, it was answered, and it was done", f"{attempt.name} {operation_id}")


def _elsewhere(item: Document) -> Document:
    home = deployment.HOME
    if (item["account_id"], item["region"]) == (home.account_id, home.region):
        return {}
    return {"account_id": item["account_id"], "region": item["region"]}
