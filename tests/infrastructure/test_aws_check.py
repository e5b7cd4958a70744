"""`make aws-check`, each thing that it looks for broken on purpose; answers as AWS documents them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from stacks.bytecode import NO_BYTECODE
from stacks.functions import SPECS
from tests.infrastructure.conftest import ROOT
from tests.infrastructure.conftest import Template as Synthesised
from tools.aws_check import __main__ as program
from tools.aws_check.account import Account
from tools.aws_check.findings import Finding, Level
from tools.aws_check.templates import Policy, Template
from tools.aws_check.validators import CASES, check_choices, check_definitions, check_policies

Document = dict[str, Any]
ACCOUNT, REGION = "444455556666", "eu-central-1"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/api-gateway-logs"
NONE: dict[str, list[tuple[str, Document | str]]] = {
    "ssm": [("get_parameter", "ParameterNotFound")],
    "cloudformation": [("describe_stacks", "ValidationError")],
    "dynamodb": [("describe_table", "ResourceNotFoundException")] * 3,
    "lambda": [("get_function", "ResourceNotFoundException")] * len(SPECS),
    "iam": [("get_role", "NoSuchEntity")] * len(SPECS),
}
"""What an empty account answers."""
CONCURRENT: Document = {"AccountLimit": {"ConcurrentExecutions": 1000, "UnreservedConcurrentExecutions": 1000}}


@pytest.fixture(scope="module")
def deployed(template: Synthesised) -> Template:
    return Template.read(template.path, ACCOUNT, REGION, "aws")


class Answers:
    """Clients that answer in turn; what is not told is as in an empty account."""

    def __init__(self) -> None:
        self._clients: dict[str, Any] = {}
        self._stubs: dict[str, Stubber] = {}

    def client(self, service: str) -> Any:
        if service not in self._clients:
            keys = {"aws_access_key_id": "x", "aws_secret_access_key": "x"}
            self._clients[service] = boto3.client(service, region_name=REGION, **keys)  # type: ignore[call-overload]
            self._stubs[service] = Stubber(self._clients[service])
            self._stubs[service].activate()
        return self._clients[service]

    def add(self, service: str, method: str, answer: Document | str) -> None:
        self.client(service)
        if isinstance(answer, str):
            self._stubs[service].add_client_error(method, answer)
        else:
            self._stubs[service].add_response(method, answer)


def account(deployed: Template, **told: list[tuple[str, Document | str]]) -> list[Finding]:
    """Check an account that is empty, but for what is told."""
    answers = Answers()
    usual: dict[str, list[tuple[str, Document | str]]] = {
        **{service: list(answered) for service, answered in NONE.items()},
        "apigateway": [("get_account", {"cloudwatchRoleArn": ROLE})],
        "logs": [("describe_log_groups", {"logGroups": []})] * 5,
    }
    usual["lambda"] = [("get_account_settings", CONCURRENT), *usual["lambda"]]
    for service, answered in {**usual, **told}.items():
        for method, answer in answered:
            answers.add(service, method, answer)
    return list(Account(answers.client, deployed, "RdsOperations", "npx cdk deploy RdsOperations").check())


def to_mend(found: list[Finding]) -> dict[str, str]:
    return {finding.text: finding.mend for finding in found if finding.level is Level.FIX}


def test_an_account_without_bootstrap(deployed: Template) -> None:
    mends = to_mend(account(deployed))
    text = "The CDK is not bootstrapped in this account and Region"
    assert mends == {text: f"npx cdk bootstrap aws://{ACCOUNT}/{REGION}"}


BOOTSTRAPPED: list[tuple[str, Document | str]] = [("get_parameter", {"Parameter": {"Value": "27"}})]


def test_an_account_that_is_ready(deployed: Template) -> None:
    assert {finding.level for finding in account(deployed, ssm=BOOTSTRAPPED)} == {Level.OK}


def test_a_bootstrap_that_is_too_old(deployed: Template) -> None:
    old: list[tuple[str, Document | str]] = [("get_parameter", {"Parameter": {"Value": "4"}})]
    assert list(to_mend(account(deployed, ssm=old))) == ["The CDK's bootstrap stack is too old (version 4)"]


def test_an_account_without_the_role_for_access_logs(deployed: Template) -> None:
    found = account(deployed, ssm=BOOTSTRAPPED, apigateway=[("get_account", {})])
    (mend,) = to_mend(found).values()
    create, attach, update = mend.splitlines()
    trust = create.partition("--assume-role-policy-document ")[2].strip("'")
    assert json.loads(trust)["Statement"][0]["Principal"] == {"Service": "apigateway.amazonaws.com"}
    assert attach.endswith(":iam::aws:policy/service-role/AmazonAPIGatewayPushToCloudWatchLogs")
    assert update.endswith(f"value={ROLE}")


def test_a_new_account_runs_few_functions_at_once(deployed: Template) -> None:
    few: Document = {"AccountLimit": {"ConcurrentExecutions": 10, "UnreservedConcurrentExecutions": 10}}
    found = account(deployed, ssm=BOOTSTRAPPED, **{"lambda": [("get_account_settings", few), *NONE["lambda"]]})
    (note,) = [finding for finding in found if finding.level is Level.NOTE]
    assert note.text.startswith("Lambda runs up to 10 functions at once")
    assert "--quota-code L-B99A9384" in note.mend


@pytest.mark.parametrize(
    ("status", "mend"),
    [
        ("ROLLBACK_COMPLETE", "delete-stack"),
        ("DELETE_FAILED", "delete-stack"),
        ("REVIEW_IN_PROGRESS", "delete-stack"),
        ("UPDATE_ROLLBACK_FAILED", "continue-update-rollback"),
        ("UPDATE_IN_PROGRESS", "describe-stack-events"),
    ],
)
def test_a_stack_that_cannot_be_deployed(deployed: Template, status: str, mend: str) -> None:
    stacks = {"Stacks": [{"StackName": "RdsOperations", "StackStatus": status, "CreationTime": "2026-11-27"}]}
    found = to_mend(account(deployed, ssm=BOOTSTRAPPED, cloudformation=[("describe_stacks", stacks)]))
    assert found[f"The stack RdsOperations is in the state {status}"].startswith(
        f"aws cloudformation {mend} --stack-name RdsOperations"
    )


def test_what_a_stack_has_is_no_leftover(deployed: Template) -> None:
    stack = {"StackName": "RdsOperations", "StackStatus": "UPDATE_COMPLETE", "CreationTime": "2026-11-27"}
    tables: list[tuple[str, Document | str]] = [("describe_table", {"Table": {}})] * 3
    found = account(
        deployed, ssm=BOOTSTRAPPED, cloudformation=[("describe_stacks", {"Stacks": [stack]})], dynamodb=tables
    )
    assert to_mend(found) == {}


def test_tables_and_log_groups_that_were_left_are_imported(deployed: Template) -> None:
    group = "/aws/apigateway/rds-operations"
    groups: list[tuple[str, Document | str]] = [
        ("describe_log_groups", {"logGroups": [{"logGroupName": group}, {"logGroupName": f"{group}-2"}]})
    ] * 5
    tables: list[tuple[str, Document | str]] = [("describe_table", {"Table": {}}), *NONE["dynamodb"][1:]]
    ((text, mend),) = to_mend(account(deployed, ssm=BOOTSTRAPPED, dynamodb=tables, logs=groups)).items()
    assert text == f"Left by an earlier deployment, which keeps its records: table rds_operations, log group {group}"
    assert mend == "npx cdk deploy RdsOperations --import-existing-resources"


def test_functions_and_roles_that_were_left_are_named(deployed: Template) -> None:
    functions: list[tuple[str, Document | str]] = [("get_account_settings", CONCURRENT), ("get_function", {})]
    role = {
        "Role": dict.fromkeys(("Path", "RoleName", "RoleId", "Arn"), "xxxxxxxxxxxxxxxxxxxx")
        | {"CreateDate": "2026-11-27"}
    }
    found = account(
        deployed,
        ssm=BOOTSTRAPPED,
        iam=[("get_role", role), *NONE["iam"][1:]],
        **{"lambda": [*functions, *NONE["lambda"][1:]]},
    )
    function, left_role = to_mend(found).values()
    assert function == "aws lambda delete-function --function-name rds-operations-validate"
    assert left_role.startswith(f"aws iam delete-role --role-name rds-operations-validate-{REGION}")


# AWS's validators.


def states(*answers: tuple[str, Document]) -> Any:
    made = Answers()
    for method, answer in answers:
        made.add("stepfunctions", method, answer)
    return made.client("stepfunctions")


def test_a_definition_that_step_functions_refuses(deployed: Template) -> None:
    """The diagnostic is the example of the API's page."""
    diagnostic = {
        "severity": "ERROR",
        "code": "SCHEMA_VALIDATION_FAILED",
        "message": "Invalid State Machine Definition: missing 'Next' or 'End'",
        "location": "/States/HelloWorld",
    }
    good: Document = {"result": "OK", "diagnostics": []}
    bad: Document = {"result": "FAIL", "diagnostics": [diagnostic]}
    method = "validate_state_machine_definition"
    definitions = list(deployed.definitions())
    found = list(check_definitions(states((method, bad), (method, good), (method, good)), definitions))
    assert [finding.level for finding in found] == [Level.FIX, Level.OK, Level.OK]
    assert "missing 'Next' or 'End' (SCHEMA_VALIDATION_FAILED at /States/HelloWorld)" in found[0].text


def test_definitions_are_whole_and_have_their_substitutions(deployed: Template) -> None:
    kinds = {definition.name: definition.kind for definition in deployed.definitions()}
    assert kinds == {
        "rds-operations-operation": "STANDARD",
        "rds-operations-admission": "EXPRESS",
        "rds-operations-late-watch": "STANDARD",
    }
    for definition in deployed.definitions():
        assert "${" not in definition.text
        assert f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:rds-operations-audit" in definition.text


def test_a_state_that_leads_elsewhere(deployed: Template) -> None:
    answers: list[tuple[str, Document]] = [
        ("test_state", {"status": "SUCCEEDED", "nextState": expected}) for *_case, expected in CASES
    ]
    answers[0] = ("test_state", {"status": "FAILED", "error": "States.QueryEvaluationError"})
    found = list(check_choices(states(*answers), list(deployed.definitions())))
    assert [finding.level for finding in found] == [Level.FIX]
    assert found[0].text.endswith("States.QueryEvaluationError instead of Audit")


def analyzer(findings: list[Document], others: int) -> Any:
    made = Answers()
    for found in (findings, *([],) * others):
        made.add("accessanalyzer", "validate_policy", {"findings": found})
    return made.client("accessanalyzer")


@pytest.mark.parametrize(
    ("kind", "level"),
    [("ERROR", Level.FIX), ("SECURITY_WARNING", Level.FIX), ("WARNING", Level.NOTE), ("SUGGESTION", Level.NOTE)],
)
def test_a_policy_with_a_finding(deployed: Template, kind: str, level: Level) -> None:
    policies = list(deployed.policies())
    finding = {
        "findingDetails": "The action states:Fly does not exist.",
        "findingType": kind,
        "issueCode": "INVALID_ACTION",
        "learnMoreLink": "https://docs.aws.amazon.com/",
        "locations": [],
    }
    found = list(check_policies(analyzer([finding], len(policies) - 1), policies))
    assert found[0].level is level
    assert "The action states:Fly does not exist. (INVALID_ACTION)" in found[0].text


def test_every_policy_is_asked_about_with_nothing_left_open(deployed: Template, template: Synthesised) -> None:
    policies = list(deployed.policies())
    roles = template.of_type("AWS::IAM::Role")
    assert len([policy for policy in policies if policy.resource_type]) == len(roles)
    text = json.dumps([policy.document for policy in policies])
    assert "Fn::" not in text
    assert '"Ref"' not in text
    assert f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/rds_audit_log" in text


# The command.


def check(settings: str = "settings/default.json", **environment: str) -> subprocess.CompletedProcess[str]:
    own = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    command = [sys.executable, "-m", "tools.aws_check", settings]
    given = {**own, "AWS_EC2_METADATA_DISABLED": "true", **environment}
    return subprocess.run(command, cwd=ROOT, env=given, capture_output=True, text=True, check=False)


def test_without_credentials_it_judges_the_templates_and_says_what_it_left_out() -> None:
    done = check(AWS_REGION=REGION, HOME="/nonexistent")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("This reads, and changes nothing.")
    assert "ok        settings/default.json makes templates" in done.stdout
    assert "left out  The account, and AWS's own validators: no credentials are at hand" in done.stdout


def test_bad_settings_are_a_sentence() -> None:
    done = check("settings/none.json")
    assert done.returncode == 2
    assert done.stderr.startswith("settings: The settings file ")


def test_a_machine_without_the_runtimes_python_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(program, "runtime_interpreter", lambda: "")
    found = program._bytecode()
    assert (found.level, found.text) == (Level.NOTE, NO_BYTECODE)
    assert "3.13" in found.mend


def test_what_may_not_be_asked_is_left_out_and_the_rest_goes_on() -> None:
    made = Answers()
    made.add("accessanalyzer", "validate_policy", "AccessDeniedException")

    def checks() -> Iterator[Finding]:
        yield from check_policies(made.client("accessanalyzer"), [Policy("p", {})])

    (found,) = program._attempted("IAM Access Analyzer's validation", checks)
    assert found.level is Level.LEFT_OUT
    assert "AccessDeniedException" in found.text
    assert found.mend
