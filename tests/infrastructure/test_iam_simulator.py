"""The simulator decides as IAM does wherever this project relies on it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.infrastructure.engines import iam_simulator
from tests.infrastructure.engines.iam_simulator import Context, Decision, Document, SimulationRefused, Simulator

ACCOUNT, OTHER_ACCOUNT = "123456789012", "210987654321"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/rds-operations-gate"
CALLER = f"arn:aws:iam::{ACCOUNT}:role/caller"
FOREIGN_CALLER = f"arn:aws:iam::{OTHER_ACCOUNT}:role/caller"
RDS = f"arn:aws:rds:eu-central-1:{ACCOUNT}"
DB, SNAPSHOT = f"{RDS}:db:orders-01", f"{RDS}:snapshot:before-release"
EVERY_DB, EVERY_SNAPSHOT = "arn:aws:rds:*:*:db:*", "arn:aws:rds:*:*:snapshot:*"


@pytest.fixture(scope="module")
def simulator() -> Iterator[Simulator]:
    with Simulator() as one:
        yield one


def policy(*statements: Document) -> Document:
    return {"Version": "2012-10-17", "Statement": list(statements)}


def allow(action: str = "rds:*", resource: str | list[str] = "*", **condition: Any) -> Document:
    return {"Effect": "Allow", "Action": action, "Resource": resource, **_condition(condition)}


def deny(action: str = "rds:*", resource: str | list[str] = "*", **condition: Any) -> Document:
    return {**allow(action, resource, **condition), "Effect": "Deny"}


def _condition(condition: Document) -> Document:
    return {"Condition": condition} if condition else {}


def ask(
    simulator: Simulator,
    *statements: Document,
    action: str = "rds:RebootDBInstance",
    resource: str = DB,
    context: Context | None = None,
    principal: str = ROLE,
    **others: Any,
) -> Decision:
    return simulator.decide(
        policies=[policy(*statements)] if statements else [],
        principal=principal,
        action=action,
        resource=resource,
        context=context,
        account=ACCOUNT,
        **others,
    )


class TestConditions:
    LISTED = allow(StringEqualsIgnoreCaseIfExists={"aws:ResourceTag/env": ["dev", "test"]})

    @pytest.mark.parametrize(
        ("tags", "allowed"),
        [
            ({}, True),
            ({"aws:ResourceTag/team": "orders"}, True),
            ({"aws:ResourceTag/env": "dev"}, True),
            ({"aws:ResourceTag/env": "DEV"}, True),
            ({"aws:ResourceTag/env": "tEsT"}, True),
            ({"aws:ResourceTag/env": "prod"}, False),
            ({"aws:ResourceTag/env": "dev2"}, False),
            ({"aws:ResourceTag/env": " dev"}, False),
            ({"aws:ResourceTag/env": ""}, False),
        ],
    )
    def test_if_exists_admits_an_absent_tag_and_no_other_value(
        self, simulator: Simulator, tags: dict[str, str], allowed: bool
    ) -> None:
        decision = ask(simulator, self.LISTED, context=tags)
        assert decision.allowed is allowed, decision.explanation
        assert not decision.explicit_deny

    @pytest.mark.parametrize("key", ["aws:ResourceTag/Environment", "rds:db-tag/ENV"])
    @pytest.mark.parametrize("value", ["prod", "PROD", "Prod"])
    def test_an_explicit_deny_wins_over_every_allow(self, simulator: Simulator, key: str, value: str) -> None:
        denied = deny(StringEqualsIgnoreCase={key: ["prod", "live"]})
        decision = ask(simulator, allow(), denied, allow(), context={key: value})
        assert decision.explicit_deny, decision.explanation
        assert not decision.allowed
        assert ask(simulator, allow(), denied, context={key: "dev"}).allowed
        assert ask(simulator, allow(), denied).allowed

    def test_equals_is_exact_about_the_value(self, simulator: Simulator) -> None:
        exact = allow(StringEquals={"aws:ResourceTag/env": "dev"})
        assert ask(simulator, exact, context={"aws:ResourceTag/env": "dev"}).allowed
        assert not ask(simulator, exact, context={"aws:ResourceTag/env": "Dev"}).allowed
        assert not ask(simulator, exact).allowed

    @pytest.mark.parametrize(("tags", "allowed"), [({}, True), ({"aws:ResourceTag/env": "prod"}, False)])
    def test_not_equals_fails_open_on_an_absent_tag(
        self, simulator: Simulator, tags: dict[str, str], allowed: bool
    ) -> None:
        decision = ask(simulator, allow(StringNotEquals={"aws:ResourceTag/env": "prod"}), context=tags)
        assert decision.allowed is allowed, decision.explanation

    def test_not_equals_takes_another_spelling_for_another_value(self, simulator: Simulator) -> None:
        trap = allow(StringNotEquals={"aws:ResourceTag/env": "prod"})
        assert ask(simulator, trap, context={"aws:ResourceTag/env": "PROD"}).allowed

    def test_a_deny_on_what_is_missing_reaches_an_untagged_database(self, simulator: Simulator) -> None:
        untagged = deny(Null={"aws:ResourceTag/env": "true"})
        assert ask(simulator, allow(), untagged).explicit_deny
        assert ask(simulator, allow(), untagged, context={"aws:ResourceTag/env": ""}).allowed

    def test_all_conditions_of_a_statement_must_hold(self, simulator: Simulator) -> None:
        both = allow(StringEquals={"aws:ResourceTag/env": "dev"}, StringLike={"aws:ResourceTag/team": "or*"})
        assert ask(simulator, both, context={"aws:ResourceTag/env": "dev", "aws:ResourceTag/team": "orders"}).allowed
        assert not ask(simulator, both, context={"aws:ResourceTag/env": "dev"}).allowed

    def test_a_key_of_many_values(self, simulator: Simulator) -> None:
        action = "rds:AddTagsToResource"
        keys = {"ForAllValues:StringEquals": {"aws:TagKeys": ["ticket", "owner"]}}
        only = {**allow(action), "Condition": keys}
        assert ask(simulator, only, action=action, context={"aws:TagKeys": ["ticket", "owner"]}).allowed
        assert not ask(simulator, only, action=action, context={"aws:TagKeys": ["ticket", "env"]}).allowed
        assert ask(simulator, only, action=action).allowed, "ForAllValues fails open on an absent key"


class TestResources:
    def test_a_tag_that_the_snapshot_cannot_have_yet_denies_its_creation(self, simulator: Simulator) -> None:
        action = "rds:CreateDBSnapshot"
        tag = {"aws:ResourceTag/Environment": "dev"}
        trap = allow(action, [EVERY_DB, EVERY_SNAPSHOT], StringEquals=tag)
        assert ask(simulator, trap, action=action, context=tag).allowed
        on_the_snapshot = ask(simulator, trap, action=action, resource=SNAPSHOT)
        assert not on_the_snapshot.allowed
        assert not on_the_snapshot.explicit_deny
        way_out = [allow(action, EVERY_DB, StringEquals=tag), allow(action, EVERY_SNAPSHOT)]
        assert ask(simulator, *way_out, action=action, resource=SNAPSHOT).allowed
        assert not ask(simulator, *way_out, action=action).allowed

    def test_tags_on_snapshots_are_not_tags_on_databases(self, simulator: Simulator) -> None:
        action = "rds:AddTagsToResource"
        statement = allow(action, EVERY_SNAPSHOT)
        assert ask(simulator, statement, action=action, resource=SNAPSHOT).allowed
        assert ask(simulator, statement, action=action, resource=f"{RDS}:snapshot:rds:orders-01-2026").allowed
        assert not ask(simulator, statement, action=action, resource=DB).allowed
        assert not ask(simulator, statement, action=action, resource=f"{RDS}:cluster-snapshot:orders").allowed

    def test_another_action_account_or_region(self, simulator: Simulator) -> None:
        assert not ask(simulator, allow("rds:StopDBInstance")).allowed
        assert not ask(simulator, allow(resource=f"arn:aws:rds:*:{OTHER_ACCOUNT}:db:*")).allowed
        assert not ask(simulator, allow(resource=f"arn:aws:rds:us-east-1:{ACCOUNT}:db:*")).allowed
        assert not ask(simulator).allowed

    def test_an_action_without_resources_needs_the_star(self, simulator: Simulator) -> None:
        action = "rds:DescribeEvents"
        assert ask(simulator, allow(action), action=action, resource="*").allowed
        assert not ask(simulator, allow(action, EVERY_DB), action=action, resource="*").allowed


class TestTheNamesOfKeys:
    SPELLINGS = ("environment", "Environment", "ENVIRONMENT")

    @pytest.mark.parametrize("in_policy", SPELLINGS)
    @pytest.mark.parametrize("in_request", SPELLINGS)
    def test_a_resource_tag_has_no_case(self, simulator: Simulator, in_policy: str, in_request: str) -> None:
        statement = allow(StringEquals={f"aws:ResourceTag/{in_policy}": "dev"})
        decision = ask(simulator, statement, context={f"aws:ResourceTag/{in_request}": "dev"})
        assert decision.allowed, decision.explanation

    @pytest.mark.parametrize("in_policy", SPELLINGS)
    @pytest.mark.parametrize("in_request", SPELLINGS)
    def test_a_tag_of_rds_has(self, simulator: Simulator, in_policy: str, in_request: str) -> None:
        statement = allow(StringEquals={f"rds:db-tag/{in_policy}": "dev"})
        decision = ask(simulator, statement, context={f"rds:db-tag/{in_request}": "dev"})
        assert decision.allowed is (in_policy == in_request), decision.explanation

    def test_tags_of_rds_that_differ_in_case_alone_are_two(self, simulator: Simulator) -> None:
        denied = deny(StringEquals={"rds:db-tag/ENV": "prod"})
        tags = {"rds:db-tag/ENV": "dev", "rds:db-tag/env": "prod", "rds:db-tag/Env": "prod"}
        assert ask(simulator, allow(), denied, context=tags).allowed
        assert ask(simulator, allow(), denied, context={**tags, "rds:db-tag/ENV": "prod"}).explicit_deny

    def test_a_policy_variable_is_a_key_too(self, simulator: Simulator) -> None:
        same = allow(StringEquals={"aws:ResourceTag/env": "${rds:db-tag/ENV}"})
        assert ask(simulator, same, context={"aws:ResourceTag/env": "dev", "rds:db-tag/ENV": "dev"}).allowed
        assert not ask(simulator, same, context={"aws:ResourceTag/env": "dev", "rds:db-tag/env": "dev"}).allowed

    def test_the_prefix_of_a_key_has_no_case(self, simulator: Simulator) -> None:
        denied = deny(StringEquals={"RDS:DB-TAG/ENV": "prod", "AWS:resourcetag/env": "prod"})
        tags = {"rds:db-tag/ENV": "prod", "aws:ResourceTag/env": "prod"}
        assert ask(simulator, allow(), denied, context=tags).explicit_deny

    def test_the_explanation_spells_keys_as_the_policy_does(self, simulator: Simulator) -> None:
        decision = ask(simulator, allow(StringEquals={"rds:db-tag/ENV": "dev"}))
        assert "policies[0] Allow 1: not its condition" in decision.explanation
        assert "not met: StringEquals rds:db-tag/ENV ['dev'], which is absent" in decision.explanation


class TestSessionsAndBoundaries:
    READ, REBOOT = allow("rds:DescribeDBInstances"), allow("rds:RebootDBInstance")

    @pytest.mark.parametrize("principal", [ROLE, f"arn:aws:sts::{ACCOUNT}:assumed-role/rds-operations-gate/request-1"])
    def test_a_session_may_what_both_policies_allow(self, simulator: Simulator, principal: str) -> None:
        def may(role: Document, session: Document) -> bool:
            return ask(simulator, role, principal=principal, session_policy=policy(session)).allowed

        assert may(self.REBOOT, self.REBOOT)
        assert may(allow(), self.REBOOT)
        assert not may(self.REBOOT, self.READ)
        assert not may(self.READ, self.REBOOT), "a session policy adds nothing"

    def test_a_session_policy_for_one_database(self, simulator: Simulator) -> None:
        one = policy(allow(resource=DB, StringEqualsIgnoreCaseIfExists={"aws:ResourceTag/env": "dev"}))
        assert ask(simulator, allow(), session_policy=one).allowed
        assert not ask(simulator, allow(), session_policy=one, resource=f"{RDS}:db:orders-02").allowed
        assert not ask(simulator, allow(), session_policy=one, context={"aws:ResourceTag/env": "prod"}).allowed

    def test_a_deny_of_either_holds(self, simulator: Simulator) -> None:
        assert ask(simulator, allow(), session_policy=policy(allow(), deny())).explicit_deny
        assert ask(simulator, allow(), deny(), session_policy=policy(allow())).explicit_deny

    def test_a_boundary_bounds(self, simulator: Simulator) -> None:
        assert ask(simulator, allow(), boundary=policy(self.REBOOT)).allowed
        assert not ask(simulator, allow(), boundary=policy(self.READ)).allowed
        assert not ask(simulator, self.READ, boundary=policy(allow())).allowed
        assert ask(simulator, allow(), boundary=policy(allow(), deny())).explicit_deny


class TestTakingOnARole:
    MAY = allow("sts:AssumeRole", ROLE)

    @staticmethod
    def trust(principal: Document, **condition: Any) -> Document:
        statement = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": principal, **_condition(condition)}
        return policy(statement)

    def takes_on(
        self, simulator: Simulator, caller: str, *statements: Document, trust: Document, context: Context | None = None
    ) -> bool:
        return ask(
            simulator,
            *statements,
            principal=caller,
            action="sts:AssumeRole",
            resource=ROLE,
            resource_policy=trust,
            context=context,
        ).allowed

    def test_within_the_account(self, simulator: Simulator) -> None:
        account, caller = self.trust({"AWS": f"arn:aws:iam::{ACCOUNT}:root"}), self.trust({"AWS": CALLER})
        assert self.takes_on(simulator, CALLER, self.MAY, trust=account)
        assert not self.takes_on(simulator, CALLER, trust=account)
        assert self.takes_on(simulator, CALLER, trust=caller)
        assert not self.takes_on(simulator, f"{CALLER}-2", self.MAY, trust=caller)
        assert not self.takes_on(simulator, CALLER, deny("sts:*"), trust=caller)

    @pytest.mark.parametrize("named", [FOREIGN_CALLER, f"arn:aws:iam::{OTHER_ACCOUNT}:root"])
    def test_from_another_account_both_sides_must_allow(self, simulator: Simulator, named: str) -> None:
        trust = self.trust({"AWS": named})
        assert self.takes_on(simulator, FOREIGN_CALLER, self.MAY, trust=trust)
        assert not self.takes_on(simulator, FOREIGN_CALLER, trust=trust)
        assert not self.takes_on(simulator, FOREIGN_CALLER, self.MAY, trust=self.trust({"AWS": CALLER}))

    def test_a_session_of_the_trusted_role(self, simulator: Simulator) -> None:
        session = f"arn:aws:sts::{ACCOUNT}:assumed-role/caller/rds-operations-execute"
        assert self.takes_on(simulator, session, trust=self.trust({"AWS": CALLER}))
        assert not self.takes_on(simulator, session.replace("/caller/", "/x/"), trust=self.trust({"AWS": CALLER}))

    def test_a_service(self, simulator: Simulator) -> None:
        trust = self.trust({"Service": "lambda.amazonaws.com"}, StringEquals={"aws:SourceAccount": ACCOUNT})
        context = {"aws:SourceAccount": ACCOUNT}
        assert self.takes_on(simulator, "lambda.amazonaws.com", trust=trust, context=context)
        assert not self.takes_on(simulator, "lambda.amazonaws.com", trust=trust)
        assert not self.takes_on(simulator, "states.amazonaws.com", trust=trust, context=context)

    def test_an_external_id(self, simulator: Simulator) -> None:
        trust = self.trust({"AWS": FOREIGN_CALLER}, StringEquals={"sts:ExternalId": "a1"})
        assert self.takes_on(simulator, FOREIGN_CALLER, self.MAY, trust=trust, context={"sts:ExternalId": "a1"})
        assert not self.takes_on(simulator, FOREIGN_CALLER, self.MAY, trust=trust, context={"sts:ExternalId": "b2"})

    def test_tags_of_the_session_are_a_question_of_their_own(self, simulator: Simulator) -> None:
        trust = self.trust({"AWS": CALLER})
        may = allow("sts:*")
        assert self.takes_on(simulator, CALLER, may, trust=trust)
        tagged = ask(simulator, may, principal=CALLER, action="sts:TagSession", resource=ROLE, resource_policy=trust)
        assert not tagged.allowed


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "action": ({"action": "rds:RestartDBInstance"}, "invalid.action"),
    "service": ({"action": "rdz:RebootDBInstance"}, "invalid.service"),
    "type": ({"resource": SNAPSHOT}, "no.resource.types"),
    "resource for an action without": ({"action": "rds:DescribeEvents"}, "must.use.wildcard"),
    "key of another type": (
        {"context": {"rds:snapshot-tag/Env": "x"}},
        "ignoredContextKeys.*rds:snapshot-tag/Env",
    ),
    "key of another action": ({"context": {"rds:BackupTarget": "x"}}, "ignoredContextKeys.*rds:BackupTarget"),
    "key of another service": ({"context": {"dynamodb:Select": "x"}}, "ignoredContextKeys.*dynamodb:Select"),
    "no key": ({"context": {"aws:ResourceTags/env": "x"}}, "ignoredContextKeys.*aws:ResourceTags/env"),
    "tags in a request without": ({"context": {"aws:RequestTag/env": "x"}}, "not a key of this action and resource"),
    "two values for one": ({"context": {"aws:ResourceTag/env": ["dev", "prod"]}}, "a key that has one value"),
    "no value": ({"context": {"aws:ResourceTag/env": []}}, "a key that has one value"),
    "one key twice": ({"context": {"aws:ResourceTag/env": "dev", "aws:ResourceTag/Env": "x"}}, "differ in case alone"),
    "every resource": ({"resource": "*"}, "the resource is a pattern"),
    "resources": ({"resource": f"{RDS}:db:*"}, "the resource is a pattern"),
    "another account's": ({"resource": DB.replace(ACCOUNT, OTHER_ACCOUNT)}, f"Not a resource of {ACCOUNT}"),
    "principal": ({"principal": "rds-operations-gate"}, "Neither an ARN nor a service"),
    "role without trust": ({"action": "sts:AssumeRole", "resource": ROLE}, "trust policy"),
    "session of a user": (
        {"principal": f"arn:aws:iam::{ACCOUNT}:user/dba", "session_policy": policy(allow())},
        "session.policy.invalid.principal",
    ),
    "session policy": ({"session_policy": policy({"Effect": "Allow"})}, "sessionPolicyErrors"),
    "boundary": ({"boundary": policy({**allow(), "Effect": "allow"})}, "permissionBoundaryErrors"),
    "resource policy": ({"resource_policy": {"Statement": "all"}}, "resourcePolicyErrors"),
}
WRONG_STATEMENTS = {
    "misspelt element": ({**allow(), "Conditions": {}}, "identityPolicyErrors.*Invalid key Conditions"),
    "unresolved reference": ({**allow(), "Resource": {"Fn::GetAtt": ["Table", "Arn"]}}, "identityPolicyErrors"),
    "operator": (deny(StringEqualz={"aws:ResourceTag/env": "prod"}), "No condition operator: StringEqualz"),
}


@pytest.mark.parametrize(("question", "words"), REFUSED.values(), ids=REFUSED)
def test_there_is_no_such_request(simulator: Simulator, question: dict[str, Any], words: str) -> None:
    with pytest.raises(SimulationRefused, match=words):
        ask(simulator, allow("*"), **question)
    assert ask(simulator, allow()).allowed, "and the next question is answered"


@pytest.mark.parametrize(("statement", "words"), WRONG_STATEMENTS.values(), ids=WRONG_STATEMENTS)
def test_there_is_no_such_policy(simulator: Simulator, statement: Document, words: str) -> None:
    with pytest.raises(SimulationRefused, match=words):
        ask(simulator, allow(), statement)


def test_without_the_node_module_it_says_what_to_run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(iam_simulator, "MODULE", tmp_path / "iam-simulate")
    with pytest.raises(RuntimeError, match="iam-simulate is missing: run make setup"):
        Simulator()
