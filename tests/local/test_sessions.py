"""Role sessions on the local cloud: who may assume a role, from where, and in whose name it acts."""

import json
from typing import Any

import pytest

from local.extensions.sessions import Sessions
from tests.local.account import HUB, SPOKE, Caller, Document, allow, db_arn, deny, new_name, refused, trust

ASSUME, SET = "sts:AssumeRole", "sts:SetSourceIdentity"
EXTERNAL_ID = "the-id-of-the-spoke"


def assume_denied(caller: Caller, role: str, **more: Any) -> str:
    return refused(caller.assume, role_arn=role, **more)


def trusting(role: str, action: str | list[str] = ASSUME, **equals: str) -> Document:
    """Return a trust policy's statement for one role of the hub, as in cross-account roles."""
    conditions = {"ArnEquals": {"aws:PrincipalArn": role}}
    return trust(HUB, action, **conditions, **({"StringEquals": equals} if equals else {}))


class TestPrincipalArn:
    @pytest.mark.parametrize("path", ["/", "/operations/rds/"])
    def test_a_trust_policy_sees_the_role_and_its_path(self, hub: Caller, spoke: Caller, path: str) -> None:
        first = hub.role(trust(HUB), allow(ASSUME), path=path)

        assert hub.assume(first).assume(spoke.role(trusting(first)))
        assert f":role{path}role-" in first

    def test_an_identity_policy_sees_the_role(self, hub: Caller) -> None:
        db, name = hub.database(), new_name("role")
        itself: Document = {"ArnEquals": {"aws:PrincipalArn": f"arn:aws:iam::{HUB}:role/{name}"}}
        named = hub.role(trust(HUB), allow("rds:RebootDBInstance", **itself), name=name)
        other = hub.role(trust(HUB), allow("rds:RebootDBInstance", **itself))

        reboot = hub.assume(other).client("rds").reboot_db_instance
        assert "rds:RebootDBInstance" in refused(reboot, DBInstanceIdentifier=db)
        assert hub.assume(named).client("rds").reboot_db_instance(DBInstanceIdentifier=db)

    def test_it_is_not_the_session(self, hub: Caller, spoke: Caller) -> None:
        first = hub.role(trust(HUB), allow(ASSUME))
        session_arn = f"arn:aws:sts::{HUB}:assumed-role/{first.rpartition('/')[2]}/tester"

        assert ASSUME in assume_denied(hub.assume(first), spoke.role(trusting(session_arn)))

    def test_a_role_is_found_at_its_path_only(self, hub: Caller) -> None:
        role = hub.role(trust(HUB), path="/real/")

        assert hub.assume(role)
        assert ASSUME in assume_denied(hub, role.replace("/real/", "/allowed/"))


class TestAcrossAccounts:
    def test_the_trust_policy_alone_is_not_enough(self, hub: Caller, spoke: Caller) -> None:
        without, elsewhere = hub.role(trust(HUB)), hub.role(trust(HUB), allow(ASSUME, f"arn:aws:iam::{SPOKE}:role/no"))
        target = spoke.role(trust(HUB))

        assert f"AccessDenied: User: arn:aws:sts::{HUB}" in assume_denied(hub.assume(without), target)
        assert ASSUME in assume_denied(hub.assume(elsewhere), target)

    def test_the_callers_policy_alone_is_not_enough(self, hub: Caller, spoke: Caller) -> None:
        assert ASSUME in assume_denied(hub.session_allowed(allow(ASSUME)), spoke.role(trust(SPOKE)))

    def test_both_make_a_session_in_the_other_account(self, hub: Caller, spoke: Caller) -> None:
        target = spoke.role(trust(HUB), allow("rds:DescribeDBInstances"))
        session = hub.session_allowed(allow(ASSUME, target)).assume(target)
        db = spoke.database()

        assert session.client("sts").get_caller_identity()["Account"] == SPOKE
        found = session.client("rds").describe_db_instances(DBInstanceIdentifier=db)["DBInstances"]
        assert found[0]["DBInstanceArn"] == db_arn(db, SPOKE)

    def test_the_right_role_with_the_right_external_id(self, hub: Caller, spoke: Caller) -> None:
        first, other = hub.role(trust(HUB), allow(ASSUME)), hub.role(trust(HUB), allow(ASSUME))
        target = spoke.role(trusting(first, **{"sts:ExternalId": EXTERNAL_ID}))
        session = hub.assume(first)

        assert session.assume(target, ExternalId=EXTERNAL_ID)
        assert ASSUME in assume_denied(session, target, ExternalId="another-id")
        assert ASSUME in assume_denied(session, target)
        assert ASSUME in assume_denied(hub.assume(other), target, ExternalId=EXTERNAL_ID)

    def test_the_callers_policy_sees_the_request(self, hub: Caller, spoke: Caller) -> None:
        target = spoke.role(trust(HUB))
        condition = {"sts:ExternalId": EXTERNAL_ID, "sts:RoleSessionName": "operation-1"}
        session = hub.session_allowed(allow(ASSUME, StringEquals=condition))

        assert session.assume(target, ExternalId=EXTERNAL_ID, RoleSessionName="operation-1")
        assert ASSUME in assume_denied(session, target, ExternalId=EXTERNAL_ID)

    def test_a_session_policy_narrows_the_session(self, hub: Caller, spoke: Caller) -> None:
        mine, other = spoke.database(), spoke.database()
        target = spoke.role(trust(HUB), allow("rds:*"))
        policy = {"Version": "2012-10-17", "Statement": [allow("rds:RebootDBInstance", db_arn(mine, SPOKE))]}
        session = hub.session_allowed(allow(ASSUME)).assume(target, Policy=json.dumps(policy))
        rds = session.client("rds")

        assert rds.reboot_db_instance(DBInstanceIdentifier=mine)
        assert "rds:RebootDBInstance" in refused(rds.reboot_db_instance, DBInstanceIdentifier=other)
        assert "rds:StopDBInstance" in refused(rds.stop_db_instance, DBInstanceIdentifier=mine)


class TestSourceIdentity:
    def test_both_sides_must_allow_it(self, hub: Caller, spoke: Caller) -> None:
        may, may_not = hub.session_allowed(allow([ASSUME, SET])), hub.session_allowed(allow(ASSUME))
        trusts, trusts_not = spoke.role(trust(HUB, [ASSUME, SET])), spoke.role(trust(HUB))

        assert may.assume(trusts, SourceIdentity="alice")
        denial = f"not authorized to perform: {SET} on resource: "
        assert denial + trusts in assume_denied(may_not, trusts, SourceIdentity="alice")
        assert denial + trusts_not in assume_denied(may, trusts_not, SourceIdentity="alice")
        assert may_not.assume(trusts)
        assert may.assume(trusts_not)

    def test_who_may_not_assume_the_role_learns_that_first(self, hub: Caller, spoke: Caller) -> None:
        caller = hub.session_allowed(allow([ASSUME, SET]))

        assert f"perform: {ASSUME} on" in assume_denied(caller, spoke.role(trust(SPOKE)), SourceIdentity="alice")

    def test_it_is_in_the_answer(self, hub: Caller) -> None:
        role = hub.role(trust(HUB, [ASSUME, SET]))
        arguments = {"RoleArn": role, "RoleSessionName": "tester"}

        assert hub.client("sts").assume_role(**arguments, SourceIdentity="alice")["SourceIdentity"] == "alice"
        assert "SourceIdentity" not in hub.client("sts").assume_role(**arguments)

    def test_policies_of_both_sides_see_it_wanted(self, hub: Caller, spoke: Caller) -> None:
        condition: Document = {"StringEquals": {"sts:SourceIdentity": "alice"}}
        caller, anyone = hub.session_allowed(allow([ASSUME, SET], **condition)), hub.session_allowed(allow("sts:*"))
        target, open_target = spoke.role(trust(HUB, [ASSUME, SET], **condition)), spoke.role(trust(HUB, "sts:*"))

        assert caller.assume(target, SourceIdentity="alice")
        assert "AccessDenied" in assume_denied(caller, open_target, SourceIdentity="bob")
        assert "AccessDenied" in assume_denied(anyone, target, SourceIdentity="bob")
        assert "AccessDenied" in assume_denied(anyone, target)

    def test_the_external_id_is_no_key_of_setting_it(self, hub: Caller, spoke: Caller) -> None:
        caller = hub.session_allowed(allow([ASSUME, SET]))
        condition = {"StringEquals": {"sts:ExternalId": EXTERNAL_ID}}
        together = spoke.role(trust(HUB, [ASSUME, SET], **condition))

        assert f"{SET} on" in assume_denied(caller, together, ExternalId=EXTERNAL_ID, SourceIdentity="alice")
        assert caller.assume(together, ExternalId=EXTERNAL_ID)

    def test_the_session_keeps_it(self, hub: Caller) -> None:
        db = hub.database()
        by_alice = allow("rds:RebootDBInstance", StringEquals={"aws:SourceIdentity": "alice"})
        role = hub.role(trust(HUB, [ASSUME, SET]), by_alice, deny("rds:*", Null={"aws:SourceIdentity": "true"}))
        arguments = {"DBInstanceIdentifier": db}

        assert "explicit deny" in refused(hub.assume(role).client("rds").reboot_db_instance, **arguments)
        as_bob = hub.assume(role, SourceIdentity="bob").client("rds")
        assert "no identity-based policy allows" in refused(as_bob.reboot_db_instance, **arguments)
        assert hub.assume(role, SourceIdentity="alice").client("rds").reboot_db_instance(**arguments)

    def test_it_is_handed_on_and_cannot_be_changed(self, hub: Caller, spoke: Caller) -> None:
        db = spoke.database()
        first = hub.role(trust(HUB, [ASSUME, SET]), allow([ASSUME, SET]))
        by_alice: Document = {"StringEquals": {"aws:SourceIdentity": "alice"}}
        second = spoke.role(
            trust(HUB, [ASSUME, SET], StringEquals={"aws:SourceIdentity": "alice", "sts:SourceIdentity": "alice"}),
            allow("rds:RebootDBInstance", **by_alice),
        )
        open_second = spoke.role(trust(HUB, [ASSUME, SET]))
        session = hub.assume(first, SourceIdentity="alice")

        assert session.assume(second).client("rds").reboot_db_instance(DBInstanceIdentifier=db)
        assert session.assume(open_second, SourceIdentity="alice")
        assert SET in assume_denied(session, open_second, SourceIdentity="bob")
        assert "AccessDenied" in assume_denied(hub.assume(first, SourceIdentity="bob"), second)

    def test_to_hand_it_on_both_sides_must_allow_it(self, hub: Caller, spoke: Caller) -> None:
        may = hub.role(trust(HUB, [ASSUME, SET]), allow([ASSUME, SET]))
        may_not = hub.role(trust(HUB, [ASSUME, SET]), allow(ASSUME))
        trusts, trusts_not = spoke.role(trust(HUB, [ASSUME, SET])), spoke.role(trust(HUB))

        assert SET in assume_denied(hub.assume(may_not, SourceIdentity="alice"), trusts)
        assert SET in assume_denied(hub.assume(may, SourceIdentity="alice"), trusts_not)


def test_a_session_may_be_added_while_others_go_through_them() -> None:
    sessions = Sessions({"ASIA1": {}})
    for key, _session in sessions.items():
        sessions[f"{key}-more"] = {}
    assert list(sessions) == ["ASIA1", "ASIA1-more"]


class TestNames:
    @pytest.mark.parametrize("field", ["SourceIdentity", "RoleSessionName"])
    @pytest.mark.parametrize("value", ["a b", "x" * 65, "aws:alice", "älice", "a/b"])
    def test_one_that_does_not_fit_is_refused(self, hub: Caller, field: str, value: str) -> None:
        denial = assume_denied(hub, hub.role(trust(HUB, [ASSUME, SET])), **{field: value})

        assert denial.startswith("ValidationError: 1 validation error detected: Value ")
        assert f"'{field[0].lower()}{field[1:]}' failed to satisfy constraint" in denial

    @pytest.mark.parametrize("value", ["ab", "x" * 64, "first.last+dba@example.com", "A_b=c,d-1"])
    def test_one_that_fits_is_taken(self, hub: Caller, value: str) -> None:
        assert hub.assume(hub.role(trust(HUB, [ASSUME, SET])), SourceIdentity=value, RoleSessionName=value)
