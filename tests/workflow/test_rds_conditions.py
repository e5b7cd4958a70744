"""What RDS refuses or does differently: the service says so before the call if it can, else at the end."""

import pytest

from local.instance_tags import ABANDONED, AUTOMATION_TAG, AWS_BACKUP_TAG, FAILOVER_TAG, FAILS, REBOOT_TAG
from tests.workflow.service import Service, reboot_of, snapshot_of, window_of

DEV = {"Environment": "dev"}


def refused(service: Service, body: dict[str, object], instance: str) -> tuple[int, str]:
    """Return the answer. Check that it has a record, and that nothing changed."""
    before = service.instance(instance)["PreferredBackupWindow"]
    answer = service.post(body)
    (record,) = service.records(instance)
    assert record["event"] == "refused"
    assert service.instance(instance)["PreferredBackupWindow"] == before
    return answer.status, answer.body["code"]


# crossplane-contrib/provider-aws#1406, hashicorp/terraform-provider-aws#33465.
def test_the_window_of_what_aws_backup_manages(service: Service) -> None:
    instance = service.new_instance(tags=DEV | {AWS_BACKUP_TAG: "continuous"})
    assert refused(service, window_of(instance), instance) == (400, "not_supported_by_instance")
    assert service.result(service.accepted(snapshot_of(instance)))["success"] is True


# RDS User Guide, Pausing and resuming RDS Custom automation.
def test_a_window_while_the_automation_is_paused_and_after(service: Service) -> None:
    tags = DEV | {AUTOMATION_TAG: "all-paused"}
    instance = service.new_instance(tags=tags, Engine="custom-sqlserver-se")
    assert refused(service, window_of(instance), instance) == (409, "instance_not_ready")
    arn = service.instance(instance)["DBInstanceArn"]
    service.aws("rds").add_tags_to_resource(ResourceName=arn, Tags=[{"Key": AUTOMATION_TAG, "Value": "full"}])
    assert service.result(service.accepted(window_of(instance)))["success"] is True


# aws-cloudformation/aws-cloudformation-resource-providers-rds#345.
@pytest.mark.parametrize("abandoned", [True, False])
def test_a_failover_ends_as_rds_tells_it(service: Service, abandoned: bool) -> None:
    tags = DEV | ({FAILOVER_TAG: ABANDONED} if abandoned else {})
    instance = service.new_instance(tags=tags, MultiAZ=True)
    document = service.result(service.accepted(reboot_of(instance, force_failover=True)))
    assert document["success"] is not abandoned
    assert document.get("error", "").startswith("Abandoning user requested failover") is abandoned


# RDS-EVENT-0035: "the customer action would be to modify the memory parameter and reboot the DB instance".
def test_a_reboot_brings_back_what_a_wrong_parameter_had_stopped(service: Service) -> None:
    instance = service.new_instance(tags=DEV | {REBOOT_TAG: FAILS})
    first = service.result(service.accepted(reboot_of(instance)))
    assert (first["success"], first["error"]) == (False, f"Instance {instance} is in the state incompatible-parameters")
    arn = service.instance(instance)["DBInstanceArn"]
    service.aws("rds").add_tags_to_resource(ResourceName=arn, Tags=[{"Key": REBOOT_TAG, "Value": "5"}])
    assert service.result(service.accepted(reboot_of(instance)))["success"] is True
    assert service.instance(instance)["DBInstanceStatus"] == "available"


def test_a_window_in_which_no_backup_will_run_says_so(service: Service) -> None:
    instance = service.new_instance(BackupRetentionPeriod=0)
    document = service.result(service.accepted(window_of(instance)))
    assert document["success"] is True
    assert document["note"].startswith("Automated backups are off")
