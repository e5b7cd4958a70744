from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from tests.workflow.faults.case import Case, NotStruck
from tests.workflow.queues import dead_letters_queue, refusal_queue

_LARGER_THAN_STEP_FUNCTIONS_SENDS = 262_145
_ATTEMPTS = 3
_ARRIVES_WITHIN_SECONDS = 15


def post_until_kept(case: Case) -> None:
    _until_kept(case, case.post)


def odd_characters(case: Case) -> None:
    """Send U+FFFE and U+FFFF, which JSON allows and SQS refuses."""
    body = json.dumps({**case.row.request(case.instance), "\ufffe": "\uffff"}, ensure_ascii=False)
    _until_kept(case, lambda: case.answers.append(case.service.send("POST", "/operations", body)))


def _until_kept(case: Case, post: Callable[[], object]) -> None:
    """Repeat the POST: ADMISSION gives SQS one second, and a busy laptop may need more. Another row tests that loss."""
    for _attempt in range(_ATTEMPTS):
        post()
        deadline = time.monotonic() + _ARRIVES_WITHIN_SECONDS
        while time.monotonic() < deadline:
            # Another row's sweep may have recorded it.
            if waiting(case) or case.service.records(case.instance):
                return
            time.sleep(0.2)
    raise AssertionError(f"{case.row.name}: SQS never had the message")


def waiting(case: Case) -> list[str]:
    """Return this instance's messages, and leave them in the queue."""
    url = refusal_queue(case.service)
    answer = case.service.aws("sqs").receive_message(QueueUrl=url, MaxNumberOfMessages=10, VisibilityTimeout=0)
    return [found["Body"] for found in answer.get("Messages", []) if case.instance in found["Body"]]


def among_bad_messages(case: Case) -> None:
    """Put the refusal into one batch with a forged, an unreadable and a too large message."""
    case.eventually(lambda: case.service.audit_write_failures(f"{case.instance}-"), "the metric")
    queues = case.service.aws("sqs")
    bad = [forged(case), "no JSON", "x" * _LARGER_THAN_STEP_FUNCTIONS_SENDS]
    with open_to_all(case):
        for body in bad:
            queues.send_message(QueueUrl=refusal_queue(case.service), MessageBody=body)
    counted = case.service.sweep()
    assert counted["set_aside"] == len(bad), counted
    set_aside = dead_letters(case)
    assert all(body in set_aside for body in bad), [text[:80] for text in set_aside]


def forged(case: Case) -> str:
    """Return the waiting refusal, changed to a success."""
    found = waiting(case)
    if not found:
        raise NotStruck(f"{case.row.name}: the scheduled sweep came first")
    message = json.loads(found[0])
    message["work"]["refusal"]["success"] = True
    return json.dumps(message)


@contextmanager
def open_to_all(case: Case) -> Iterator[None]:
    """Remove the queue's policy, which lets only ADMISSION send."""
    queues, url = case.service.aws("sqs"), refusal_queue(case.service)
    policy = queues.get_queue_attributes(QueueUrl=url, AttributeNames=["Policy"])["Attributes"]["Policy"]
    queues.set_queue_attributes(QueueUrl=url, Attributes={"Policy": ""})
    try:
        yield
    finally:
        queues.set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})


def dead_letters(case: Case) -> list[str]:
    queues, found = case.service.aws("sqs"), list[str]()
    while batch := queues.receive_message(QueueUrl=dead_letters_queue(case.service), MaxNumberOfMessages=10):
        if "Messages" not in batch:
            break
        found += [message["Body"] for message in batch["Messages"]]
    return found
