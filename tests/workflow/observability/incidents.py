"""For each alarm, an incident that raises it: real requests and operations, with faults where it takes one."""

from __future__ import annotations

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial

from local.instance_tags import FAILS, NEVER, SNAPSHOT_TAG, THROTTLE_TAG
from tests.workflow.queues import dead_letters_queue, refusal_queue
from tests.workflow.service import Document, reboot_of, snapshot_of, window_of
from tests.workflow.watch import Watch

Step = Callable[[Watch], None]
_AT_ONCE = 3
_UNAVAILABLE: Document = {"effect": "refuse", "code": "InternalServerError", "status": 500}
_DENIED: Document = {"effect": "refuse", "code": "AccessDenied", "status": 403}
_REFUSED_RECORD = "refused"


def nothing(_watch: Watch) -> None:
    pass


@dataclass(frozen=True)
class Incident:
    """`begin` raises the alarm. `end` mends what takes mending; then time clears it. `before` makes it well."""

    begin: Step
    end: Step = nothing
    before: Step = nothing


def refuse_record_of_refusal(watch: Watch) -> None:
    """Let a refusal find no way into the table: it waits in its queue."""
    watch.fault(_REFUSED_RECORD, point="dynamodb:PutItem", caller="Audit", **_UNAVAILABLE)
    assert watch.service.post(reboot_of(watch.service.new_instance("any", {"Stage": "prod"}))).status == 403


def record_refusals(watch: Watch) -> None:
    watch.heal(_REFUSED_RECORD)
    watch.service.sweep()


def leave_refusal_waiting(watch: Watch) -> None:
    refuse_record_of_refusal(watch)
    for _period in range(3):
        watch.state("refusals-waiting", watch.period("refusals-waiting"))


def end_without_record(watch: Watch) -> None:
    instance = watch.service.new_instance()
    watch.fault(f"{instance}#.*#completed", point="dynamodb:TransactWriteItems", caller="Audit", **_UNAVAILABLE)
    execution = watch.service.execution(watch.service.accepted(window_of(instance)))
    assert execution["error"] == "AuditFailed"


def record_end(watch: Watch) -> None:
    watch.heal("dev-instance")
    watch.service.sweep()


def set_message_aside(watch: Watch) -> None:
    """Send what is no refusal. Only ADMISSION may, so the queue's policy is away meanwhile."""
    sqs, url = watch.service.aws("sqs"), refusal_queue(watch.service)
    policy = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["Policy"])["Attributes"]["Policy"]
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": ""})
    sqs.send_message(QueueUrl=url, MessageBody="no JSON")
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})
    assert watch.service.sweep()["set_aside"] == 1


def empty_dead_letters(watch: Watch) -> None:
    watch.service.aws("sqs").purge_queue(QueueUrl=dead_letters_queue(watch.service))


def fail_thrice(watch: Watch) -> None:
    """Three of three: fewer than the rate looks at, but enough in number."""
    tags = {"Environment": "dev", SNAPSHOT_TAG: FAILS}
    run(watch, [snapshot_of(watch.service.new_instance(tags=tags)) for _time in range(3)], success=False)


def time_out_once_of_five(watch: Watch) -> None:
    """20 % of as few as the rate looks at."""
    run(watch, [window_of(watch.service.new_instance()) for _time in range(4)], success=True)
    tags = {"Environment": "dev", SNAPSHOT_TAG: NEVER}
    run(watch, [snapshot_of(watch.service.new_instance(tags=tags))], success=False)


def run(watch: Watch, requests: list[Document], *, success: bool) -> None:
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        accepted = pool.map(watch.service.accepted, requests)
        results = list(pool.map(watch.service.result, accepted))
    assert {result["success"] for result in results} == {success}


def answer_503(watch: Watch) -> None:
    instance = watch.service.new_instance()
    watch.fault(f"{instance}#.*#accepted", point="dynamodb:TransactWriteItems", **_UNAVAILABLE)
    assert watch.service.post(reboot_of(instance)).status == 503


def break_polls(watch: Watch) -> None:
    """Throttle so long that each attempt of one Poll ends with an error; the next one succeeds."""
    tags = {"Environment": "dev", THROTTLE_TAG: "10"}
    run(watch, [snapshot_of(watch.service.new_instance(tags=tags))], success=True)


def break_lists(watch: Watch) -> None:
    watch.fault(".*", point="dynamodb:Query", caller="lists", effect="crash_before")
    for _time in range(3):
        assert watch.service.send("GET", "/operations").status >= 500


def mend_lists(watch: Watch) -> None:
    watch.heal(".*")


def stop_lists(watch: Watch) -> None:
    watch.service.aws("lambda").put_function_concurrency(
        FunctionName="rds-operations-lists", ReservedConcurrentExecutions=0
    )
    for _time in range(3):
        assert watch.service.send("GET", "/operations").status >= 429


def start_lists(watch: Watch) -> None:
    watch.service.aws("lambda").delete_function_concurrency(FunctionName="rds-operations-lists")


def stop_execute(watch: Watch) -> None:
    """Stop all operations now, as the runbook does it."""
    watch.service.aws("lambda").put_function_concurrency(
        FunctionName="rds-operations-execute", ReservedConcurrentExecutions=0
    )
    watch.service.accepted(window_of(watch.service.new_instance()))


def start_execute(watch: Watch) -> None:
    watch.service.aws("lambda").delete_function_concurrency(FunctionName="rds-operations-execute")
    states, machine = watch.service.aws("stepfunctions"), watch.service.outputs["state_machine_arn"]
    running = partial(states.list_executions, stateMachineArn=machine, statusFilter="RUNNING")
    watch.eventually(lambda: not running()["executions"], "the operation did not go on")


def strike_wait(effect: str, *, success: bool) -> Step:
    def strike(watch: Watch) -> None:
        instance = watch.service.new_instance()
        watch.fault(f".*{instance}", point="operation:Wait", effect=effect, times=1)
        run(watch, [snapshot_of(instance)], success=success)

    return strike


def sweep(watch: Watch) -> None:
    watch.service.sweep()


def list_databases(watch: Watch) -> None:
    answer = watch.service.aws("lambda").invoke(FunctionName="rds-operations-inventory", Payload=b"{}")
    assert "FunctionError" not in answer


def let_time_pass(name: str) -> Step:
    """Let one period pass, and no more."""
    return lambda watch: watch.wait(watch.period(name) / 60 + 1)


def close_places(watch: Watch) -> None:
    watch.fault("(Action|$)", point="rds:DescribeDBInstances", caller="inventory", **_DENIED)
    list_databases(watch)


def open_places(watch: Watch) -> None:
    watch.heal("(Action")
    list_databases(watch)


def refuse_many(watch: Watch) -> None:
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        answers = list(pool.map(watch.service.post, [{"operation": "reboot_instance"}] * 20))
    assert {answer.status for answer in answers} == {400}


def try_keys(watch: Watch) -> None:
    for number in range(20):
        body = json.dumps(reboot_of("any"))
        answer = watch.service.send("POST", "/operations", body, **{"x-api-key": f"guess-{number}"})
        assert answer.status == 403


def start_directly(watch: Watch) -> None:
    instance = watch.service.new_instance()
    watch.service.aws("stepfunctions").start_execution(
        stateMachineArn=watch.service.outputs["state_machine_arn"],
        name=f"by-hand-{instance}",
        input=json.dumps(window_of(instance)),
    )
    assert watch.service.execution(f"by-hand-{instance}")["status"] == "SUCCEEDED"


def refuse_objects(watch: Watch) -> None:
    """Let S3 take nothing, so that the stream stands still for as long as nobody looks."""
    watch.fault(point="s3:PutObject", caller="publish", effect="refuse", code="SlowDown", status=503)
    assert watch.service.post(reboot_of(watch.service.new_instance("any", {"Stage": "prod"}))).status == 403
    watch.eventually(lambda: _says(watch, '"not archived"'), "Publish has not failed")
    watch.wait(10)


def _says(watch: Watch, text: str) -> bool:
    return any(text in line for line in watch.service.log_messages("/aws/lambda/rds-operations-service"))


def take_objects(watch: Watch) -> None:
    watch.heal()


def write_digest(watch: Watch) -> None:
    watch.service.digest()


def change_record(watch: Watch) -> None:
    """Say of a refusal that it was none."""
    instance = watch.service.new_instance("any", {"Stage": "prod"})
    assert watch.service.post(reboot_of(instance)).status == 403
    (record,) = watch.service.records(instance)
    watch.service.audit_log.put_item(Item={**record, "success": True})
    assert watch.service.digest()["mismatched"] == 1


def restore_record(watch: Watch) -> None:
    scanned = watch.service.audit_log.scan()["Items"]
    (changed,) = [record for record in scanned if record["event"] == "refused" and record["success"]]
    watch.service.audit_log.put_item(Item={**changed, "success": False})
    assert watch.service.digest()["mismatched"] == 0


INCIDENTS = {
    "audit-write-failures": Incident(refuse_record_of_refusal, record_refusals),
    "audit-failed": Incident(end_without_record, record_end),
    "dead-letters": Incident(set_message_aside, empty_dead_letters, before=empty_dead_letters),
    "refusals-waiting": Incident(leave_refusal_waiting, record_refusals, before=record_refusals),
    "failure-rate": Incident(fail_thrice),
    "timeout-rate": Incident(time_out_once_of_five),
    "api-server-errors": Incident(answer_503),
    "function-errors": Incident(break_polls),
    "function-throttles": Incident(stop_execute, start_execute),
    "function-errors-2": Incident(break_lists, mend_lists),
    "function-throttles-2": Incident(stop_lists, start_lists),
    "executions-throttled": Incident(strike_wait("throttle", success=True)),
    "executions-timed-out": Incident(strike_wait("time_out", success=False)),
    "sweep-missing": Incident(let_time_pass("sweep-missing"), sweep, before=sweep),
    "inventory-missing": Incident(let_time_pass("inventory-missing"), list_databases, before=list_databases),
    "publish-late": Incident(refuse_objects, take_objects),
    "digest-missing": Incident(let_time_pass("digest-missing"), write_digest, before=write_digest),
    "archive-mismatch": Incident(change_record, restore_record),
    "places-not-reached": Incident(close_places, open_places),
    "many-refusals": Incident(refuse_many),
    "credentials-refused": Incident(try_keys),
    "direct-start": Incident(start_directly),
}
