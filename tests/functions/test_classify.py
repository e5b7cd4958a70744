import json
from types import SimpleNamespace

import pytest

from rds_operations.settings.gate import GateSettings
from tests.builders import ACCOUNT, INSTANCE_ID, REGION, a_body, an_execution
from tests.functions.calls import Answer, Call, error
from tests.functions.fake_aws import Document, FakeAws, a_work


def test_an_allowed_instance(aws: FakeAws) -> None:
    aws.create_instance("Dev")
    assert aws.call("classify", a_work()) == {
        "request": {**a_work()["request"], "resource_id": aws.backend.databases[INSTANCE_ID].dbi_resource_id},
        "verdict": {"environment": "development", "source": "tag Environment=Dev"},
    }


def test_a_value_that_iam_would_not_take_is_refused_at_once(aws: FakeAws) -> None:
    aws.create_instance(" Development ")
    refusal = aws.answer(aws.admit(a_body()))
    assert (refusal["statusCode"], refusal["code"]) == (403, "environment_unknown")
    assert "(tag Environment= Development , with spaces around the value)" in refusal["error"]
    assert aws.events() == ["refused"]


@pytest.mark.parametrize(
    ("environment", "verdict", "code"),
    [("Production", "production", "production_instance"), ("", "unknown", "environment_unknown")],
)
def test_a_forbidden_instance(aws: FakeAws, environment: str, verdict: str, code: str) -> None:
    aws.create_instance(environment)
    result = aws.call("classify", a_work())
    assert result["verdict"]["environment"] == verdict
    assert (result["refusal"]["status"], result["refusal"]["code"]) == (403, code)
    source = {"environment_source": result["verdict"]["source"]}
    body = {"error": result["refusal"]["error"], "code": code, **source}
    assert (result["reply"]["statusCode"], json.loads(result["reply"]["body"])) == (403, body)


@pytest.mark.parametrize("veto", [False, True])
def test_a_disagreement_is_told_in_the_log_and_in_the_record(
    aws: FakeAws, veto: bool, caplog: pytest.LogCaptureFixture
) -> None:
    settings = GateSettings(naming_patterns={"postgres": "prod"}, production_veto=veto)
    aws.deploy(gate=settings)
    aws.create_instance("dev")
    work = aws.admit(a_body())
    told = "tag Environment=dev says development, naming_patterns postgres says production"
    if veto:
        assert aws.answer(work)["code"] == "environment_disputed"
    (record,) = aws.records()
    assert record["event"] == ("refused" if veto else "accepted")
    assert record["environment_disagreement"] == told
    assert record["environment"] == ("production" if veto else "development")
    assert [entry.disagreement for entry in caplog.records if entry.levelname == "WARNING"] == [told]  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("where", "named"),
    [
        ({}, ""),
        ({"region": REGION}, f" in Region {REGION}"),
        ({"account_id": ACCOUNT, "region": REGION}, f" in account {ACCOUNT}, Region {REGION}"),
    ],
)
def test_an_instance_that_does_not_exist(aws: FakeAws, where: Document, named: str) -> None:
    """The error names a place that the request has named."""
    result = aws.admit(a_body() | where)
    assert "verdict" not in result
    assert result["refusal"] == {
        "status": 404,
        "code": "instance_not_found",
        "error": f"Instance {INSTANCE_ID} not found{named}",
    }


def test_a_member_of_a_cluster(aws: FakeAws) -> None:
    engine = "aurora-postgresql"
    aws.rds.create_db_cluster(
        DBClusterIdentifier="orders", Engine=engine, MasterUsername="admin", MasterUserPassword="not-a-secret"
    )
    aws.create_instance(DBClusterIdentifier="orders", Engine=engine)
    refusal = aws.call("classify", a_work())["refusal"]
    assert (refusal["status"], refusal["code"]) == (400, "not_supported_by_instance")
    assert "member of the cluster orders (aurora-postgresql)" in refusal["error"]


def test_a_production_member_of_a_cluster_is_production_first(aws: FakeAws) -> None:
    aws.rds.create_db_cluster(
        DBClusterIdentifier="orders", Engine="aurora-mysql", MasterUsername="admin", MasterUserPassword="not-a-secret"
    )
    aws.create_instance("prod", DBClusterIdentifier="orders", Engine="aurora-mysql")
    assert aws.call("classify", a_work())["refusal"]["status"] == 403


def test_a_failover_follows_multi_az(aws: FakeAws) -> None:
    work = a_work("reboot_instance")
    work["request"]["parameters"]["force_failover"] = True
    aws.create_instance()
    assert aws.call("classify", work)["refusal"]["code"] == "not_supported_by_instance"
    aws.rds.modify_db_instance(DBInstanceIdentifier=INSTANCE_ID, MultiAZ=True, ApplyImmediately=True)
    assert "refusal" not in aws.call("classify", work)


def test_a_window_over_the_maintenance_window(aws: FakeAws) -> None:
    aws.create_instance(PreferredMaintenanceWindow="sun:03:30-sun:04:30")
    refusal = aws.call("classify", a_work("modify_backup_window"))["refusal"]
    assert refusal["status"] == 400
    assert "overlaps the maintenance window sun:03:30-sun:04:30" in refusal["error"]


def test_a_stopped_instance_is_an_obstacle_and_no_refusal(aws: FakeAws) -> None:
    aws.create_instance()
    aws.rds.stop_db_instance(DBInstanceIdentifier=INSTANCE_ID)
    result = aws.call("classify", a_work())
    assert "refusal" not in result
    assert (result["not_ready"]["status"], result["not_ready"]["code"]) == (409, "instance_not_ready")


def test_pending_changes_are_an_obstacle(aws: FakeAws) -> None:
    aws.create_instance()
    aws.backend.databases[INSTANCE_ID].pending_modified_values = {"DBInstanceClass": "db.m7g.large"}
    result = aws.call("classify", a_work("modify_backup_window"))
    assert result["not_ready"]["code"] == "pending_changes"
    assert "(DBInstanceClass)" in result["not_ready"]["error"]


def test_classify_changes_nothing(aws: FakeAws) -> None:
    aws.create_instance()
    aws.call("classify", a_work())
    assert (aws.items(), aws.records(), aws.snapshots()) == ([], [], [])


# aws-cli#6392: AWS GovCloud (US) has left `TagList` out.
@pytest.mark.parametrize(("refused", "answer"), [(False, ""), (True, "environment_unknown")])
def test_tags_that_rds_does_not_show_are_asked_for(aws: FakeAws, refused: bool, answer: str) -> None:
    aws.create_instance()
    (shown,) = aws.rds.describe_db_instances(DBInstanceIdentifier=INSTANCE_ID)["DBInstances"]
    bare = {name: value for name, value in shown.items() if name != "TagList"}

    def without_tags(call: Call) -> Answer | None:
        if call.action == "ListTagsForResource" and refused:
            return error("AccessDenied", 403)
        found = call.action == "DescribeDBInstances"
        return (SimpleNamespace(status_code=200), {"DBInstances": [bare]}) if found else None

    with aws.calls.answering(without_tags):
        work = aws.admit(a_body())
    assert work.get("refusal", {}).get("code", "") == answer
    assert ("start" in work) is not refused


def test_what_validate_refused_goes_through_untouched(aws: FakeAws) -> None:
    """OPERATION has no Choice before Classify."""
    work = aws.call("validate", {"machine": "OPERATION", "body": "{}", "execution": an_execution("by-hand")})
    assert work["refusal"]["status"] == 400
    assert aws.call("classify", work) == {}
    assert aws.calls.of("classify", "rds") == []
