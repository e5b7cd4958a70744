"""Who may request what, and who may see whose operations."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rds_operations.model.refusals import Code, Refusal
from rds_operations.model.request import OperationRequest
from rds_operations.operations import OPERATIONS
from rds_operations.rules.authorization import may_see, not_permitted, unidentified
from rds_operations.rules.classification import ALLOWED_ENVIRONMENTS, Environment
from rds_operations.rules.identity import caller_identity, direct_start
from rds_operations.settings.callers import CallerSettings, Grant
from tests.builders import ACCOUNT, OTHER_ACCOUNT, ROLE, a_caller, a_request, requests

ENVIRONMENTS = sorted(ALLOWED_ENVIRONMENTS)
ISSUER = "https://cognito-idp.ap-southeast-1.amazonaws.com/ap-southeast-1_Abc"
JOHN = a_caller()
"""In the role Dba."""
JANE = caller_identity({"authentication": "iam", "userArn": f"arn:aws:sts::{ACCOUNT}:assumed-role/Dba/jane"})
"""In the same role."""
OPERATOR = caller_identity({"authentication": "iam", "userArn": f"arn:aws:sts::{ACCOUNT}:assumed-role/Operator/jane"})
NAMESAKE = caller_identity(
    {"authentication": "iam", "userArn": f"arn:aws:sts::{OTHER_ACCOUNT}:assumed-role/Dba/john.doe"}
)
USER = caller_identity({"authentication": "iam", "userArn": f"arn:aws:iam::{ACCOUNT}:user/team/jane"})
KEY = caller_identity({"authentication": "api_key", "apiKeyId": "k1"})
OTHER_KEY = caller_identity({"authentication": "api_key", "apiKeyId": "k2"})
MEMBER = caller_identity(
    {"authentication": "cognito", "sub": "8a1f", "issuer": ISSUER, "username": "jane", "groups": "dba,on-call"}
)
STRANGER = caller_identity({"authentication": "cognito", "sub": "8a20", "issuer": ISSUER, "username": "jane"})
HAND = direct_start("arn:aws:states:ap-southeast-1:123456789012:execution:rds-operations-operation:by-hand")
OTHER_HAND = direct_start("arn:aws:states:ap-southeast-1:123456789012:execution:rds-operations-operation:another")
ANONYMOUS = caller_identity({})
EVERYBODY = [JOHN, JANE, OPERATOR, NAMESAKE, USER, KEY, OTHER_KEY, MEMBER, STRANGER, HAND]

NAMES: dict[str, list[dict[str, Any]]] = {
    ROLE: [JOHN, JANE],
    f"arn:aws:iam::{ACCOUNT}:role/Operator": [OPERATOR],
    f"arn:aws:iam::{OTHER_ACCOUNT}:role/Dba": [NAMESAKE],
    f"arn:aws:iam::{ACCOUNT}:user/jane": [USER],
    "apikey:k1": [KEY],
    "apikey:k2": [OTHER_KEY],
    "group:dba": [MEMBER],
    "group:on-call": [MEMBER],
    "states:StartExecution": [HAND],
    "group:nobody": [],
}
"""The callers whom each name in the settings means."""


def permits(
    permissions: dict[str, Any], caller: dict[str, Any], operation: str, environment: str | None = None
) -> bool:
    request = a_request(operation, caller=caller)
    known = Environment(environment) if environment else None
    return not_permitted(CallerSettings(permissions), request, known) is None


@pytest.mark.parametrize("caller", [*EVERYBODY, {"userId": "before there were principals"}])
def test_without_permissions_everybody_may_ask_for_everything(caller: dict[str, Any]) -> None:
    documents: list[dict[str, Any]] = [{}, {"permissions": {}}, {"auditors": ["group:dba"]}]
    for document in documents:
        known = CallerSettings.from_document(document)
        for operation in OPERATIONS:
            for environment in (None, *Environment):
                assert not_permitted(known, a_request(operation, caller=caller), environment) is None


@pytest.mark.parametrize("name", NAMES)
def test_a_name_means_those_who_have_it_and_nobody_else(name: str) -> None:
    allowed = [caller for caller in EVERYBODY if permits({name: {}}, caller, "create_snapshot", "test")]
    assert allowed == NAMES[name]


@pytest.mark.parametrize("operation", OPERATIONS)
def test_whoever_is_not_named_is_refused_and_told_what_for(operation: str) -> None:
    known = CallerSettings({"group:dba": {}})
    request = a_request(operation, caller=JOHN)
    way_out = "Ask the service owner for access."
    assert not_permitted(known, request) == Refusal(
        403, Code.CALLER_NOT_PERMITTED, f"john.doe is not permitted to run {operation}. {way_out}"
    )
    assert not_permitted(known, request, Environment.POC) == Refusal(
        403, Code.CALLER_NOT_PERMITTED, f"john.doe is not permitted to run {operation} in poc. {way_out}"
    )


def test_a_grant_without_operations_is_of_all_and_without_environments_in_all() -> None:
    for operation in OPERATIONS:
        for environment in (None, *ENVIRONMENTS):
            assert permits({ROLE: {}}, JOHN, operation, environment)
            reboots, tests = {ROLE: {"operations": ["reboot_instance"]}}, {ROLE: {"environments": ["test"]}}
            assert permits(reboots, JOHN, operation, environment) == (operation == "reboot_instance")
            assert permits(tests, JOHN, operation, environment) == (environment in (None, "test"))
    assert not permits({ROLE: {"operations": []}}, JOHN, "reboot_instance")
    assert permits({ROLE: {"environments": []}}, JOHN, "reboot_instance")
    assert not permits({ROLE: {"environments": []}}, JOHN, "reboot_instance", "test")


def test_a_caller_has_the_grants_of_all_its_names_but_never_parts_of_two_as_a_third() -> None:
    permissions: dict[str, Grant] = {
        "group:dba": {"operations": ["reboot_instance"], "environments": ["test"]},
        "group:on-call": {"operations": ["create_snapshot"], "environments": ["staging"]},
    }
    allowed = {
        (operation, environment)
        for operation in OPERATIONS
        for environment in ENVIRONMENTS
        if permits(permissions, MEMBER, operation, environment)
    }
    assert allowed == {("reboot_instance", "test"), ("create_snapshot", "staging")}
    assert permits(permissions, MEMBER, "reboot_instance")
    assert not permits(permissions, MEMBER, "modify_backup_window")


def test_a_direct_start_needs_an_entry_of_its_own_once_there_are_permissions() -> None:
    assert permits({}, HAND, "reboot_instance", "test")
    others: dict[str, Grant] = {name: {} for name in NAMES if name != "states:StartExecution"}
    assert not permits(others, HAND, "reboot_instance", "test")
    own: dict[str, Grant] = {"states:StartExecution": {"operations": ["reboot_instance"]}}
    assert permits(own, HAND, "reboot_instance", "test")
    assert not permits(own, HAND, "create_snapshot", "test")
    assert not permits(own, JOHN, "reboot_instance", "test")


grants: st.SearchStrategy[dict[str, list[str]]] = st.fixed_dictionaries(
    {},
    optional={
        "operations": st.lists(st.sampled_from(sorted(OPERATIONS)), max_size=2),
        "environments": st.lists(st.sampled_from(ENVIRONMENTS), max_size=2),
    },
)
permissions_of = st.dictionaries(st.sampled_from(sorted(NAMES)), grants, max_size=4)


@given(permissions_of, st.sampled_from(EVERYBODY), requests, st.sampled_from([None, *Environment]))
def test_a_caller_may_what_one_grant_of_its_own_covers_whole(
    permissions: dict[str, dict[str, list[str]]],
    caller: dict[str, Any],
    request: OperationRequest,
    environment: Environment | None,
) -> None:
    own = [grant for name, grant in permissions.items() if caller in NAMES[name]]
    covered = any(
        request.operation in grant.get("operations", OPERATIONS)
        and (environment is None or environment in grant.get("environments", list(Environment)))
        for grant in own
    )
    allowed = permits(permissions, caller, request.operation, environment)
    assert allowed == (covered or not permissions)


@given(permissions_of, st.sampled_from(EVERYBODY), st.sampled_from(sorted(OPERATIONS)), st.sampled_from(ENVIRONMENTS))
def test_a_caller_refused_before_the_read_would_be_refused_after_it(
    permissions: dict[str, Any], caller: dict[str, Any], operation: str, environment: str
) -> None:
    """The answer without an environment reveals nothing about the instance, and refuses no one who is permitted."""
    assert permits(permissions, caller, operation) or not permits(permissions, caller, operation, environment)


def test_only_whom_the_platform_names_is_identified() -> None:
    for caller in EVERYBODY:
        assert unidentified(caller) is None
    text = "The caller could not be identified. Send credentials of this API"
    for caller in ({}, ANONYMOUS, {"userId": "john.doe"}, caller_identity({"userArn": JOHN["principal"]})):
        assert unidentified(caller) == Refusal(403, Code.CALLER_NOT_PERMITTED, text)


def test_callers_see_their_own_operations_and_nobody_elses() -> None:
    """Two sessions of one role are two people; so is one session name in two accounts."""
    for caller in EVERYBODY:
        seen = [owner for owner in [*EVERYBODY, ANONYMOUS, {}] if may_see(CallerSettings(), caller, owner)]
        assert seen == [caller]


def test_a_caller_is_the_same_from_everywhere() -> None:
    moved = a_caller(sourceIp="198.51.100.7", userAgent="aws-cli/2")
    assert may_see(CallerSettings(), moved, JOHN)


@pytest.mark.parametrize("name", NAMES)
def test_auditors_see_everybodys_operations(name: str) -> None:
    known = CallerSettings(auditors=(name,))
    for caller in EVERYBODY:
        for owner in [*EVERYBODY, OTHER_HAND, ANONYMOUS, {}, {"userId": "john.doe"}]:
            expected = caller in NAMES[name] or caller["principal"] == owner.get("principal")
            assert may_see(known, caller, owner) == expected


@pytest.mark.parametrize("owner", [JOHN, HAND, ANONYMOUS, {}, {"userId": "anonymous"}])
@pytest.mark.parametrize("caller", [ANONYMOUS, {}, {"userId": "john.doe"}])
def test_nobody_sees_nothing_not_even_nobodys_operations(caller: dict[str, Any], owner: dict[str, Any]) -> None:
    for known in (CallerSettings(), CallerSettings(auditors=("anonymous",)), CallerSettings(auditors=tuple(NAMES))):
        assert not may_see(known, caller, owner)


def test_an_operation_from_before_there_were_principals_is_for_auditors_alone() -> None:
    old = {"userId": "john.doe", "sourceIp": "203.0.113.42", "userArn": JOHN["userArn"]}
    assert [caller for caller in EVERYBODY if may_see(CallerSettings(), caller, old)] == []
    assert [caller for caller in EVERYBODY if may_see(CallerSettings(auditors=(ROLE,)), caller, old)] == [JOHN, JANE]


def test_a_permission_shows_nothing_and_an_auditor_may_ask_for_nothing_by_that() -> None:
    assert not may_see(CallerSettings({ROLE: {}}), JOHN, JANE)
    known = CallerSettings({"group:dba": {}}, auditors=(ROLE,))
    assert not_permitted(known, a_request(caller=JOHN))
    assert may_see(known, JOHN, MEMBER)


@pytest.mark.parametrize(
    ("clients", "client", "let_in"),
    [
        (None, "other", True),
        ((), "other", False),
        ((), "page", True),
        (("ours",), "ours", True),
        (("ours",), "page", True),
        (("ours",), "cli", True),
        (("ours",), "other", False),
        (("ours",), None, False),
        (("ours",), "", False),
    ],
)
def test_a_token_of_another_app_client_counts_for_nothing(
    clients: tuple[str, ...] | None, client: str | None, let_in: bool
) -> None:
    """It may neither request nor see anything, whatever its user may do. The stack's own applications are let in."""
    context = {"authentication": "cognito", "sub": "8a1f", "issuer": ISSUER, "username": "jane", "clientId": client}
    context |= {"consoleClient": "page", "cliClient": "cli"}
    caller = caller_identity(context)
    settings = CallerSettings(user_pool_client_ids=clients)
    refusal = not_permitted(settings, a_request(caller=caller))
    assert (refusal is None) == let_in
    assert may_see(settings, caller, caller) == let_in
    assert caller.get("application") == {"page": "console", "cli": "rds-ops"}.get(client or "")
    if refusal:
        assert (refusal.status, refusal.code) == (403, Code.CALLER_NOT_PERMITTED)


def test_a_stack_without_applications_of_its_own_lets_no_nameless_token_in() -> None:
    context = {"authentication": "cognito", "sub": "8a1f", "issuer": ISSUER, "consoleClient": "", "cliClient": None}
    for client in ("", None):
        caller = caller_identity({**context, "clientId": client, "application": "console"})
        assert not may_see(CallerSettings(user_pool_client_ids=()), caller, caller)


def test_other_callers_have_no_app_client() -> None:
    settings = CallerSettings(user_pool_client_ids=("ours",))
    assert not_permitted(settings, a_request()) is None
    assert may_see(settings, a_caller(), a_caller())
