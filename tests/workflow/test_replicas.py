"""A replica is classified with all that it replicates, across Regions and accounts."""

import json

import pytest

from local.cloud import ACCOUNT, OTHER_REGION, REGION
from tests.workflow.service import Service, reboot_of, window_of

PRODUCTION = {"Environment": "Production"}


def arn_of(name: str, account: str = ACCOUNT) -> str:
    return f"arn:aws:rds:{REGION}:{account}:db:{name}"


@pytest.mark.parametrize("region", [REGION, OTHER_REGION])
def test_a_replica_of_production_is_production(service: Service, region: str) -> None:
    source = service.new_instance("any", PRODUCTION)
    replica = service.new_instance(region=region, replica_of=source if region == REGION else arn_of(source))
    answer = service.post(reboot_of(replica))
    assert (answer.status, answer.body["code"]) == (403, "production_instance")
    (record,) = service.records(replica)
    assert record["environment"] == "production"
    assert source in record["environment_source"]
    assert not service.rebooted(replica, region=region)


def test_a_replica_of_a_replica_of_production_is_production(service: Service) -> None:
    source = service.new_instance("any", PRODUCTION)
    middle = service.new_instance(replica_of=source)
    replica = service.new_instance(region=OTHER_REGION, replica_of=arn_of(middle))
    assert service.post(reboot_of(replica)).body["code"] == "production_instance"


def test_a_replica_of_development_is_development(service: Service) -> None:
    source = service.new_instance()
    replica = service.new_instance(region=OTHER_REGION, replica_of=arn_of(source))
    assert service.result(service.accepted(window_of(replica)))["success"] is True


@pytest.mark.parametrize("region", [REGION, OTHER_REGION])
def test_the_source_of_a_production_replica_is_left_alone(service: Service, region: str) -> None:
    source = service.new_instance()
    replica = service.new_instance(
        "any", PRODUCTION, region=region, replica_of=source if region == REGION else arn_of(source)
    )
    answer = service.post(reboot_of(source))
    assert (answer.status, answer.body["code"]) == (403, "production_instance")
    (record,) = service.records(source)
    assert record["environment_source"].startswith("read replica ")
    assert replica in record["environment_source"]
    assert not service.rebooted(source)


def test_a_replica_whose_source_cannot_be_read_is_refused(service: Service) -> None:
    source = service.new_instance()
    replica = service.new_instance(replica_of=source)
    service.aws("rds").delete_db_instance(DBInstanceIdentifier=source, SkipFinalSnapshot=True)
    answer = service.post(reboot_of(replica))
    assert (answer.status, answer.body["code"]) == (403, "environment_unknown")
    assert f"replication source {source}" in answer.body["error"]


def test_a_source_in_an_account_that_is_not_operated_is_refused(service: Service) -> None:
    replica = service.new_instance(replica_of=service.new_instance())
    pattern = "<ReadReplicaSourceDBInstanceIdentifier>[^<]+"
    service.fault(
        point="rds:DescribeDBInstances",
        effect="rewrite",
        matching=f"={replica}(&|$)",
        pattern=pattern,
        replacement=f"<ReadReplicaSourceDBInstanceIdentifier>{arn_of('dev-1', '999988887777')}",
    )
    answer = service.post(reboot_of(replica))
    assert (answer.status, answer.body["code"]) == (403, "environment_unknown")


def test_a_source_that_turns_to_production_stops_the_operation(service: Service) -> None:
    source = service.new_instance()
    replica = service.new_instance(replica_of=source)
    rds = service.aws("rds")
    rds.add_tags_to_resource(ResourceName=arn_of(source), Tags=[{"Key": "env", "Value": "prod"}])
    states, arn = service.aws("stepfunctions"), service.outputs["state_machine_arn"]
    given = json.dumps(reboot_of(replica))
    started = states.start_execution(stateMachineArn=arn, name=f"hand-{replica}", input=given)["executionArn"]
    assert service.ended(started)["error"] == "OperationRefused"
    assert service.records(replica)[-1]["environment"] == "production"
    assert not service.rebooted(replica)
