"""The answers that a page shows and those that a request gets are the same."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rds_operations.model.refusals import Code, Refusal, conflict
from rds_operations.model.request import OperationRequest
from rds_operations.operations import OPERATIONS
from rds_operations.rules.authorization import not_permitted
from rds_operations.rules.classification import Environment, Verdict
from rds_operations.rules.decision import LiveInstance, decide
from rds_operations.rules.instance_answers import answer_document, answers, listed_answers, unsupported_operations
from rds_operations.settings.callers import CallerSettings
from rds_operations.settings.gate import GateSettings
from tests.builders import INSTANCE_ID, a_caller, a_request, an_instance, requests

RUNNING = conflict("Another operation is running", Code.OPERATION_IN_PROGRESS)
ROLE = "arn:aws:iam::123456789012:role/Dba"
GRANTS: list[dict[str, Any]] = [
    {},
    {ROLE: {}},
    {ROLE: {"operations": ["reboot_instance"]}},
    {ROLE: {"environments": ["test"]}},
    {"group:others": {}},
]
instances = st.fixed_dictionaries(
    {},
    optional={
        "DBInstanceStatus": st.sampled_from(
            ["available", "stopped", "incompatible-parameters", "storage-optimization"]
        ),
        "MultiAZ": st.booleans(),
        "DBClusterIdentifier": st.just("a-cluster"),
        "Engine": st.sampled_from(["postgres", "sqlserver-se", "custom-oracle-ee"]),
        "ReadReplicaSourceDBInstanceIdentifier": st.just("a-source"),
        "AwsBackupRecoveryPointArn": st.just("arn:aws:backup:x"),
        "PendingModifiedValues": st.sampled_from([{}, {"DBInstanceClass": "db.r6g.large"}]),
        "PreferredMaintenanceWindow": st.sampled_from(
            ["wed:06:38-wed:07:08", "sun:23:30-mon:22:59", "mon:00:00-tue:00:00"]
        ),
        "AutomationMode": st.sampled_from(["full", "all-paused"]),
    },
).map(lambda fields: an_instance(**fields))
found = st.builds(
    LiveInstance,
    instances,
    st.builds(Verdict, st.sampled_from(Environment), st.just("tag Environment=x"), disputed=st.booleans()),
)
settings = st.builds(CallerSettings, st.sampled_from(GRANTS))
asked = replace(a_request(), operation="", parameters={}, caller=a_caller())


def real(
    request: OperationRequest, live: LiveInstance, callers: CallerSettings, running: Refusal | None
) -> Refusal | None:
    """Answer in the order of ADMISSION: Classify, then Admit."""
    if refusal := not_permitted(callers, request):
        return refusal
    decision = decide(request, live, GateSettings(), callers)
    return decision.refusal or running or decision.not_ready


@given(requests, found, settings, st.sampled_from([None, RUNNING]))
def test_where_the_answer_is_no_every_request_gets_it(
    request_: OperationRequest, live: LiveInstance, callers: CallerSettings, running: Refusal | None
) -> None:
    """Unless its parameters alone refuse it, with a 400."""
    request = replace(request_, caller=a_caller(), instance_id=INSTANCE_ID, resource_id="")
    said = answers(asked, live, GateSettings(), callers, running)
    assert list(said) == list(OPERATIONS)
    refusal, told = said[request.operation], real(request, live, callers, running)
    if refusal:
        assert told
        assert told == refusal or told.status == 400


@given(found, settings, st.sampled_from([None, RUNNING]))
def test_where_the_answer_is_yes_some_request_is_accepted(
    live: LiveInstance, callers: CallerSettings, running: Refusal | None
) -> None:
    for operation, refusal in answers(asked, live, GateSettings(), callers, running).items():
        parameters = dict(OPERATIONS[operation].least_parameters(live.instance))
        for parameter in OPERATIONS[operation].parameters:
            assert parameter.parse(parameters[parameter.name]) == parameters[parameter.name]
        request = replace(asked, operation=operation, parameters=parameters)
        assert (real(request, live, callers, running) is None) is (refusal is None)


@given(found, settings)
def test_a_list_says_the_same_but_for_what_is_in_the_way_now(live: LiveInstance, callers: CallerSettings) -> None:
    unsupported = unsupported_operations(live.instance)
    listed = listed_answers(asked, live.verdict, unsupported, GateSettings(), callers)
    said = answers(asked, live, GateSettings(), callers, None)
    assert listed == {name: refusal if refusal and refusal.status != 409 else None for name, refusal in said.items()}


@given(requests, found, settings)
def test_what_is_accepted_was_said_to_be(
    request_: OperationRequest, live: LiveInstance, callers: CallerSettings
) -> None:
    request = replace(request_, caller=a_caller(), instance_id=INSTANCE_ID, resource_id="")
    if real(request, live, callers, None) is None:
        assert answers(asked, live, GateSettings(), callers, None)[request.operation] is None


@pytest.mark.parametrize("refusal", [None, RUNNING])
def test_the_document_says_why_not(refusal: Refusal | None) -> None:
    document = answer_document(refusal)
    assert document == ({"allowed": False, **RUNNING.body} if refusal else {"allowed": True})
