"""GET /instances and GET /instances/{instance_id} over HTTP: they say what a request is told."""

import json

from local.cloud import ACCOUNT, REGION
from tests import api_document
from tests.workflow.service import Answer, Service, reboot_of, snapshot_of


def get(service: Service, path: str) -> Answer:
    answer = service.send("GET", path)
    route = "/instances" if path.split("?", maxsplit=1)[0] == "/instances" else "/instances/{instance_id}"
    schema = api_document.body_schema(api_document.responses(route, "get")[str(answer.status)])
    assert api_document.problems(schema, answer.body) == []
    return answer


def take_inventory(service: Service) -> None:
    answer = service.aws("lambda").invoke(FunctionName="rds-operations-inventory", Payload=b"{}")
    assert "FunctionError" not in answer, answer["Payload"].read()


def test_one_instance_live(service: Service) -> None:
    instance = service.new_instance()
    found = get(service, f"/instances/{instance}").body
    assert (found["account_id"], found["region"], found["allowed"]) == (ACCOUNT, REGION, True)
    operation_id = service.accepted(snapshot_of(instance))
    service.result(operation_id)
    other = service.new_instance(tags={"Environment": "production"})
    said = get(service, f"/instances/{other}").body["operations"]["reboot_instance"]
    real = service.post(reboot_of(other)).body
    assert said == {"allowed": False, **real}
    assert get(service, "/instances/nobody").status == 404


def test_what_it_did_before_says_how_long_it_takes(service: Service) -> None:
    instance = service.new_instance()
    result = service.result(service.accepted(snapshot_of(instance)))
    said = get(service, f"/instances/{instance}").body
    assert said["operations"]["create_snapshot"]["typical_seconds"] == round(result["duration_seconds"], 1)
    assert [snapshot["snapshot_id"] for snapshot in said["snapshots"]] == [result["snapshot_id"]]


def test_the_list_of_all_places(service: Service) -> None:
    instance = service.new_instance(prefix="listed")
    take_inventory(service)
    first = get(service, "/instances?limit=1").body
    found, token = first["instances"], first.get("next")
    while token:
        page = get(service, f"/instances?limit=1&next={token}").body
        found, token = found + page["instances"], page.get("next")
    names = [item["instance_id"] for item in found]
    assert instance in names
    assert len(names) == len({(item["account_id"], item["region"], item["instance_id"]) for item in found})
    whole = get(service, "/instances?limit=100").body
    assert [item["instance_id"] for item in whole["instances"]] == names[:100]
    assert json.dumps(whole["places"]).count("seen_at") == len(whole["places"])
    assert get(service, "/instances?allowed=maybe").status == 400
    assert get(service, "/instances?next=AAAA").status == 400
