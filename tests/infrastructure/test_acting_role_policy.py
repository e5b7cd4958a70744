"""The two safeguards agree: IAM denies the acting role what the gate classifies as production.

An IAM simulator decides by the synthesised policies on the classifier's cases. The tests list the differences: where
IAM is stricter, and what it cannot see.
"""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cache
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rds_operations.model.place import Place
from rds_operations.model.request import OperationRequest
from rds_operations.operations import OPERATIONS
from rds_operations.operations.base import INSTANCE, SNAPSHOT
from rds_operations.rules.classification import (
    ALLOWED_ENVIRONMENTS,
    FOLDED_TAG_NAMES,
    NOTHING,
    WORDS,
    Environment,
    classify,
)
from rds_operations.rules.session_policy import session_policy
from rds_operations.settings.gate import ENVIRONMENT_TAG_NAMES, GateSettings
from rds_operations.settings.targets import ACTING_ROLE, READING_ROLE
from stacks.acting_role_policy import ResourceScope, allows, denies
from stacks.setting_checks import checked_gate
from tests.infrastructure.conftest import Document, Template
from tests.infrastructure.engines.concrete import Deployed
from tests.infrastructure.engines.iam_simulator import Decision, Simulator

HOME, TARGET, BILLING, THIRD = "111122223333", "222233334444", "333344445555", "999988887777"
REGION = "eu-west-1"
EXTERNAL_ID = "orders-7d1f"
TARGET_PARAMETERS = {"ServiceAccount": HOME, "ServiceRegion": REGION, "ExternalId": EXTERNAL_ID}
TAGGING = ("rds:AddTagsToResource", "rds:RemoveTagsFromResource")
Tags = Mapping[str, str]

ACTING_ACTIONS = sorted(
    {
        permission.action
        for operation in OPERATIONS.values()
        for permission in operation.execute_permissions
        if INSTANCE in permission.resources and not permission.action.startswith("rds:Describe")
    }
)


def spellings(text: str) -> list[str]:
    """Return it in lower case, upper case, with the first or the last letter upper, and mixed."""
    mixed = "".join(letter.upper() if place % 2 else letter for place, letter in enumerate(text))
    return list(dict.fromkeys([text, text.upper(), text.capitalize(), text[:-1] + text[-1].upper(), mixed]))


NAMES = sorted({*ENVIRONMENT_TAG_NAMES, *(name for folded in FOLDED_TAG_NAMES for name in spellings(folded))})
EXACT_VALUES = sorted({value for word in WORDS for value in spellings(word)})
PADDED_VALUES = sorted({value for word in WORDS for value in (f" {word}", f"{word} ", f"\t{word.upper()}\n")})
UNKNOWN_VALUES = ["", " ", "blue", "prod2", "nonprod", "non-prod", "production2", "dev,prod", "dev prod", "*", "dev*"]
SHIPPED = GateSettings()
CUSTOM = GateSettings(environment_tag_names=("Landscape", "cost:Stage", "Data Class"))

UNSEEN = {
    "a name with spaces around it": [{" Env": "prod"}, {"environment ": "live"}, {"\tSTAGE": "blue"}],
    "two names that differ in case alone, one in no configured spelling": [
        {"Env": "dev", "eNV": "prod"},
        {"Stage": "dev", "sTAGE": "blue"},
    ],
}
"""The gate refuses these, and IAM would not: only the first safeguard holds here. docs/security.md says so."""


@dataclass(frozen=True)
class RolePolicy:
    simulator: Simulator
    account: str
    policies: Sequence[Document]

    def db(self, name: str = "orders-01", region: str = REGION) -> str:
        return f"arn:aws:rds:{region}:{self.account}:db:{name}"

    def snapshot(self, name: str = "before-release", region: str = REGION) -> str:
        return f"arn:aws:rds:{region}:{self.account}:snapshot:{name}"

    def ask(
        self,
        action: str,
        resource: str,
        context: Mapping[str, str] | None = None,
        session: Document | None = None,
        account: str = "",
    ) -> Decision:
        """Decide in the resource's Region, where RDS takes the call."""
        here = {"aws:RequestedRegion": resource.split(":")[3]}
        return self.simulator.decide(
            policies=self.policies,
            principal=f"arn:aws:sts::{self.account}:assumed-role/{ACTING_ROLE}/operation-1",
            action=action,
            resource=resource,
            account=account or self.account,
            context={**here, **(context or {})},
            session_policy=session,
        )

    def decisions(self, action: str, tags: Tags, session: Document | None = None) -> list[Decision]:
        """Return the decisions for an instance with these tags. AWS does not say which of several tags that differ only
        in case `aws:ResourceTag` has, so each is tried.
        """
        return [self.ask(action, self.db(), context, session) for context in contexts(tags)]

    def allows(self, action: str, tags: Tags, session: Document | None = None) -> bool:
        """Return whether any of the decisions allows it."""
        return any(decision.allowed for decision in self.decisions(action, tags, session))


def contexts(tags: Tags) -> list[dict[str, str]]:
    by_name: dict[str, list[str]] = {}
    for name in tags:
        by_name.setdefault(name.lower(), []).append(name)
    own = {f"rds:db-tag/{name}": value for name, value in tags.items()}
    choices = itertools.product(*by_name.values())
    return [{**own, **{f"aws:ResourceTag/{name}": tags[name] for name in choice}} for choice in choices]


def by_tags(tags: Tags, gate: GateSettings = SHIPPED) -> Environment | None:
    """Return what the tags alone say, or None without an environment tag."""
    verdict = classify("orders-01", Place(HOME, REGION), tags, gate)
    return None if verdict.source == NOTHING else verdict.environment


@pytest.fixture(scope="module")
def simulator() -> Iterator[Simulator]:
    with Simulator() as one:
        yield one


@pytest.fixture(scope="module")
def service(all_modes_template: Template) -> Deployed:
    return Deployed(all_modes_template, HOME, REGION)


@pytest.fixture(scope="module")
def target(target_template: Template) -> Deployed:
    return Deployed(target_template, TARGET, REGION, TARGET_PARAMETERS)


@pytest.fixture(scope="module")
def home_policy(simulator: Simulator, service: Deployed) -> RolePolicy:
    return RolePolicy(simulator, HOME, service.policies(service.role("ActingRole")))


@pytest.fixture(scope="module")
def target_policy(simulator: Simulator, target: Deployed) -> RolePolicy:
    return RolePolicy(simulator, TARGET, target.policies(target.role("ActingRole")))


@pytest.fixture(scope="module", params=["home", "target"])
def policy(request: pytest.FixtureRequest, home_policy: RolePolicy, target_policy: RolePolicy) -> RolePolicy:
    return home_policy if request.param == "home" else target_policy


def policy_of(simulator: Simulator, names: tuple[str, ...]) -> RolePolicy:
    return policy_by(simulator, GateSettings(environment_tag_names=names))


def policy_by(simulator: Simulator, gate: GateSettings) -> RolePolicy:
    return RolePolicy(simulator, TARGET, [_document(json.dumps(asdict(gate)))])


@cache
def _document(settings: str) -> Document:
    reach, gate = ResourceScope("aws", TARGET), GateSettings.from_document(json.loads(settings))
    statements = [*allows(reach, [REGION], gate), *denies(reach, gate)]
    return {"Version": "2012-10-17", "Statement": [statement.to_json() for statement in statements]}


def _only_allows(policy: Document) -> Document:
    return {**policy, "Statement": [item for item in policy["Statement"] if item["Effect"] == "Allow"]}


def assert_agree(
    policy: RolePolicy, tags: Tags, gate: GateSettings = SHIPPED, actions: Sequence[str] = ACTING_ACTIONS
) -> None:
    """Fail unless IAM allows each acting action exactly where the tags do, or where there are none, which the gate
    judges.
    """
    environment = by_tags(tags, gate)
    for action in actions:
        decisions = policy.decisions(action, tags)
        if environment is None or environment in ALLOWED_ENVIRONMENTS:
            for decision in decisions:
                assert decision.allowed, decision.explanation
        else:
            for decision in decisions:
                assert not decision.allowed, decision.explanation


def test_there_is_an_action_to_deny() -> None:
    assert ACTING_ACTIONS == ["rds:CreateDBSnapshot", "rds:ModifyDBInstance", "rds:RebootDBInstance"]
    assert len(WORDS) > 30
    assert len(NAMES) == 20


class TestTheSameTags:
    def test_every_name_with_every_word(self, policy: RolePolicy) -> None:
        """Each name meets each word, in changing spellings and by changing actions."""
        for (at, name), (place, word) in itertools.product(enumerate(NAMES), enumerate(WORDS)):
            variants = spellings(word)
            tags = {name: variants[at % len(variants)], "team": "orders"}
            assert_agree(policy, tags, actions=[ACTING_ACTIONS[(at + place) % len(ACTING_ACTIONS)]])

    @pytest.mark.parametrize("action", ACTING_ACTIONS)
    def test_every_word_in_every_spelling(self, policy: RolePolicy, action: str) -> None:
        for at, value in enumerate(EXACT_VALUES):
            assert_agree(policy, {NAMES[at % len(NAMES)]: value}, actions=[action])

    def test_values_with_spaces_around_them(self, policy: RolePolicy) -> None:
        """IAM does not trim, so it takes them for unknown words and never allows them."""
        for at, value in enumerate(PADDED_VALUES):
            name, action = NAMES[at % len(NAMES)], ACTING_ACTIONS[at % len(ACTING_ACTIONS)]
            assert by_tags({name: value}) in (Environment.PRODUCTION, Environment.UNKNOWN)
            assert not policy.allows(action, {name: value}), (action, name, value)

    @pytest.mark.parametrize("name", NAMES)
    def test_values_that_nobody_knows(self, policy: RolePolicy, name: str) -> None:
        for at, value in enumerate(UNKNOWN_VALUES):
            assert by_tags({name: value}) is Environment.UNKNOWN
            assert_agree(policy, {name: value}, actions=[ACTING_ACTIONS[at % len(ACTING_ACTIONS)]])

    def test_production_is_an_explicit_deny_under_every_name(self, policy: RolePolicy) -> None:
        production = [word for word, environment in WORDS.items() if environment is Environment.PRODUCTION]
        for at, (name, word) in enumerate(itertools.product(NAMES, production)):
            (decision,) = policy.decisions(ACTING_ACTIONS[at % len(ACTING_ACTIONS)], {name: word.title()})
            assert decision.explicit_deny, decision.explanation

    def test_without_the_denies_production_is_not_allowed_either(self, policy: RolePolicy) -> None:
        """Either the allows or the denies would be enough."""
        allows = replace(policy, policies=[_only_allows(policy) for policy in policy.policies])
        production = [word for word, environment in WORDS.items() if environment is Environment.PRODUCTION]
        for at, (name, word) in enumerate(itertools.product(NAMES, production)):
            assert not allows.allows(ACTING_ACTIONS[at % len(ACTING_ACTIONS)], {name: word})

    def test_an_instance_without_environment_tags_is_the_gates_to_judge(self, policy: RolePolicy) -> None:
        for tags in ({}, {"team": "orders"}, {"Environments": "prod"}, {"environment-name": "prod"}):
            assert by_tags(tags) is None
            assert_agree(policy, tags)

    def test_two_tags_that_agree_or_disagree(self, policy: RolePolicy) -> None:
        names = ["Environment", "env", "ENVIRON", "sTage"]
        for one, other in itertools.permutations(names, 2):
            for at, (first, second) in enumerate(itertools.product(["dev", "UAT", "Prod", "blue", ""], repeat=2)):
                action = ACTING_ACTIONS[at % len(ACTING_ACTIONS)]
                assert_agree(policy, {one: first, other: second}, actions=[action])

    def test_two_configured_names_that_differ_in_case_alone(self, policy: RolePolicy) -> None:
        """`aws:ResourceTag` has one of the two; `rds:db-tag` finds production under both."""
        for one, other in itertools.permutations(ENVIRONMENT_TAG_NAMES, 2):
            if one.casefold() == other.casefold():
                assert by_tags({one: "dev", other: "Prod"}) is Environment.PRODUCTION
                assert_agree(policy, {one: "dev", other: "Prod"})
                assert_agree(policy, {one: "dev", other: "test"})


class TestWhereTheyDiffer:
    @pytest.mark.parametrize("value", ["blue", "prod ", "Prod", ""])
    @pytest.mark.parametrize("first", ["dev", "test"])
    def test_of_two_configured_names_that_differ_in_case_alone_iam_sees_both(
        self, policy: RolePolicy, first: str, value: str
    ) -> None:
        for action in ACTING_ACTIONS:
            assert not policy.allows(action, {"Env": first, "ENV": value})
            assert not policy.allows(action, {"Env": value, "ENV": first})

    @pytest.mark.parametrize("tags", [tags for found in UNSEEN.values() for tags in found], ids=json.dumps)
    def test_iam_cannot_see(self, policy: RolePolicy, tags: Tags) -> None:
        """The list must change if AWS or the policy comes to see one of these."""
        assert by_tags(tags) in (Environment.PRODUCTION, Environment.UNKNOWN)
        for action in ACTING_ACTIONS:
            assert policy.allows(action, tags)


class TestOtherSettings:
    def test_custom_names_count_like_the_built_in_ones(self, simulator: Simulator) -> None:
        policy = policy_of(simulator, CUSTOM.environment_tag_names)
        for name, value in itertools.product(CUSTOM.environment_tag_names, [*WORDS, *UNKNOWN_VALUES]):
            assert_agree(policy, {name: value}, CUSTOM)
        for name, value in itertools.product(FOLDED_TAG_NAMES, ["dev", "Prod", "blue"]):
            assert_agree(policy, {name.title(): value}, CUSTOM)
        spelled_otherwise = itertools.product(
            ["landscape", "COST:STAGE", "dATA cLASS"], ["dev", "Prod", "blue", " dev"]
        )
        for name, value in spelled_otherwise:
            assert by_tags({name: value}, CUSTOM) is not None
            assert_agree(policy, {name: value}, CUSTOM)

    @settings(max_examples=150, deadline=None)
    @given(data=st.data())
    def test_nothing_that_tags_call_production_or_unknown_is_allowed(
        self, simulator: Simulator, data: st.DataObject
    ) -> None:
        """For any settings and up to three tags, except those listed above. IAM also never refuses what the gate has
        allowed.
        """
        own_names = st.sampled_from(["Landscape", "landscape", "cost:Stage", "Data Class", *ENVIRONMENT_TAG_NAMES])
        names = tuple(data.draw(st.lists(own_names, min_size=1, max_size=4, unique=True)))
        gate = GateSettings(environment_tag_names=names)
        value = st.sampled_from([*EXACT_VALUES, *PADDED_VALUES, *UNKNOWN_VALUES]) | st.text(
            "prodlivetskag -", max_size=9
        )
        tags = data.draw(
            st.dictionaries(st.sampled_from([*NAMES, *names, "team"]), value, max_size=3).filter(
                lambda tags: len({name.lower() for name in tags}) == len(tags)
            )
        )
        environment = by_tags(tags, gate)
        policy = policy_of(simulator, names)
        action = data.draw(st.sampled_from(ACTING_ACTIONS))
        if environment in (Environment.PRODUCTION, Environment.UNKNOWN):
            for decision in policy.decisions(action, tags):
                assert not decision.allowed, decision.explanation
        mapped = replace(gate, default_environment=data.draw(st.sampled_from(["", "dev"])))
        if classify("orders-01", Place(HOME, REGION), tags, mapped).allowed:
            for decision in policy.decisions(action, tags):
                assert decision.allowed, decision.explanation

    def test_an_ignored_name_refuses_production_and_asks_for_nothing_else(self, simulator: Simulator) -> None:
        """Cloud Posse's convention: https://github.com/cloudposse/terraform-null-label"""
        gate = GateSettings(ignored_tag_names=("Environment",))
        policy = policy_by(simulator, gate)
        spelled = itertools.product(["Environment", "ENVIRONMENT", "environment"], ["ue1", "dev", "", "PROD", "live"])
        for name, value in spelled:
            assert_agree(policy, {name: value, "Stage": "dev"}, gate)
            assert_agree(policy, {name: value, "Stage": "blue"}, gate)
            assert_agree(policy, {name: value}, gate)
        assert_agree(policy, {"Environment": "ue1", "environment": "prod", "Stage": "dev"}, gate)

    def test_without_any_name_left_production_is_still_denied(self, simulator: Simulator) -> None:
        gate = GateSettings(environment_tag_names=(), ignored_tag_names=tuple(FOLDED_TAG_NAMES))
        policy = policy_by(simulator, gate)
        for name, value in itertools.product(FOLDED_TAG_NAMES, ["blue", "Prod"]):
            assert_agree(policy, {name: value}, gate)

    def test_own_words_count_like_the_built_in_ones(self, simulator: Simulator) -> None:
        gate = GateSettings(environment_words=OWN_WORDS)
        policy = policy_by(simulator, gate)
        for (at, word), name in itertools.product(enumerate(OWN_WORDS), ["Env", "sTAGE"]):
            assert_agree(policy, {name: spellings(word)[at % 5]}, gate)
        for value in (*UNKNOWN_VALUES[:4], "Prod", "dev"):
            assert_agree(policy, {"Env": value}, gate)

    @settings(max_examples=100, deadline=None)
    @given(data=st.data())
    def test_ignored_names_and_own_words_let_in_nothing_that_says_production(
        self, simulator: Simulator, data: st.DataObject
    ) -> None:
        """IAM allows and refuses what the gate does by a tag, except for a part of an ignored tag's value."""
        own = data.draw(
            st.dictionaries(
                st.sampled_from(["preview", "qa2", "nonprod"]), st.sampled_from(["dev", "test"]), max_size=2
            )
        )
        ignored = data.draw(st.lists(st.sampled_from(["Environment", "env", "STAGE"]), max_size=2, unique=True))
        gate = checked_gate(
            {"environment_words": {**own, "main": "production"}, "ignored_tag_names": ignored}, many_places=False
        )
        names = st.sampled_from(["Environment", "Env", "Stage", "environ", "team", "is-production"])
        value = st.sampled_from(["ue1", "dev", "Test", "qa2", "NONPROD", "Prod", "MAIN", "live ", "blue", "", "true"])
        tags = data.draw(st.dictionaries(names, value, max_size=3))
        verdict = classify("orders-01", Place(HOME, REGION), tags, replace(gate, default_environment="dev"))
        action = data.draw(st.sampled_from(ACTING_ACTIONS))
        seen = {name.lower() for name in tags} & {"environment", "env", "stage", "environ"}
        said = {tags[name].lower() for name in tags if name.lower() in seen}
        by_a_tag = verdict.source.startswith("tag ")
        for decision in policy_by(simulator, gate).decisions(action, tags):
            if verdict.allowed:
                assert decision.allowed, decision.explanation
            if said & {"prod", "main"} or (by_a_tag and not verdict.allowed and "live " not in said):
                assert not decision.allowed, decision.explanation
        if said & {"prod", "main", "live "}:
            assert verdict.environment is Environment.PRODUCTION


OWN_WORDS = {"preview": "test", "qa2": "test", "nonprod": "development", "dev-2": "dev", "main": "production"}
TAGGED = {"aws:RequestTag/ticket": "4711"}


class TestTags:
    def test_a_snapshot_of_an_allowed_instance_can_be_made_with_tags(self, policy: RolePolicy) -> None:
        assert policy.allows("rds:CreateDBSnapshot", {"Environment": "dev"})
        for action in ("rds:CreateDBSnapshot", "rds:AddTagsToResource"):
            decision = policy.ask(action, policy.snapshot(), TAGGED)
            assert decision.allowed, decision.explanation

    @pytest.mark.parametrize("tags", [{}, {"Environment": "dev"}, {"Env": "prod"}, {"team": "orders"}], ids=json.dumps)
    @pytest.mark.parametrize("action", TAGGING)
    def test_nobody_relabels_an_instance(self, policy: RolePolicy, action: str, tags: Tags) -> None:
        for context in contexts(tags):
            decision = policy.ask(action, policy.db(), context)
            assert decision.explicit_deny, decision.explanation

    @pytest.mark.parametrize("tags", [{"Environment": "Production"}, {"eNV": "PRD"}], ids=json.dumps)
    def test_nobody_relabels_a_snapshot_of_production(self, policy: RolePolicy, tags: Tags) -> None:
        for name, value in tags.items():
            decision = policy.ask(
                "rds:AddTagsToResource", policy.snapshot(), {**TAGGED, f"aws:ResourceTag/{name}": value}
            )
            assert decision.explicit_deny, decision.explanation

    def test_no_tag_of_a_snapshot_is_taken_away(self, policy: RolePolicy) -> None:
        assert not policy.ask("rds:RemoveTagsFromResource", policy.snapshot()).allowed

    @pytest.mark.parametrize("kind", ["cluster", "cluster-snapshot", "og", "pg", "subgrp", "es"])
    def test_no_other_resource_is_tagged(self, policy: RolePolicy, kind: str) -> None:
        assert not policy.ask(
            "rds:AddTagsToResource", f"arn:aws:rds:{REGION}:{policy.account}:{kind}:x", TAGGED
        ).allowed


class TestReach:
    @pytest.mark.parametrize(
        "action",
        ["rds:DeleteDBInstance", "rds:StopDBInstance", "rds:RestoreDBInstanceToPointInTime", "rds:PromoteReadReplica"],
    )
    def test_no_other_action(self, policy: RolePolicy, action: str) -> None:
        assert not policy.ask(action, policy.db(), {"aws:ResourceTag/env": "dev"}).allowed

    def test_each_account_of_the_template_has_its_own_regions(
        self, simulator: Simulator, target_template: Template
    ) -> None:
        """Neither of the two accounts acts or reads in a Region that only the other has."""
        dev = {"aws:ResourceTag/env": "dev", "rds:db-tag/env": "dev"}
        regions = {TARGET: {REGION, "eu-central-1"}, BILLING: {"us-east-1"}}
        for account, own in regions.items():
            deployed = Deployed(target_template, account, REGION, TARGET_PARAMETERS)
            policy = RolePolicy(simulator, account, deployed.policies(deployed.role("ActingRole")))
            for region in set().union(*regions.values()):
                for action in (*ACTING_ACTIONS, "rds:DescribeDBInstances"):
                    assert policy.ask(action, policy.db(region=region), dev).allowed is (region in own)
                for action in ("rds:CreateDBSnapshot", "rds:AddTagsToResource", "rds:DescribeDBSnapshots"):
                    tags = TAGGED if action != "rds:DescribeDBSnapshots" else None
                    assert policy.ask(action, policy.snapshot(region=region), tags).allowed is (region in own)

    def test_where_no_region_is_known_nothing_is_allowed(self, policy: RolePolicy) -> None:
        dev = {"aws:ResourceTag/env": "dev", "rds:db-tag/env": "dev", "aws:RequestedRegion": ""}
        for action in ACTING_ACTIONS:
            assert not policy.ask(action, policy.db(), dev).allowed

    def test_an_account_that_is_not_on_the_list_gets_no_role(self, target_template: Template) -> None:
        """CloudFormation fails at a missing mapping key before it creates anything."""
        stranger = Deployed(target_template, THIRD, REGION, TARGET_PARAMETERS)
        with pytest.raises(KeyError, match=THIRD):
            stranger.policies(stranger.role("ActingRole"))

    def test_no_other_region_or_account(self, policy: RolePolicy) -> None:
        dev = {"aws:ResourceTag/env": "dev", "rds:db-tag/env": "dev"}
        for action in ACTING_ACTIONS:
            assert policy.ask(action, policy.db(region="eu-central-1"), dev).allowed
            assert not policy.ask(action, policy.db(region="ap-southeast-2"), dev).allowed
            assert policy.ask(action, policy.db(region="ap-southeast-2"), {"aws:ResourceTag/env": "prod"}).explicit_deny
            elsewhere = policy.db().replace(policy.account, THIRD)
            assert not policy.ask(action, elsewhere, dev, account=THIRD).allowed

    def test_it_reads_any_instance(self, policy: RolePolicy) -> None:
        """To be refused, production must be readable."""
        for tags in ({}, {"env": "prod"}):
            (decision,) = policy.decisions("rds:DescribeDBInstances", tags)
            assert decision.allowed, decision.explanation


def a_request(operation: str, instance: str = "orders-01", snapshot: str = "before-release") -> OperationRequest:
    parameters: dict[str, dict[str, Any]] = {
        "create_snapshot": {"snapshot_id": snapshot, "tags": [{"Key": "ticket", "Value": "4711"}]},
        "reboot_instance": {"force_failover": True},
        "modify_backup_window": {"backup_window": "03:00-04:00", "apply_immediately": True},
    }
    return OperationRequest("operation-1", operation, instance, parameters[operation])


class TestSessions:
    """Execute's session may do what both the acting role's policies and its own session policy allow."""

    @pytest.mark.parametrize("operation", OPERATIONS)
    def test_the_operation_on_its_own_resources_and_nothing_else(self, policy: RolePolicy, operation: str) -> None:
        request = a_request(operation)
        session = json.loads(session_policy(request, Place(policy.account, REGION), "aws"))
        dev = {"aws:ResourceTag/env": "dev", "rds:db-tag/env": "dev"}
        own = {
            (permission.action, kind)
            for permission in OPERATIONS[operation].execute_permissions
            for kind in permission.resources
        }
        for action, kind in _actions_of_all():
            context = dev if kind == INSTANCE else {}
            for resource, is_own in self._resources(policy, kind, action):
                account = resource.split(":")[4]
                decision = policy.ask(action, resource, context, session, account)
                every = "*" if (action, "*") in own else kind
                assert decision.allowed is (is_own and (action, every) in own), decision.explanation

    @staticmethod
    def _resources(policy: RolePolicy, kind: str, action: str) -> list[tuple[str, bool]]:
        """Return each resource, and whether the session policy names it as the request's own."""
        if kind == INSTANCE:
            own, other = policy.db(), policy.db("orders-02")
        else:
            own, other = policy.snapshot(), policy.snapshot("before-release-2")
        elsewhere = [other, own.replace(REGION, "eu-central-1"), own.replace(policy.account, THIRD)]
        if action == "rds:DescribeDBSnapshots":  # granted without a resource: it only reads
            return [(own, True), (other, True), (elsewhere[1], True)]
        return [(own, True), *((resource, False) for resource in elsewhere)]

    @pytest.mark.parametrize("operation", OPERATIONS)
    def test_a_session_adds_nothing_to_the_policy(self, policy: RolePolicy, operation: str) -> None:
        session = json.loads(session_policy(a_request(operation), Place(policy.account, REGION), "aws"))
        for action, tags in itertools.product(ACTING_ACTIONS, [{"env": "prod"}, {"Stage": "LIVE"}, {"ENV": "blue"}]):
            assert not policy.allows(action, tags, session)
        for action in TAGGING:
            assert policy.ask(action, policy.db(), session=session).explicit_deny


def _actions_of_all() -> list[tuple[str, str]]:
    """Return every acting action with its resource types, and one Describe call."""
    found = {
        (permission.action, SNAPSHOT if kind == "*" else kind)
        for operation in OPERATIONS.values()
        for permission in operation.execute_permissions
        for kind in permission.resources
    }
    return sorted(found)


@dataclass(frozen=True)
class Door:
    """Ask whether callers can assume a role."""

    simulator: Simulator
    arn: str
    trust: Document
    external_id: str = ""

    def opens(
        self,
        caller: str,
        policies: Sequence[Document],
        action: str = "sts:AssumeRole",
        by: str | None = None,
        **context: str,
    ) -> bool:
        """Return whether the role's trust and the caller's policies allow it. `by` is the ARN of the calling function,
        empty for none; by default it is the function whose role `caller` is.
        """
        own = {"aws:PrincipalArn": caller, **_source_function(caller if by is None else by)}
        given = {**own, **{f"sts:{name}": value for name, value in context.items()}}
        return self.simulator.decide(
            policies=policies,
            principal=caller,
            action=action,
            resource=self.arn,
            account=self.arn.split(":")[4],
            context=given,
            resource_policy=self.trust,
        ).allowed


def _source_function(caller: str) -> dict[str, str]:
    """Return the key that Lambda adds to a function's calls; `caller` is the function, or its role."""
    role = re.fullmatch(r"arn:aws:iam::([0-9]{12}):role/(rds-operations-[a-z]+)-([a-z]+-[a-z]+-[0-9])", caller)
    arn = f"arn:aws:lambda:{role[3]}:{role[1]}:function:{role[2]}" if role else caller
    return {"lambda:SourceFunctionArn": arn} if ":lambda:" in arn else {}


EVERYTHING: list[Document] = [
    {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
]
"""What an account's administrator could give to a role."""


def door(simulator: Simulator, deployed: Deployed, start: str) -> Door:
    role = deployed.role(start)
    return Door(simulator, deployed.arn(role), deployed.trust(role))


def function(deployed: Deployed, name: str) -> tuple[str, list[Document]]:
    role = deployed.role(f"Functions{name}Role")
    return deployed.arn(role), deployed.policies(role)


READERS = ("Classify", "Execute", "Poll", "Sweep", "Inventory")
OTHERS = ("Validate", "Admit", "Audit", "Status")


class TestTrust:
    def test_execute_takes_on_the_acting_role_of_the_target(
        self, simulator: Simulator, service: Deployed, target: Deployed
    ) -> None:
        acting = door(simulator, target, "ActingRole")
        assert acting.arn == f"arn:aws:iam::{TARGET}:role/{ACTING_ROLE}"
        execute, policies = function(service, "Execute")
        assert acting.opens(execute, policies, ExternalId=EXTERNAL_ID)
        assert acting.opens(execute, policies, action="sts:SetSourceIdentity")

    def test_nothing_but_the_right_external_id_opens(
        self, simulator: Simulator, service: Deployed, target: Deployed
    ) -> None:
        for start in ("ActingRole", "ReadingRole"):
            role = door(simulator, target, start)
            execute, policies = function(service, "Execute")
            assert role.opens(execute, policies, ExternalId=EXTERNAL_ID)
            assert not role.opens(execute, policies)
            for wrong in ("billing-02c9", EXTERNAL_ID.upper(), "", f"{EXTERNAL_ID} ", "*"):
                assert not role.opens(execute, policies, ExternalId=wrong)

    @pytest.mark.parametrize("name", [name for name in (*READERS, *OTHERS) if name != "Execute"])
    def test_no_other_function_takes_on_an_acting_role(
        self, simulator: Simulator, service: Deployed, target: Deployed, name: str
    ) -> None:
        """Neither its own policies nor, if it had every policy, the trust policy lets it."""
        caller, policies = function(service, name)
        for deployed in (service, target):
            acting = door(simulator, deployed, "ActingRole")
            for own, action in itertools.product((policies, EVERYTHING), ("sts:AssumeRole", "sts:SetSourceIdentity")):
                context = {"ExternalId": EXTERNAL_ID} if action == "sts:AssumeRole" else {}
                assert not acting.opens(caller, own, action, **context)

    @pytest.mark.parametrize("name", READERS)
    def test_the_readers_take_on_the_reading_role(
        self, simulator: Simulator, service: Deployed, target: Deployed, name: str
    ) -> None:
        reading = door(simulator, target, "ReadingRole")
        assert reading.arn == f"arn:aws:iam::{TARGET}:role/{READING_ROLE}"
        caller, policies = function(service, name)
        assert reading.opens(caller, policies, ExternalId=EXTERNAL_ID)
        assert not reading.opens(caller, EVERYTHING, action="sts:SetSourceIdentity")

    @pytest.mark.parametrize("name", READERS)
    def test_a_functions_role_opens_nothing_outside_of_its_function(
        self, simulator: Simulator, service: Deployed, target: Deployed, name: str
    ) -> None:
        """Anyone who may pass the role to another function gets its policies, but not its ARN."""
        caller, policies = function(service, name)
        another = f"arn:aws:lambda:{REGION}:{HOME}:function:rds-operations-{name.lower()}"
        doors = [door(simulator, target, "ReadingRole")]
        doors += [door(simulator, it, "ActingRole") for it in (service, target)] if name == "Execute" else []
        for role, action in itertools.product(doors, ("sts:AssumeRole", "sts:SetSourceIdentity")):
            context = {"ExternalId": EXTERNAL_ID} if action == "sts:AssumeRole" else {}
            for by in ("", f"{another}-2", another.replace(HOME, THIRD), another.replace(REGION, "us-east-1")):
                assert not role.opens(caller, policies, action, by, **context)

    @pytest.mark.parametrize("name", OTHERS)
    def test_the_others_do_not(self, simulator: Simulator, service: Deployed, target: Deployed, name: str) -> None:
        caller, policies = function(service, name)
        for own in (policies, EVERYTHING):
            assert not door(simulator, target, "ReadingRole").opens(caller, own, ExternalId=EXTERNAL_ID)

    @pytest.mark.parametrize(
        "caller",
        [
            f"arn:aws:iam::{HOME}:role/Administrator",
            f"arn:aws:iam::{HOME}:user/dba",
            f"arn:aws:iam::{HOME}:role/rds-operations-execute-us-east-1",
            f"arn:aws:iam::{HOME}:role/rds-operations-execute-{REGION}-2",
            f"arn:aws:iam::{HOME}:role/path/rds-operations-execute-{REGION}",
            f"arn:aws:iam::{THIRD}:role/rds-operations-execute-{REGION}",
            f"arn:aws:iam::{THIRD}:root",
            f"arn:aws:iam::{TARGET}:role/rds-operations-execute-{REGION}",
            f"arn:aws:iam::{TARGET}:role/Administrator",
        ],
    )
    def test_nobody_else_does(self, simulator: Simulator, target: Deployed, caller: str) -> None:
        """Even with every policy and the external id."""
        for start in ("ActingRole", "ReadingRole"):
            role = door(simulator, target, start)
            assert not role.opens(caller, EVERYTHING, ExternalId=EXTERNAL_ID)
            assert not role.opens(caller, EVERYTHING, action="sts:SetSourceIdentity")

    def test_the_services_own_acting_role_is_for_execute_alone(self, simulator: Simulator, service: Deployed) -> None:
        acting = door(simulator, service, "ActingRole")
        execute, policies = function(service, "Execute")
        for action in ("sts:AssumeRole", "sts:SetSourceIdentity"):
            assert acting.opens(execute, policies, action)
            assert not acting.opens(f"arn:aws:iam::{HOME}:role/Administrator", EVERYTHING, action)
            assert not acting.opens(f"arn:aws:iam::{THIRD}:role/rds-operations-execute-{REGION}", EVERYTHING, action)

    def test_execute_reaches_the_accounts_of_the_settings_and_no_others(
        self, simulator: Simulator, service: Deployed, target: Deployed
    ) -> None:
        """Even an account that trusts it, but is not in the settings, is out of reach."""
        stranger = replace(target, account=THIRD)
        execute, policies = function(service, "Execute")
        for start in ("ActingRole", "ReadingRole"):
            assert not door(simulator, stranger, start).opens(execute, policies, ExternalId=EXTERNAL_ID)

    @pytest.mark.parametrize("action", ["sts:TagSession", "sts:AssumeRoleWithWebIdentity", "sts:AssumeRoleWithSAML"])
    def test_there_is_no_other_way_in(self, service: Deployed, target: Deployed, action: str) -> None:
        for deployed in (service, target):
            roles = [name for name, item in deployed.template.resources.items() if item["Type"] == "AWS::IAM::Role"]
            operating = [role for role in roles if role.startswith(("ActingRole", "ReadingRole"))]
            assert operating
            assert action not in json.dumps([deployed.trust(role) for role in operating])
