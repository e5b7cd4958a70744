"""AWS's own validators, asked about what the templates hold: state machines and policies."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from botocore.exceptions import ClientError

from tools.aws_check.findings import Finding, fix, note, ok
from tools.aws_check.templates import Definition, Policy

Document = dict[str, Any]
_REPORT = "Report it, with this line, to whoever maintains the service"
_NOT_HERE = ("UnknownOperationException", "InvalidAction", "UnsupportedOperation")
CASES: tuple[tuple[str, str, Document, str], ...] = (
    ("rds-operations-admission", "Valid?", {"refusal": {}}, "Audit"),
    ("rds-operations-admission", "Valid?", {"request": {}}, "Classify"),
    ("rds-operations-admission", "Allowed?", {"refusal": {}}, "Audit"),
    ("rds-operations-admission", "Allowed?", {"reply": {}}, "Admitted?"),
    ("rds-operations-admission", "Allowed?", {}, "Admit"),
    ("rds-operations-admission", "Admitted?", {"start": {}}, "Start operation"),
    ("rds-operations-admission", "Admitted?", {}, "Wait asked?"),
    ("rds-operations-admission", "Wait asked?", {"wait": 1, "reply": {"statusCode": 202}}, "Set deadline"),
    ("rds-operations-admission", "Wait asked?", {"wait": 1, "reply": {"statusCode": 409}}, "Reply"),
    ("rds-operations-admission", "Ended?", {"ended": True}, "Result"),
    ("rds-operations-admission", "Ended?", {"ended": False}, "Time left?"),
    ("rds-operations-operation", "Allowed?", {"not_ready": {}}, "Audit failure"),
    ("rds-operations-operation", "Allowed?", {}, "Execute"),
    ("rds-operations-operation", "Finished?", {"progress": {"finished": True, "success": True}, "polls": 0}, "Audit"),
    (
        "rds-operations-operation",
        "Finished?",
        {"progress": {"finished": True, "success": False}, "polls": 0},
        "Audit failure",
    ),
    (
        "rds-operations-operation",
        "Finished?",
        {"progress": {"finished": False, "success": False}, "polls": 0},
        "Wait",
    ),
    ("rds-operations-late-watch", "Finished?", {"progress": {"finished": False}, "polls": 0}, "Wait"),
)
"""States that call nothing: machine, state, input, and the state that must follow."""


def check_definitions(states: Any, definitions: list[Definition]) -> Iterator[Finding]:
    """Ask ValidateStateMachineDefinition about each state machine.

    https://docs.aws.amazon.com/step-functions/latest/apireference/API_ValidateStateMachineDefinition.html
    """
    for name, kind, text in definitions:
        answer = states.validate_state_machine_definition(definition=text, type=kind, severity="WARNING")
        for diagnostic in answer["diagnostics"]:
            said = f"{name}: {diagnostic['message']} ({diagnostic['code']} at {diagnostic.get('location', 'the top')})"
            yield fix(said, _REPORT) if diagnostic["severity"] == "ERROR" else note(said)
        if answer["result"] == "OK":
            yield ok(f"Step Functions takes the definition of {name}")


def check_choices(states: Any, definitions: list[Definition]) -> Iterator[Finding]:
    """Ask TestState where the states lead that call nothing.

    https://docs.aws.amazon.com/step-functions/latest/apireference/API_TestState.html
    """
    texts = {name: json.loads(text) for name, _kind, text in definitions}
    wrong = 0
    for machine, state, given, expected in CASES:
        definition = texts[machine]["States"][state] | {"QueryLanguage": texts[machine]["QueryLanguage"]}
        answer = states.test_state(definition=json.dumps(definition), input=json.dumps(given))
        if answer.get("nextState") != expected:
            wrong += 1
            found = answer.get("nextState") or answer.get("error") or answer["status"]
            yield fix(f"{machine}, {state} with {json.dumps(given)}: {found} instead of {expected}", _REPORT)
    if not wrong:
        yield ok(f"Step Functions decides as it should in {len(CASES)} states that call nothing")


def check_policies(analyzer: Any, policies: list[Policy]) -> Iterator[Finding]:
    """Ask Access Analyzer's ValidatePolicy about each policy.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/access-analyzer-reference-policy-checks.html
    """
    bad = 0
    for name, document, resource_type in policies:
        kind: Document = {"policyType": "RESOURCE_POLICY" if resource_type else "IDENTITY_POLICY"}
        kind |= {"validatePolicyResourceType": resource_type} if resource_type else {}
        answer = analyzer.validate_policy(policyDocument=json.dumps(document), **kind)
        for finding in answer["findings"]:
            said = f"{name}: {finding['findingDetails']} ({finding['issueCode']})"
            serious = finding["findingType"] in ("ERROR", "SECURITY_WARNING")
            bad += serious
            yield fix(said, _REPORT) if serious else note(said)
    if not bad:
        yield ok(f"IAM Access Analyzer finds no error in {len(policies)} policies")


def is_not_offered(error: ClientError) -> bool:
    """Tell whether the endpoint lacks the API, as the local cloud may: AWS answers with a code of its own."""
    code, status = error.response["Error"]["Code"], error.response["ResponseMetadata"]["HTTPStatusCode"]
    return code in _NOT_HERE or code == str(status)
