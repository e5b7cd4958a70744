"""Who called: what API Gateway says, and nothing that a caller typed."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rds_operations.identity import caller_identity, direct_start, principal

ROLE_SESSION = "arn:aws:sts::123456789012:assumed-role/Dba/john.doe"


@pytest.mark.parametrize(
    ("context", "identity"),
    [
        ({}, {"userId": "anonymous"}),
        (
            {"sourceIp": "203.0.113.42", "userArn": "", "apiKeyId": ""},
            {"userId": "anonymous", "sourceIp": "203.0.113.42"},
        ),
        ({"apiKeyId": "k1", "accountId": ""}, {"userId": "apikey:k1", "apiKeyId": "k1"}),
        ({"userArn": ROLE_SESSION}, {"userId": "john.doe", "userArn": ROLE_SESSION}),
        ({"userArn": "arn:aws:iam::1:user/team/jane"}, {"userId": "jane", "userArn": "arn:aws:iam::1:user/team/jane"}),
        (
            {"userArn": ROLE_SESSION, "apiKeyId": "k1", "accountId": "1", "userAgent": "curl"},
            {"userId": "john.doe", "userArn": ROLE_SESSION, "apiKeyId": "k1", "accountId": "1", "userAgent": "curl"},
        ),
        ({"userId": "root", "apiKey": "secret", "cognitoId": "x"}, {"userId": "anonymous"}),
    ],
)
def test_the_identity_of_a_caller(context: dict[str, Any], identity: dict[str, str]) -> None:
    assert caller_identity(context) == identity


def test_a_long_user_agent_is_cut() -> None:
    assert len(caller_identity({"userAgent": "x" * 10_000})["userAgent"]) == 512


def test_the_principal_is_the_whole_arn_then_the_api_key() -> None:
    assert principal(caller_identity({"userArn": ROLE_SESSION, "apiKeyId": "k1"})) == ROLE_SESSION
    assert principal(caller_identity({"apiKeyId": "k1"})) == "k1"
    assert principal(caller_identity({})) == "anonymous"


def test_a_direct_start_names_its_execution() -> None:
    assert direct_start("arn:x") == {"userId": "states:StartExecution", "executionArn": "arn:x"}


KNOWN = ("sourceIp", "userArn", "accountId", "apiKeyId", "userAgent")
arns = st.sampled_from([ROLE_SESSION, "arn:aws:iam::1:user/team/jane", "arn:aws:iam::123456789012:root"])
contexts = st.fixed_dictionaries(
    {},
    optional={
        "userArn": st.sampled_from(["", None]) | arns,
        **{name: st.none() | st.text(max_size=6) for name in KNOWN if name != "userArn"},
        "userId": st.text(max_size=6),
        "apiKey": st.just("secret"),
        "caller": st.text(max_size=6),
    },
)


@given(contexts)
def test_an_identity_holds_what_the_platform_says_and_nothing_else(context: dict[str, Any]) -> None:
    identity = caller_identity(context)
    said = {name: context[name] for name in KNOWN if context.get(name)}
    assert {name: value for name, value in identity.items() if name != "userId"} == said
    named = said["userArn"].split("/")[-1] if "userArn" in said else ""
    assert identity["userId"] == (named or (f"apikey:{said['apiKeyId']}" if "apiKeyId" in said else "anonymous"))
    assert principal(identity) == (said.get("userArn") or said.get("apiKeyId") or "anonymous")


@pytest.mark.parametrize("name", KNOWN)
@pytest.mark.parametrize(("length", "kept"), [(511, 511), (512, 512), (513, 512)])
def test_nothing_in_an_identity_is_longer_than_it_may_be(name: str, length: int, kept: int) -> None:
    assert caller_identity({name: "x" * length})[name] == "x" * kept
