"""The template's properties that users and auditors count on."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.infrastructure.conftest import ROOT, Template


def test_tables_keep_what_they_hold(template: Template) -> None:
    for table in template.whole("AWS::DynamoDB::Table"):
        properties = table["Properties"]
        assert table["DeletionPolicy"] == table["UpdateReplacePolicy"] == "Retain"
        assert properties["DeletionProtectionEnabled"] is True
        assert properties["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"] is True
        assert properties["BillingMode"] == "PAY_PER_REQUEST"
        assert properties["TimeToLiveSpecification"] == {"AttributeName": "ttl", "Enabled": True}


def test_table_keys(template: Template) -> None:
    def keys(name: str) -> list[str]:
        schema = template.one("AWS::DynamoDB::Table", TableName=name)["KeySchema"]
        return [key["AttributeName"] for key in schema]

    assert keys("rds_audit_log") == ["instance_id", "audit_id"]
    assert keys("rds_operations") == ["operation_id"]


def test_functions_are_alike(template: Template) -> None:
    functions = template.of_type("AWS::Lambda::Function")
    assert sorted(function["FunctionName"] for function in functions) == [
        f"rds-operations-{name}"
        for name in ("admit", "audit", "classify", "execute", "poll", "status", "sweep", "validate")
    ]
    roles = [str(function["Role"]) for function in functions]
    assert len(set(roles)) == len(roles)
    for function in functions:
        assert function["Runtime"] == "python3.13"
        assert function["Architectures"] == ["arm64"]
        assert function["TracingConfig"] == {"Mode": "Active"}
        assert function["LoggingConfig"]["LogFormat"] == "JSON"
        assert "LogGroup" in function["LoggingConfig"]
        assert function["Timeout"] >= 3
        state = function["FunctionName"].removeprefix("rds-operations-")
        assert function["Handler"] == f"{state}.handler.handler"
        assert (ROOT / "functions" / state / "handler.py").exists()


def test_log_groups_have_names_and_retention(template: Template) -> None:
    groups = {group["LogGroupName"]: group["RetentionInDays"] for group in template.of_type("AWS::Logs::LogGroup")}
    assert groups == {
        "/aws/lambda/rds-operations-service": 90,
        "/aws/apigateway/rds-operations": 90,
        "/aws/vendedlogs/states/rds-operations-admission": 90,
        "/aws/vendedlogs/states/rds-operations-late-watch": 90,
        "/aws/vendedlogs/states/rds-operations-operation": 90,
    }


def test_machines_log_everything_but_payloads(template: Template) -> None:
    machines = template.of_type("AWS::StepFunctions::StateMachine")
    assert {machine["StateMachineName"]: machine["StateMachineType"] for machine in machines} == {
        "rds-operations-admission": "EXPRESS",
        "rds-operations-operation": "STANDARD",
        "rds-operations-late-watch": "STANDARD",
    }
    for machine in machines:
        assert machine["LoggingConfiguration"]["Level"] == "ALL"
        assert machine["LoggingConfiguration"]["IncludeExecutionData"] is False
        assert machine["TracingConfiguration"] == {"Enabled": True}


def test_post_takes_json_only(template: Template) -> None:
    post = template.one("AWS::ApiGateway::Method", HttpMethod="POST")
    assert post["ApiKeyRequired"] is True
    assert post["Integration"]["PassthroughBehavior"] == "NEVER"
    assert list(post["Integration"]["RequestTemplates"]) == ["application/json"]
    assert post["Integration"]["TimeoutInMillis"] == 29_000
    patterns = {r["StatusCode"]: r.get("SelectionPattern") for r in post["Integration"]["IntegrationResponses"]}
    assert patterns == {"200": None, "500": r"[45]\d{2}"}


def test_every_integration_and_gateway_response_has_cors(template: Template) -> None:
    post = template.one("AWS::ApiGateway::Method", HttpMethod="POST")
    for response in post["Integration"]["IntegrationResponses"]:
        assert response["ResponseParameters"]["method.response.header.Access-Control-Allow-Origin"] == "'*'"
    gateway = template.of_type("AWS::ApiGateway::GatewayResponse")
    assert {"DEFAULT_4XX", "DEFAULT_5XX"} <= {response["ResponseType"] for response in gateway}
    for response in gateway:
        assert response["ResponseParameters"]["gatewayresponse.header.Access-Control-Allow-Origin"] == "'*'"
        assert response["ResponseTemplates"]["application/json"].startswith('{"error":')


def test_throttles_are_low_by_default(template: Template) -> None:
    (settings,) = template.one("AWS::ApiGateway::Stage")["MethodSettings"]
    assert settings["ThrottlingRateLimit"] == 5
    assert settings["ThrottlingBurstLimit"] == 10
    assert settings["DataTraceEnabled"] is False


def test_access_log_names_no_body_header_or_key(template: Template) -> None:
    given = template.one("AWS::ApiGateway::Stage")["AccessLogSetting"]["Format"]
    assert '$context.identity.apiKey"' not in given
    assert "$input" not in given


def test_outputs(template: Template) -> None:
    outputs = json.loads(template.path.read_text())["Outputs"]
    assert {"ApiUrl", "OperationStateMachineArn", "AdmissionStateMachineArn", "AuditTable"} <= set(outputs)


def test_backstop_watches_the_three_bad_ends(template: Template) -> None:
    rule = template.one("AWS::Events::Rule")
    assert rule["EventPattern"]["detail"]["status"] == ["FAILED", "TIMED_OUT", "ABORTED"]
    assert rule["Targets"][0]["DeadLetterConfig"]
    failing = template.one("AWS::Lambda::EventInvokeConfig")
    assert failing["DestinationConfig"]["OnFailure"]["Destination"]


def test_the_sweep_runs_every_five_minutes(template: Template) -> None:
    schedule = template.one("AWS::Scheduler::Schedule")
    assert schedule["ScheduleExpression"] == "rate(5 minutes)"
    assert schedule["Target"]["Arn"]["Fn::GetAtt"][0].startswith("FunctionsSweep")
    assert "State" not in schedule  # so it is enabled


def test_a_refusal_waits_in_its_queue_for_longer_than_a_sweep_takes(template: Template) -> None:
    (queue,) = [queue for queue in template.of_type("AWS::SQS::Queue") if "RedrivePolicy" in queue]
    (sweep,) = [f for f in template.of_type("AWS::Lambda::Function") if f["Handler"].startswith("sweep.")]
    assert queue["VisibilityTimeout"] > sweep["Timeout"]
    assert queue["MessageRetentionPeriod"] == 14 * 24 * 3600


def test_unfinished_operations_have_an_index(template: Template) -> None:
    (index,) = template.one("AWS::DynamoDB::Table", TableName="rds_operations")["GlobalSecondaryIndexes"]
    assert [key["AttributeName"] for key in index["KeySchema"]] == ["unfinished", "due_at"]


def test_python_app_py_works_without_credentials(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, str(ROOT / "app.py")],
        cwd=tmp_path,
        env={
            "PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin",
            "HOME": str(tmp_path),
            "CDK_OUTDIR": str(tmp_path),
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "RdsOperations.template.json").exists()


def test_cfn_lint_reports_nothing(template: Template) -> None:
    done = subprocess.run(
        [str(Path(sys.executable).parent / "cfn-lint"), str(template.path)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout.strip()) == (0, "")


def test_package_is_small_and_byte_compiled(template: Template) -> None:
    (asset,) = [folder for folder in template.path.parent.iterdir() if folder.name.startswith("asset.")]
    archive = shutil.make_archive(str(template.path.parent / "package"), "zip", asset)
    assert Path(archive).stat().st_size < 2_500_000
    compiled = next((asset / "rds_operations" / "__pycache__").glob("order.*.pyc"))
    unchecked_hash = b"\x01\x00\x00\x00"  # PEP 552: the bit field after the magic number
    assert compiled.read_bytes()[4:8] == unchecked_hash
    for not_needed in ("boto3", "botocore", "pydantic", "aws_xray_sdk"):
        assert not (asset / not_needed).exists()


@pytest.mark.parametrize("word", ["111122223333", "eu-west-1"])
def test_template_is_environment_agnostic(template: Template, word: str) -> None:
    assert word not in template.path.read_text()
