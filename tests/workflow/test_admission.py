"""One operation per Idempotency-Key, and one at a time per instance."""

import json
from concurrent.futures import ThreadPoolExecutor

from tests.workflow.service import Service, reboot_of, snapshot_of, window_of


def test_repeated_idempotency_key_is_the_same_operation(service: Service) -> None:
    instance = service.new_instance()
    first = service.post(snapshot_of(instance), Idempotency_Key="retry-1")
    second = service.post(snapshot_of(instance), **{"idempotency_key": "retry-1"})
    assert first.status == second.status == 202
    assert first.body["status"] == "accepted"
    assert second.body["status"] in ("accepted", "creating")
    assert second.body == {**first.body, "status": second.body["status"], "repeated": True}
    assert second.headers["Location"] == first.headers["Location"]
    assert service.result(first.body["operation_id"])["success"] is True
    third = service.post(snapshot_of(instance), Idempotency_Key="retry-1")
    assert third.status == 202
    assert third.body == {**first.body, "status": "available", "repeated": True}
    assert len(service.snapshots(instance)) == 1
    assert [record["event"] for record in service.records(instance)] == ["accepted", "completed"]


def test_same_key_many_times_at_once_is_one_operation_and_one_answer(service: Service) -> None:
    instance = service.new_instance()
    request = window_of(instance)
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: service.post(request, Idempotency_Key="at-once"), range(4)))
    assert {answer.status for answer in answers} <= {202, 503}
    accepted = [answer.body for answer in answers if answer.status == 202]
    assert accepted
    assert len({body["operation_id"] for body in accepted}) == 1
    assert service.result(accepted[0]["operation_id"])["success"] is True
    assert [r["event"] for r in service.records(instance) if r["event"] != "refused"] == ["accepted", "completed"]


def test_an_accepted_request_gets_the_same_answer_whatever_became_of_the_instance(service: Service) -> None:
    instance = service.new_instance()
    first = service.post(window_of(instance), Idempotency_Key="changed-1")
    service.result(first.body["operation_id"])
    rds, arn = service.aws("rds"), service.instance(instance)["DBInstanceArn"]
    rds.add_tags_to_resource(ResourceName=arn, Tags=[{"Key": "Environment", "Value": "Production"}])
    repeated = {**first.body, "status": "available", "repeated": True}
    assert service.post(window_of(instance), Idempotency_Key="changed-1").body == repeated
    assert service.post(reboot_of(instance), Idempotency_Key="changed-1").body["code"] == "idempotency_key_reused"
    assert service.post(window_of(instance)).body["code"] == "production_instance"
    rds.delete_db_instance(DBInstanceIdentifier=instance, SkipFinalSnapshot=True)
    assert service.post(window_of(instance), Idempotency_Key="changed-1").body == repeated
    assert service.post(window_of(instance)).status == 404


def test_used_idempotency_key_with_another_request_is_409(service: Service) -> None:
    instance = service.new_instance()
    operation_id = service.accepted(snapshot_of(instance), Idempotency_Key="used-1")
    service.result(operation_id)
    answer = service.post(reboot_of(instance), Idempotency_Key="used-1")
    assert answer.status == 409
    assert answer.body["code"] == "idempotency_key_reused"
    assert operation_id in answer.body["error"]
    assert service.instance(instance)["DBInstanceStatus"] == "available"
    assert service.records(instance)[-1]["event"] == "refused"


def test_same_request_without_a_key_is_a_new_operation(service: Service) -> None:
    instance = service.new_instance()
    first = service.accepted(window_of(instance))
    service.result(first)
    assert service.accepted(window_of(instance)) != first


def test_second_operation_on_a_busy_instance_is_409(service: Service) -> None:
    instance = service.new_instance()
    running = service.accepted(snapshot_of(instance))
    answer = service.post(reboot_of(instance))
    assert answer.status == 409
    assert answer.body["error"].startswith(f"create_snapshot has been running on {instance} since 20")
    assert answer.body["error"].endswith(f" ({running}). Try again when it has ended.")
    assert service.result(running)["success"] is True
    assert service.result(service.accepted(reboot_of(instance)))["success"] is True
    record = next(record for record in service.records(instance) if record["event"] == "refused")
    assert json.loads(record["result"])["code"] == "operation_in_progress"


def test_of_many_requests_at_once_one_is_accepted(service: Service) -> None:
    instance = service.new_instance(tags={"Environment": "dev", "local:reboot": "240"})
    with ThreadPoolExecutor(5) as pool:
        answers = list(pool.map(lambda _: service.post(reboot_of(instance)), range(5)))
    statuses = sorted(answer.status for answer in answers)
    assert statuses.count(202) == 1
    assert set(statuses) <= {202, 409, 503}
    accepted = next(answer for answer in answers if answer.status == 202)
    assert service.result(accepted.body["operation_id"])["success"] is True
    assert [record["event"] for record in service.records(instance)].count("accepted") == 1
