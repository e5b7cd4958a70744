"""`Prefer: wait=N`: the answer to POST is the end of the operation, if that comes in time."""

import json

from tests.workflow.service import Answer, Service, reboot_of, snapshot_of, window_of


def waited_for(service: Service, body: dict[str, object], seconds: int, **more: str) -> Answer:
    headers = {"Prefer": f"wait={seconds}", **more}
    return service.send("POST", "/operations", json.dumps(body), **headers)


def test_a_backup_window_is_answered_with_the_document_that_get_gives(service: Service) -> None:
    instance = service.new_instance()
    answer = waited_for(service, window_of(instance, "03:00-04:00", apply_immediately=True), 15)
    assert (answer.status, answer.headers["Preference-Applied"]) == (200, "wait=15")
    assert answer.body["success"] is True
    assert answer.body["backup_window"] == "03:00-04:00"
    assert answer.body == service.get(answer.body["operation_id"]).body
    assert service.instance(instance)["PreferredBackupWindow"] == "03:00-04:00"


def test_a_failure_is_an_end_too(service: Service) -> None:
    first, second = service.new_instance(), service.new_instance()
    service.result(service.accepted(snapshot_of(first, snapshot_id=f"{first}-taken")))
    answer = waited_for(service, snapshot_of(second, snapshot_id=f"{first}-taken"), 15)
    assert (answer.status, answer.body["success"], answer.body["code"]) == (200, False, "snapshot_exists")


def test_what_takes_longer_is_accepted(service: Service) -> None:
    instance = service.new_instance()
    answer = waited_for(service, reboot_of(instance), 1)
    assert (answer.status, answer.headers["Preference-Applied"]) == (202, "wait=1")
    assert answer.body["status"] == "accepted"
    assert service.result(answer.body["operation_id"])["success"] is True


def test_a_repetition_waits_too(service: Service) -> None:
    instance = service.new_instance()
    first = service.post(window_of(instance), Idempotency_Key=f"wait-{instance}")
    assert (first.status, "Preference-Applied" in first.headers) == (202, False)
    second = waited_for(service, window_of(instance), 15, **{"Idempotency-Key": f"wait-{instance}"})
    assert (second.status, second.body["operation_id"]) == (200, first.body["operation_id"])


def test_a_refusal_waits_for_nothing(service: Service) -> None:
    instance = service.new_instance(tags={"Environment": "production"})
    answer = waited_for(service, reboot_of(instance), 15)
    assert (answer.status, "Preference-Applied" in answer.headers) == (403, False)
