"""Whether an operation may run on an instance, and can run now."""

from itertools import product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rds_operations.model.refusals import Code, Refusal
from rds_operations.operations import OPERATIONS
from rds_operations.operations.instance_states import Meaning, of_meaning
from rds_operations.rules.classification import NOTHING, Environment, Verdict, classify
from rds_operations.rules.decision import LiveInstance, decide
from rds_operations.rules.eligibility import contradiction, gate, not_found, not_ready, unsupported, verdict_on
from rds_operations.settings.callers import CallerSettings
from rds_operations.settings.gate import GateSettings
from tests.builders import ACCOUNT, COMPLETE, DEVELOPMENT, HOME, INSTANCE_ID, a_request, an_instance, verdicts
from tests.operation_cases import CASES

MAP = "Tag it with Environment set to development, test, staging, poc or sandbox, or have it mapped in the settings."
TEACH = (
    "Set that tag to development, test, staging, poc or sandbox, "
    "or have the word taught in the settings (environment_words)."
)
"""A mapping would not help: the tag stands before it."""
LET_READ = "Ask the service owner to let the service read them, or create a CloudOps request."
RESPELL = "Set that tag again, without the spaces."
READY = {name: case.ready_states for name, case in CASES.items()}
STATES = [
    "available", "storage-optimization", "stopped", "stopping", "starting", "backing-up", "modifying", "rebooting",
    "creating", "deleting", "upgrading", "maintenance", "failed", "storage-full", "incompatible-network", "",
]  # fmt: skip


def test_an_instance_that_does_not_exist() -> None:
    assert not_found(INSTANCE_ID) == Refusal(404, Code.INSTANCE_NOT_FOUND, "Instance dev-postgres-01 not found")
    assert not_found(INSTANCE_ID, " in account 210987654321").error == (
        "Instance dev-postgres-01 not found in account 210987654321"
    )


def test_the_verdict_reads_the_tags_and_the_account_of_the_instance() -> None:
    assert verdict_on(an_instance(), GateSettings()) == DEVELOPMENT
    mapped = GateSettings(account_mappings={ACCOUNT: "qa"})
    assert verdict_on(an_instance(TagList=[]), mapped) == Verdict(Environment.TEST, f"account_mappings {ACCOUNT}")
    assert verdict_on(an_instance(TagList=[{"Key": "Env"}]), mapped) == Verdict(Environment.UNKNOWN, "tag Env=")


def test_the_account_is_that_of_the_instance_and_not_the_services() -> None:
    settings = GateSettings(account_mappings={ACCOUNT: "dev", "210987654321": "prod"})
    theirs = an_instance(DBInstanceArn=f"arn:aws:rds:eu-west-1:210987654321:db:{INSTANCE_ID}", TagList=[])
    assert verdict_on(theirs, settings) == Verdict(Environment.PRODUCTION, "account_mappings 210987654321")


def test_tags_that_cannot_be_read_are_unknown_whatever_the_settings_say() -> None:
    settings = GateSettings(instance_mappings={INSTANCE_ID: "dev"}, default_environment="dev")
    verdict = verdict_on(an_instance("TagList"), settings)
    assert verdict == Verdict(Environment.UNKNOWN, "tags that could not be read")
    refusal = gate(INSTANCE_ID, verdict)
    assert refusal
    assert refusal.status == 403


@pytest.mark.parametrize("environment", ["development", "test", "staging", "poc", "sandbox"])
def test_an_allowed_environment_passes(environment: str) -> None:
    assert gate(INSTANCE_ID, Verdict(Environment(environment), "x")) is None


def test_production_is_refused_with_the_documented_text() -> None:
    text = "Operations not allowed on production instances. Please create a CloudOps request."
    refusal = gate(INSTANCE_ID, Verdict(Environment.PRODUCTION, "tag Env=prod"))
    assert refusal == Refusal(403, Code.PRODUCTION_INSTANCE, text, "tag Env=prod")


def test_a_disputed_environment_is_refused_with_the_two_that_disagree() -> None:
    told = "tag Env=dev says development, naming_patterns ^prod- says production"
    way_out = "Correct the wrong one, or create a CloudOps request."
    refusal = gate(INSTANCE_ID, Verdict(Environment.PRODUCTION, "tag Env=dev", told, disputed=True))
    text = f"Operations not allowed on {INSTANCE_ID}: {told}. {way_out}"
    assert refusal == Refusal(403, Code.ENVIRONMENT_DISPUTED, text, "tag Env=dev")
    assert gate(INSTANCE_ID, Verdict(Environment.DEVELOPMENT, "tag Env=dev", told)) is None


def test_production_that_overrules_is_refused_as_production() -> None:
    told = "naming_patterns ^test- says test, naming_patterns -prod$ says production"
    refusal = gate(INSTANCE_ID, Verdict(Environment.PRODUCTION, "naming_patterns -prod$", told))
    assert refusal
    assert refusal.code is Code.PRODUCTION_INSTANCE


@pytest.mark.parametrize(
    ("source", "looked_at"),
    [
        (NOTHING, "no environment tag, instance mapping, account mapping or naming pattern fits it"),
        ("tag Env=what", "tag Env=what names no environment that is known"),
        ("tag Env=dev , with spaces around the value", "tag Env=dev , with spaces around the value"),
        ("tags that could not be read", "tags that could not be read"),
        (
            "replication source orders, tags that could not be read",
            "replication source orders, tags that could not be read",
        ),
        (
            "replication source orders, tag Env=what",
            "replication source orders, tag Env=what names no environment that is known",
        ),
        (
            f"replication source orders, {NOTHING}",
            "replication source orders, no environment tag, instance mapping, account mapping or naming pattern "
            "fits it",
        ),
    ],
)
def test_an_unknown_environment_says_what_was_read_and_what_to_do(source: str, looked_at: str) -> None:
    fixes = {"that is known": TEACH, "could not be read": LET_READ, "around the value": RESPELL}
    fix = next((fix for end, fix in fixes.items() if looked_at.endswith(end)), MAP)
    fix = fix.replace("Tag it", "Tag the source") if source.startswith("replication source") else fix
    text = f"Operations not allowed on {INSTANCE_ID}: its environment is unknown ({looked_at}). {fix}"
    refusal = gate(INSTANCE_ID, Verdict(Environment.UNKNOWN, source))
    assert refusal == Refusal(403, Code.ENVIRONMENT_UNKNOWN, text, source)


@pytest.mark.parametrize("operation", OPERATIONS)
def test_an_ordinary_instance_takes_every_operation(operation: str) -> None:
    assert unsupported(a_request(operation), an_instance()) is None
    assert not_ready(a_request(operation), an_instance()) is None


@pytest.mark.parametrize(
    ("operation", "instead"),
    [
        ("create_snapshot", "Take a cluster snapshot (CreateDBClusterSnapshot) instead."),
        ("reboot_instance", "Reboot or fail over the cluster instead."),
        ("modify_backup_window", "Change the backup window of the cluster (ModifyDBCluster) instead."),
    ],
)
@pytest.mark.parametrize("engine", ["aurora-postgresql", "docdb", "neptune"])
def test_a_cluster_member_is_operated_through_its_cluster(operation: str, instead: str, engine: str) -> None:
    refusal = unsupported(a_request(operation), an_instance(DBClusterIdentifier="orders", Engine=engine))
    text = f"Instance {INSTANCE_ID} is a member of the cluster orders ({engine}). {instead}"
    assert refusal == Refusal(400, Code.NOT_SUPPORTED, text)


@pytest.mark.parametrize("instance", [an_instance(MultiAZ=False), an_instance("MultiAZ")])
def test_a_failover_needs_a_standby(instance: Any) -> None:
    refusal = unsupported(a_request("reboot_instance", {"force_failover": True}), instance)
    text = (
        f"Instance {INSTANCE_ID} is not Multi-AZ, so it has no standby to fail over to. "
        "Send force_failover: false, or leave it out."
    )
    assert refusal == Refusal(400, Code.NOT_SUPPORTED, text)


def test_a_failover_to_a_standby_passes() -> None:
    assert unsupported(a_request("reboot_instance", {"force_failover": True}), an_instance(MultiAZ=True)) is None


def test_a_window_over_the_maintenance_window_is_refused_and_names_it() -> None:
    instance = an_instance(PreferredMaintenanceWindow="wed:03:59-wed:04:29")
    text = (
        f"The backup window 03:00-04:00 overlaps the maintenance window wed:03:59-wed:04:29 of {INSTANCE_ID}. "
        "Choose a window outside it."
    )
    refusal = unsupported(a_request("modify_backup_window"), instance)
    assert refusal == Refusal(400, Code.NOT_SUPPORTED, text)
    assert unsupported(a_request("create_snapshot"), instance) is None


@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize("state", STATES)
def test_the_states_in_which_rds_takes_an_operation(operation: str, state: str) -> None:
    refusal = not_ready(a_request(operation), an_instance(DBInstanceStatus=state))
    assert (refusal is None) == (state in READY[operation])
    assert refusal is None or (refusal.status, refusal.code) == (409, Code.INSTANCE_NOT_READY)


def test_a_stopped_instance_is_in_the_way_and_the_text_says_what_is_needed() -> None:
    refusal = not_ready(a_request(), an_instance(DBInstanceStatus="stopped"))
    assert refusal
    assert refusal.error == (
        f"Instance {INSTANCE_ID} is stopped; create_snapshot needs it to be available or storage-optimization. "
        "Start it first."
    )


@pytest.mark.parametrize("state", sorted(of_meaning(Meaning.PASSING)))
def test_a_state_that_passes_by_itself_is_waited_for(state: str) -> None:
    refusal = not_ready(a_request(), an_instance(DBInstanceStatus=state))
    assert refusal is None or refusal.error.endswith(" Try again when it is.")


@pytest.mark.parametrize("state", sorted(of_meaning(Meaning.FAILED)))
def test_a_state_that_stays_is_not_waited_for(state: str) -> None:
    refusal = not_ready(a_request(), an_instance(DBInstanceStatus=state))
    assert refusal
    assert "Try again" not in refusal.error


def test_changes_that_apply_immediately_would_apply_too_are_listed() -> None:
    instance = an_instance(PendingModifiedValues={"MultiAZ": True, "DBInstanceClass": "db.m5.large"})
    refusal = not_ready(a_request("modify_backup_window"), instance)
    text = (
        f"Instance {INSTANCE_ID} has other changes pending (DBInstanceClass, MultiAZ) that "
        "apply_immediately would apply too. Send apply_immediately: false, or wait until they are applied."
    )
    assert refusal == Refusal(409, Code.PENDING_CHANGES, text)


@pytest.mark.parametrize(
    ("operation", "parameters"),
    [
        ("modify_backup_window", {"apply_immediately": False}),
        ("create_snapshot", {}),
        ("reboot_instance", {}),
    ],
)
def test_pending_changes_are_in_the_way_of_nothing_else(operation: str, parameters: dict[str, Any]) -> None:
    instance = an_instance(PendingModifiedValues={"MultiAZ": True})
    assert not_ready(a_request(operation, COMPLETE[operation] | parameters), instance) is None


def test_an_instance_without_pending_values_has_nothing_pending() -> None:
    assert not_ready(a_request("modify_backup_window"), an_instance("PendingModifiedValues")) is None


words = st.sampled_from(["dev", "PROD", "what", "", "uat"])


@given(st.dictionaries(st.sampled_from(["Environment", "eNV", "Owner"]), words), words, words, words)
def test_a_verdict_has_no_other_ground_than_the_tags_the_name_and_the_account(
    tags: dict[str, str], by_name: str, by_account: str, default: str
) -> None:
    settings = GateSettings(
        instance_mappings={INSTANCE_ID: by_name} if by_name else {},
        account_mappings={ACCOUNT: by_account} if by_account else {},
        default_environment=default,
    )
    listed = [{"Key": name, "Value": word} for name, word in tags.items()]
    misleading = {"DBInstanceStatus": "prod", "Engine": "dev", "DBName": "dev", "DBSubnetGroup": {"VpcId": "dev"}}
    assert verdict_on(an_instance(TagList=listed, **misleading), settings) == classify(
        INSTANCE_ID, HOME, tags, settings
    )
    assert not verdict_on(an_instance("TagList"), settings).allowed


@given(verdicts)
def test_the_gate_opens_for_an_allowed_environment_and_no_other(verdict: Verdict) -> None:
    refusal = gate(INSTANCE_ID, verdict)
    assert (refusal is None) == (verdict.environment.value in {"development", "test", "staging", "poc", "sandbox"})
    assert refusal is None or refusal.status == 403


def test_every_combination_is_unsupported_not_ready_or_neither_as_documented() -> None:
    for operation, cluster, standby, flag, overlap, pending, state in product(
        OPERATIONS, ("", "orders"), (False, True), (False, True), (False, True), (False, True), STATES
    ):
        flags = {"reboot_instance": {"force_failover": flag}, "modify_backup_window": {"apply_immediately": flag}}
        request = a_request(operation, flags.get(operation, {}))
        instance = an_instance(
            DBClusterIdentifier=cluster,
            MultiAZ=standby,
            PreferredMaintenanceWindow="sun:03:59-sun:04:29" if overlap else "sun:04:00-sun:04:30",
            PendingModifiedValues={"MultiAZ": True} if pending else {},
            DBInstanceStatus=state,
        )
        never = (
            cluster
            or (operation == "reboot_instance" and flag and not standby)
            or (operation == "modify_backup_window" and overlap)
        )
        not_now = None
        if state not in READY[operation]:
            not_now = Code.INSTANCE_NOT_READY
        elif operation == "modify_backup_window" and flag and pending:
            not_now = Code.PENDING_CHANGES
        refusals = unsupported(request, instance), not_ready(request, instance)
        expected = Code.NOT_SUPPORTED if never else None, not_now
        assert tuple(refusal and refusal.code for refusal in refusals) == expected, (request, instance)


@pytest.mark.parametrize(
    ("tags", "named"),
    [
        ({"Environment": "Production"}, "tag Environment=Production"),
        ({"eNv": "prod"}, "tag eNv=prod"),
        ({"Environment": "staging"}, "tag Environment=staging"),
        ({"Environment": "what"}, "tag Environment=what"),
        ({"Environment": ""}, "tag Environment="),
        ({"Environment": "dev "}, "tag Environment=dev , with spaces around the value"),
        ({"Environment": "dev", "Stage": "live"}, "tag Stage=live"),
        ({"Tier": "prod"}, "tag Tier=prod"),
    ],
)
def test_a_snapshots_environment_is_that_of_its_instance(tags: dict[str, str], named: str) -> None:
    settings = GateSettings(environment_tag_names=("Tier", "Environment"))
    given_tags = [{"Key": name, "Value": value} for name, value in tags.items()]
    refusal = contradiction(a_request("create_snapshot", {"tags": given_tags}), DEVELOPMENT, settings)
    assert refusal == Refusal(
        400,
        Code.INVALID_PARAMETER,
        f"The tags contradict the instance: {named}, but {INSTANCE_ID} is development. Leave that tag out.",
    )


@pytest.mark.parametrize("tags", [{}, {"team": "orders"}, {"Environment": "dev", "STAGE": "Development"}])
def test_a_snapshot_takes_tags_that_say_the_same_or_nothing(tags: dict[str, str]) -> None:
    given_tags = [{"Key": name, "Value": value} for name, value in tags.items()]
    assert contradiction(a_request("create_snapshot", {"tags": given_tags}), DEVELOPMENT, GateSettings()) is None
    assert contradiction(a_request("reboot_instance"), DEVELOPMENT, GateSettings()) is None


@pytest.mark.parametrize(
    ("settings", "name"),
    [
        (GateSettings(), "Environment"),
        (GateSettings(environment_tag_names=("environment-name", "Env")), "environment-name"),
        (GateSettings(ignored_tag_names=("Environment",)), "Env"),
        (GateSettings(environment_tag_names=("Stage",), ignored_tag_names=("Environment",)), "Stage"),
    ],
)
def test_a_refusal_advises_a_tag_that_counts_here(settings: GateSettings, name: str) -> None:
    found = LiveInstance(an_instance(), Verdict(Environment.UNKNOWN, "nothing"))
    refusal = decide(a_request(), found, settings, CallerSettings()).refusal
    assert refusal
    assert f"Tag it with {name} set to development" in refusal.error
