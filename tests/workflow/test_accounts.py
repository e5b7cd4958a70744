"""Other accounts and Regions: a request acts in its own place, and nowhere else."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from local.cloud import ACCOUNT, OTHER_ACCOUNT, OTHER_REGION, REGION
from local.deployment import client, list_databases
from tests.workflow.changed_code import forget_sessions
from tests.workflow.service import Document, Service, reboot_of, snapshot_of, window_of

PLACES = [(ACCOUNT, OTHER_REGION), (OTHER_ACCOUNT, REGION), (OTHER_ACCOUNT, OTHER_REGION)]
PRODUCTION = "Operations not allowed on production instances. Please create a CloudOps request."
THE_OTHERS_ROLE = f"arn:aws:iam::{OTHER_ACCOUNT}:role/rds-operations"


def namesakes(service: Service, tags: dict[str, str] | None = None) -> str:
    name = service.new_instance(tags=tags)
    for account, region in PLACES:
        rds = service.aws("rds", account, region)
        home = service.instance(name)
        rds.create_db_instance(
            DBInstanceIdentifier=name,
            DBInstanceClass=home["DBInstanceClass"],
            Engine=home["Engine"],
            PreferredMaintenanceWindow=home["PreferredMaintenanceWindow"],
            AllocatedStorage=20,
            MasterUsername="dba",
            ManageMasterUserPassword=True,
            Tags=home["TagList"],
        )
    return name


@pytest.mark.parametrize(("account", "region"), PLACES)
def test_done_where_it_was_asked_for_and_nowhere_else(service: Service, account: str, region: str) -> None:
    name = namesakes(service)
    answer = service.post({**snapshot_of(name), "account_id": account, "region": region})
    assert answer.status == 202, answer
    assert (answer.body["account_id"], answer.body["region"]) == (account, region)
    document = service.result(answer.body["operation_id"])
    assert document["success"] is True
    assert document["snapshot_arn"] == f"arn:aws:rds:{region}:{account}:snapshot:{name}-manual"
    assert (document["account_id"], document["region"]) == (account, region)
    for place in [(ACCOUNT, REGION), *PLACES]:
        found = service.aws("rds", *place).describe_db_snapshots(DBInstanceIdentifier=name)["DBSnapshots"]
        assert len(found) == (place == (account, region))
    for record in service.records(name):
        assert (record["account_id"], record["region"]) == (account, region)
    assert not service.is_locked(name, account, region)


@pytest.mark.parametrize("operation", [reboot_of, window_of])
def test_every_operation_works_in_another_account(service: Service, operation: Any) -> None:
    name = service.new_instance(account=OTHER_ACCOUNT, region=OTHER_REGION)
    asked = {**operation(name), "account_id": OTHER_ACCOUNT, "region": OTHER_REGION}
    document = service.result(service.accepted(asked))
    assert document["success"] is True
    shown = service.instance(name, OTHER_ACCOUNT, OTHER_REGION)
    if operation is reboot_of:
        assert service.rebooted(name, OTHER_ACCOUNT, OTHER_REGION)
    else:
        assert shown["PreferredBackupWindow"] == "01:30-02:30"


def test_an_instance_that_was_listed_is_found_without_being_told_where(service: Service) -> None:
    name = service.new_instance(account=OTHER_ACCOUNT, region=OTHER_REGION)
    assert service.post(reboot_of(name)).status == 404  # not yet in the inventory, and not at home
    list_databases(service.cloud)
    document = service.result(service.accepted(reboot_of(name)))
    assert (document["success"], document["account_id"], document["region"]) == (True, OTHER_ACCOUNT, OTHER_REGION)
    assert service.rebooted(name, OTHER_ACCOUNT, OTHER_REGION)


def test_a_new_instance_at_home_needs_no_listing(service: Service) -> None:
    name = service.new_instance(region=OTHER_REGION)
    assert service.result(service.accepted(window_of(name)))["region"] == OTHER_REGION


def test_two_of_the_same_name_are_409_until_one_is_chosen(service: Service) -> None:
    name = namesakes(service)
    list_databases(service.cloud)
    answer = service.post(window_of(name))
    assert (answer.status, answer.body["code"]) == (409, "instance_ambiguous")
    for account, region in [(ACCOUNT, REGION), *PLACES]:
        assert f"account {account}, Region {region}" in answer.body["error"]
    (record,) = service.records(name)
    assert record["event"] == "refused"
    answer = service.post({**window_of(name), "account_id": OTHER_ACCOUNT})
    assert (answer.status, answer.body["error"].count("account ")) == (409, 2)
    assert service.post({**window_of(name), "account_id": OTHER_ACCOUNT, "region": REGION}).status == 202
    assert service.instance(name)["PreferredBackupWindow"] != "01:30-02:30"


def test_the_same_name_runs_in_two_places_at_once(service: Service) -> None:
    name = namesakes(service)
    here = service.accepted({**snapshot_of(name), "account_id": ACCOUNT, "region": REGION})
    there = service.accepted({**snapshot_of(name), "account_id": OTHER_ACCOUNT, "region": REGION})
    again = service.post({**reboot_of(name), "account_id": OTHER_ACCOUNT, "region": REGION})
    assert (again.status, again.body["code"]) == (409, "operation_in_progress")
    assert there in again.body["error"]
    assert service.result(here)["success"] is service.result(there)["success"] is True


def test_what_has_gone_is_marked_and_no_longer_found(service: Service) -> None:
    name = service.new_instance(account=OTHER_ACCOUNT)
    list_databases(service.cloud)
    key = {"instance_id": {"S": name}, "place": {"S": f"{OTHER_ACCOUNT}#{REGION}"}}

    def listed() -> Document:
        table = service.outputs["inventory_table"]
        item: Document = service.aws("dynamodb").get_item(TableName=table, Key=key)["Item"]
        return item

    assert "gone_at" not in listed()
    assert (listed()["environment"]["S"], listed()["engine"]["S"]) == ("development", "postgres")
    service.aws("rds", OTHER_ACCOUNT).delete_db_instance(DBInstanceIdentifier=name, SkipFinalSnapshot=True)
    list_databases(service.cloud)
    assert "gone_at" in listed()
    assert service.post(reboot_of(name)).status == 404


@pytest.mark.parametrize(
    "where",
    [
        {"account_id": "333344445555"},
        {"region": "us-east-1"},
        {"account_id": OTHER_ACCOUNT, "region": "us-east-1"},
    ],
)
def test_a_place_outside_the_deployments_list_is_refused(service: Service, where: dict[str, str]) -> None:
    name = service.new_instance()
    answer = service.post({**reboot_of(name), **where})
    assert (answer.status, answer.body["code"]) == (400, "not_operated")
    assert len(service.records(name)) == 1


@pytest.mark.parametrize("where", [{"account_id": 222233334444}, {"account_id": "22"}, {"region": "../x"}], ids=str)
def test_nonsense_for_a_place_is_refused(service: Service, where: dict[str, Any]) -> None:
    answer = service.post({**reboot_of("dev-1"), **where})
    assert (answer.status, answer.body["code"]) == (400, "invalid_parameter")


@pytest.mark.parametrize("tags", [{"Environment": "Production"}, {"eNv": " PRD "}, {"Env": "dev", "STAGE": "live"}, {}])
def test_production_and_unknown_of_another_account_are_refused(service: Service, tags: dict[str, str]) -> None:
    name = service.new_instance("any", tags, OTHER_ACCOUNT, OTHER_REGION)
    answer = service.post({**reboot_of(name), "account_id": OTHER_ACCOUNT, "region": OTHER_REGION})
    assert (answer.status, answer.body["error"] == PRODUCTION) == (403, bool(tags))
    (record,) = service.records(name)
    assert record["account_id"] == OTHER_ACCOUNT
    assert not service.rebooted(name, OTHER_ACCOUNT, OTHER_REGION)


def test_a_mapping_of_one_account_means_nothing_in_another(service: Service) -> None:
    """settings/local.json maps 111122223333/reporting-mysql-01 to staging."""
    client(service.cloud, "rds", OTHER_ACCOUNT).create_db_instance(
        DBInstanceIdentifier="reporting-mysql-01",
        DBInstanceClass="db.t4g.medium",
        Engine="mysql",
        AllocatedStorage=20,
        MasterUsername="dba",
        ManageMasterUserPassword=True,
    )
    where = {"account_id": OTHER_ACCOUNT, "region": REGION}
    answer = service.post({**reboot_of("reporting-mysql-01"), **where})
    assert (answer.status, answer.body["code"]) == (403, "environment_unknown")


class TestTrust:
    """Errors in the other account's set-up are named, and are neither a 404 nor a 5xx."""

    @contextmanager
    def trust(self, service: Service, role: str, change: Any) -> Iterator[None]:
        iam = service.aws("iam", OTHER_ACCOUNT)
        before = iam.get_role(RoleName=role)["Role"]["AssumeRolePolicyDocument"]
        iam.update_assume_role_policy(RoleName=role, PolicyDocument=json.dumps(change(before)))
        forget_sessions(service, ["classify", "execute"])
        try:
            yield
        finally:
            iam.update_assume_role_policy(RoleName=role, PolicyDocument=json.dumps(before))
            forget_sessions(service, ["classify", "execute"])

    @pytest.mark.parametrize(
        ("old", "new"),
        [
            ('"sts:ExternalId": "local-', '"sts:ExternalId": "other-'),
            ("rds-operations-classify-", "rds-operations-admit-"),
            (f"::{ACCOUNT}:root", "::999988887777:root"),
        ],
        ids=["external id", "role", "account"],
    )
    def test_a_wrong_trust_is_told_at_admission(self, service: Service, old: str, new: str) -> None:
        name = service.new_instance(account=OTHER_ACCOUNT)

        def change(document: Document) -> Document:
            text = json.dumps(document)
            assert old in text
            changed: Document = json.loads(text.replace(old, new))
            return changed

        with self.trust(service, "rds-operations-reading", change):
            answer = service.post({**reboot_of(name), "account_id": OTHER_ACCOUNT, "region": REGION})
        assert (answer.status, answer.body["code"]) == (403, "account_not_reachable")
        assert f"Account {OTHER_ACCOUNT}" in answer.body["error"]
        assert f"{THE_OTHERS_ROLE}-reading" in answer.body["error"]
        (record,) = service.records(name)
        assert record["event"] == "refused"
        assert not service.rebooted(name, OTHER_ACCOUNT)

    @pytest.mark.parametrize(
        ("old", "new"),
        [
            ('"sts:ExternalId": "local-', '"sts:ExternalId": "other-'),
            ("rds-operations-execute-", "rds-operations-poll-"),
            ("sts:SetSourceIdentity", "sts:TagSession"),
        ],
        ids=["external id", "role", "source identity"],
    )
    def test_a_wrong_trust_of_the_acting_role_fails_the_operation(self, service: Service, old: str, new: str) -> None:
        name = service.new_instance(account=OTHER_ACCOUNT)

        def change(document: Document) -> Document:
            changed: Document = json.loads(json.dumps(document).replace(old, new))
            assert changed != document
            return changed

        with self.trust(service, "rds-operations-acting", change):
            asked = {**reboot_of(name), "account_id": OTHER_ACCOUNT, "region": REGION}
            document = service.result(service.accepted(asked))
        assert document["success"] is False
        assert f"Account {OTHER_ACCOUNT}" in document["error"]
        assert f"{THE_OTHERS_ROLE}-acting" in document["error"]
        assert not service.is_locked(name, OTHER_ACCOUNT)
        assert not service.rebooted(name, OTHER_ACCOUNT)

    def test_a_confused_deputy_gets_nothing(self, service: Service) -> None:
        """A third account, unknown to the service, has roles with the expected names."""
        sts = service.aws("sts", "555566667777")
        for external_id in ({}, {"ExternalId": "guessed"}, {"ExternalId": "local-9f2c61d07b"}):
            for role in ("reading", "acting"):
                with pytest.raises(sts.exceptions.ClientError, match="AccessDenied"):
                    sts.assume_role(RoleArn=f"{THE_OTHERS_ROLE}-{role}", RoleSessionName="evil", **external_id)
        home = service.aws("sts")  # not even the service account's root, with the right id
        with pytest.raises(home.exceptions.ClientError, match="AccessDenied"):
            home.assume_role(RoleArn=f"{THE_OTHERS_ROLE}-acting", RoleSessionName="evil", ExternalId="local-9f2c61d07b")
