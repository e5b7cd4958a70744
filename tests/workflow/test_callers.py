"""Three APIs on one workflow, each with its own kind of credentials, and what each caller may see."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from local.cloud import ACCOUNT, REGION
from tests.workflow.callers import allow, assumed, at, signed_in
from tests.workflow.changed_code import changed_settings
from tests.workflow.service import Answer, Service, reboot_of, window_of

STATUS = ["status"]
Send = Callable[..., Answer]


def identities(service: Service, instance_id: str) -> list[dict[str, Any]]:
    return [json.loads(record["user_identity"]) for record in service.records(instance_id)]


def accepted_by(send: Send, instance_id: str, **headers: str) -> str:
    answer = send("POST", "/operations", window_of(instance_id), **headers)
    assert answer.status == 202, answer
    return str(answer.body["operation_id"])


def test_iam_signed_by_botocores_own_signer(service: Service) -> None:
    instance = service.new_instance()
    jane = assumed(service, "dba", "jane.doe@example.com")
    operation_id = accepted_by(jane.send, instance)
    assert jane.send("GET", f"/operations/{operation_id}").status == 200
    service.execution(operation_id)
    assert len(identities(service, instance)) == 2
    for identity in identities(service, instance):
        arn = f"arn:aws:sts::{ACCOUNT}:assumed-role/dba/jane.doe@example.com"
        assert (identity["userId"], identity["principal"]) == ("jane.doe@example.com", arn)
        assert (identity["userArn"], identity["accountId"], identity["sourceIp"]) == (arn, ACCOUNT, "127.0.0.1")
        assert identity["authentication"] == "iam"
        assert "apiKeyId" not in identity


def test_iam_without_a_valid_signature_nobody_gets_in(service: Service) -> None:
    instance = service.new_instance()
    body = json.dumps(reboot_of(instance))
    iam_api = at(service, "iam_api_url")
    signature = "AWS4-HMAC-SHA256 Credential=a/b/c/d/e, SignedHeaders=host, Signature=00"
    for authorization in (None, "", "Bearer abc", signature):
        answer = iam_api.send("POST", "/operations", body, **{"Authorization": authorization})
        assert answer.status == 403, authorization
        assert set(answer.body) <= {"error", "code"}
        assert "access-control-allow-origin" in {name.lower() for name in answer.headers}
    assert service.records(instance) == []
    assert not service.rebooted(instance)


def test_iam_without_permission_to_invoke_nobody_gets_in(service: Service) -> None:
    instance = service.new_instance()
    answer = assumed(service, "stranger", "sam", may_call=False).send("POST", "/operations", reboot_of(instance))
    assert answer.status == 403
    assert service.records(instance) == []


def test_iam_a_reader_can_be_kept_from_posting(service: Service) -> None:
    api_id = service.outputs["iam_api_url"].split("/restapis/")[1].split("/")[0]
    reader = assumed(service, "reader", "rita", may_call=False)
    allow(service, "reader", "execute-api:Invoke", f"arn:aws:execute-api:{REGION}:{ACCOUNT}:{api_id}/local/GET/*")
    assert reader.send("GET", "/operations/none").status == 404
    assert reader.send("POST", "/operations", reboot_of("dev-1")).status == 403


def test_cognito_by_a_real_token(service: Service) -> None:
    instance = service.new_instance()
    user = signed_in(service, "o'neil", "dba", "on-call")
    operation_id = accepted_by(user.send, instance)
    assert user.send("GET", f"/operations/{operation_id}").status == 200
    service.execution(operation_id)
    for identity in identities(service, instance):
        pool = f"cognito-idp.{REGION}.amazonaws.com/{service.outputs['user_pool_id']}"
        assert (identity["userId"], identity["principal"]) == ("o'neil", f"{pool}/{user.sub}")
        assert sorted(identity["groups"]) == ["dba", "on-call"]
        assert identity["authentication"] == "cognito"
    assert user.token not in json.dumps(service.records(instance), default=str)


def test_cognito_without_a_valid_token_nobody_gets_in(service: Service) -> None:
    instance = service.new_instance()
    user = signed_in(service, "forger")
    header, payload, signature = user.token.split(".")
    forged = ["", "Bearer", f"Bearer {header}.{payload}.", f"Bearer {header}.{payload}x.{signature}", user.token[:-9]]
    for authorization in forged:
        answer = user.send("POST", "/operations", reboot_of(instance), Authorization=authorization)
        assert answer.status == 401, authorization
        assert set(answer.body) <= {"error", "code"}
    assert service.records(instance) == []
    assert not service.rebooted(instance)


def test_cognito_tokens_of_other_app_clients_count_for_nothing(service: Service) -> None:
    instance = service.new_instance()
    user, ours = signed_in(service, "clint"), service.outputs["user_pool_client_id"]
    with changed_settings(service, ["classify", "status"], "callers", user_pool_client_ids=[ours]):
        operation_id = accepted_by(user.send, instance)
        assert user.send("GET", f"/operations/{operation_id}").status == 200
    service.execution(operation_id)
    with changed_settings(service, ["classify", "status"], "callers", user_pool_client_ids=["another"]):
        answer = user.send("POST", "/operations", reboot_of(instance))
        assert (answer.status, answer.body["code"]) == (403, "caller_not_permitted")
        assert user.send("GET", f"/operations/{operation_id}").status == 404
    assert not service.rebooted(instance)


def test_credentials_of_one_api_open_no_other(service: Service) -> None:
    instance = service.new_instance()
    body = json.dumps(reboot_of(instance))
    token = signed_in(service, "tom").token
    key = service.outputs["api_key"]
    sent: dict[str, dict[str, str | None]] = {
        "iam_api_url": {"x-api-key": key, "Authorization": f"Bearer {token}"},
        "api_url": {"x-api-key": None, "Authorization": f"Bearer {token}"},
        "cognito_api_url": {"x-api-key": key},
    }
    for url, headers in sent.items():
        assert at(service, url).send("POST", "/operations", body, **headers).status in (401, 403), url
    assert service.records(instance) == []


def test_what_another_api_would_vouch_for_is_not_taken(service: Service) -> None:
    """An API counts only what it has verified, not a key in a signed call or beside a token."""
    instance, other = service.new_instance(), service.new_instance()
    headers = {"x-api-key": service.outputs["api_key"]}
    service.execution(accepted_by(assumed(service, "dba", "jane").send, instance, **headers))
    service.execution(accepted_by(signed_in(service, "carla").send, other, **headers))
    for identity in identities(service, instance) + identities(service, other):
        assert "apiKeyId" not in identity
        assert identity["userId"] in ("jane", "carla")


def test_callers_see_their_own_operations_and_auditors_all(service: Service) -> None:
    instance = service.new_instance()
    jane = assumed(service, "dba", "jane")
    operation_id = accepted_by(jane.send, instance)
    service.execution(operation_id)
    path = f"/operations/{operation_id}"
    unknown = jane.send("GET", "/operations/no-such-operation")
    others: list[Send] = [
        assumed(service, "dba", "joe").send,  # another person in the same role
        assumed(service, "auditor", "ann").send,
        signed_in(service, "clara", "auditors").send,
        service.send,
    ]
    with changed_settings(service, STATUS, "callers", auditors=[]):
        for send in others:
            answer = send("GET", path)
            assert answer.status == 404
            assert answer.text == unknown.text.replace("no-such-operation", operation_id)
    auditors = [f"arn:aws:iam::{ACCOUNT}:role/auditor", "group:auditors", f"apikey:{service.outputs['api_key_id']}"]
    with changed_settings(service, STATUS, "callers", auditors=auditors):
        assert [send("GET", path).status for send in others] == [404, 200, 200, 200]
        assert jane.send("GET", path).status == 200


def test_the_keys_own_operations_are_its_own(service: Service) -> None:
    instance = service.new_instance()
    operation_id = service.accepted(window_of(instance))
    service.result(operation_id)
    assert assumed(service, "dba", "jane").send("GET", f"/operations/{operation_id}").status == 404


def test_two_callers_with_the_same_idempotency_key_get_two_operations(service: Service) -> None:
    ids = []
    for send in (assumed(service, "dba", "jane").send, signed_in(service, "ivy").send, service_send(service)):
        instance = service.new_instance()
        ids.append(accepted_by(send, instance, **{"Idempotency-Key": "monday"}))
    assert len(set(ids)) == 3


def service_send(service: Service) -> Send:
    def send(method: str, path: str, body: Any = None, **headers: str) -> Answer:
        return service.send(method, path, json.dumps(body), **headers)

    return send


@pytest.fixture(scope="class")
def permissions(service: Service) -> Iterator[None]:
    given = {
        f"arn:aws:iam::{ACCOUNT}:role/rebooter": {"operations": ["reboot_instance"], "environments": ["test"]},
        "group:windows": {"operations": ["modify_backup_window"]},
        f"apikey:{service.outputs['api_key_id']}": {"environments": ["development"]},
    }
    with changed_settings(service, ["classify", "execute"], "callers", permissions=given):
        yield


@pytest.mark.usefixtures("permissions")
class TestPermissions:
    """A principal's permissions are operations and environments; a refusal is a 403 with a record."""

    def refused(self, service: Service, answer: Answer, instance: str) -> dict[str, Any]:
        assert (answer.status, answer.body["code"]) == (403, "caller_not_permitted"), answer
        (record,) = service.records(instance)
        assert (record["event"], record["success"]) == ("refused", False)
        assert not service.rebooted(instance)
        return record

    def test_a_role_within_its_permissions_is_accepted(self, service: Service) -> None:
        instance = service.new_instance("test", {"Environment": "test"})
        answer = assumed(service, "rebooter", "rob").send("POST", "/operations", reboot_of(instance))
        assert answer.status == 202
        service.execution(answer.body["operation_id"])
        assert service.rebooted(instance)

    def test_a_role_outside_its_operations_is_refused_by_name(self, service: Service) -> None:
        instance = service.new_instance("test", {"Environment": "test"})
        answer = assumed(service, "rebooter", "rob").send("POST", "/operations", window_of(instance))
        record = self.refused(service, answer, instance)
        assert answer.body["error"].startswith("rob is not permitted to run modify_backup_window. ")
        assert json.loads(record["user_identity"])["userId"] == "rob"

    def test_a_role_outside_its_environments_is_refused(self, service: Service) -> None:
        instance = service.new_instance()
        answer = assumed(service, "rebooter", "rob").send("POST", "/operations", reboot_of(instance))
        record = self.refused(service, answer, instance)
        assert "in development" in answer.body["error"]
        assert record["environment"] == "development"

    def test_groups_and_keys(self, service: Service) -> None:
        instance, other = service.new_instance(), service.new_instance("test", {"Environment": "test"})
        wendy, nobody = signed_in(service, "wendy", "windows", "others"), signed_in(service, "nobody", "window")
        service.execution(accepted_by(wendy.send, instance))
        self.refused(service, nobody.send("POST", "/operations", window_of(other)), other)
        service.result(service.accepted(window_of(instance, "03:30-04:30")))
        answer = service.post(window_of(other))
        assert answer.status == 403

    def test_production_is_production_for_everybody(self, service: Service) -> None:
        instance = service.new_instance("any", {"Environment": "prod"})
        answer = service.post(reboot_of(instance))
        assert (answer.status, answer.body["code"]) == (403, "production_instance")

    def test_a_direct_start_needs_a_permission_of_its_own(self, service: Service) -> None:
        instance = service.new_instance()
        states, arn = service.aws("stepfunctions"), service.outputs["state_machine_arn"]
        given = json.dumps(reboot_of(instance))
        started = states.start_execution(stateMachineArn=arn, name=f"hand-{instance}", input=given)["executionArn"]
        assert service.ended(started)["error"] == "OperationRefused"
        (record,) = service.records(instance)
        assert "states:StartExecution is not permitted to run reboot_instance" in json.loads(record["result"])["error"]
        assert not service.rebooted(instance)
