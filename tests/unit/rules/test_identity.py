"""The caller is what the platform verified, not what the caller sent."""

import hashlib
import json
import re
from typing import Any

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from rds_operations.model.identifiers import SNAPSHOT_ID_LENGTH, operation_id
from rds_operations.operations import OPERATIONS
from rds_operations.rules.identity import (
    ANONYMOUS,
    Authentication,
    caller_identity,
    direct_start,
    iam_name,
    is_principal,
    names_of,
    principal_of,
    proxy_identity,
    session_name,
    source_identity,
)
from tests.builders import ACCOUNT, API_KEY, ROLE, ROLE_SESSION, a_context, a_proxy_event, identifiers

ISSUER = "https://cognito-idp.ap-southeast-1.amazonaws.com/ap-southeast-1_Abc"
SUBJECT = "ap-southeast-1_Abc/8a1f"
COGNITO_USER = f"cognito-idp.ap-southeast-1.amazonaws.com/{SUBJECT}"
USER = f"arn:aws:iam::{ACCOUNT}:user/team/jane"
JOHN = {"sub": "8a1f", "issuer": ISSUER, "username": "john.doe"}


@pytest.mark.parametrize(
    ("said", "identity"),
    [
        (
            {"authentication": "iam", "userArn": ROLE_SESSION, "accountId": ACCOUNT, "userAgent": "curl"},
            {
                "userId": "john.doe",
                "principal": ROLE_SESSION,
                "userAgent": "curl",
                "userArn": ROLE_SESSION,
                "accountId": ACCOUNT,
            },
        ),
        ({"authentication": "iam", "userArn": USER}, {"userId": "jane", "principal": USER, "userArn": USER}),
        (
            {"authentication": "iam", "userArn": f"arn:aws:iam::{ACCOUNT}:root"},
            {
                "userId": f"arn:aws:iam::{ACCOUNT}:root",
                "principal": f"arn:aws:iam::{ACCOUNT}:root",
                "userArn": f"arn:aws:iam::{ACCOUNT}:root",
            },
        ),
        (
            {"authentication": "api_key", "apiKeyId": "k1", "sourceIp": "203.0.113.42"},
            {"userId": "apikey:k1", "principal": "apikey:k1", "sourceIp": "203.0.113.42", "apiKeyId": "k1"},
        ),
        (
            {"authentication": "cognito", **JOHN, "groups": "dba,on-call"},
            {"userId": "john.doe", "principal": COGNITO_USER, **JOHN, "groups": ["dba", "on-call"]},
        ),
        (
            {"authentication": "cognito", "sub": "8a1f", "issuer": ISSUER},
            {"userId": "8a1f", "principal": COGNITO_USER, "sub": "8a1f", "issuer": ISSUER},
        ),
    ],
)
def test_the_identity_of_a_caller(said: dict[str, Any], identity: dict[str, Any]) -> None:
    assert caller_identity(said) == {"authentication": said["authentication"], **identity}
    assert principal_of(identity) == identity["principal"]


@pytest.mark.parametrize(
    "said",
    [
        {},
        {"authentication": ""},
        {"authentication": None},
        {"authentication": "iam"},
        {"authentication": "iam", "userArn": ""},
        {"authentication": "iam", "accountId": ACCOUNT},
        {"authentication": "iam", "apiKeyId": "k1", **JOHN, "groups": "dba"},
        {"authentication": "api_key"},
        {"authentication": "api_key", "apiKeyId": ""},
        {"authentication": "api_key", "userArn": ROLE_SESSION, **JOHN, "groups": "dba"},
        {"authentication": "cognito"},
        {"authentication": "cognito", "sub": "8a1f"},
        {"authentication": "cognito", "issuer": ISSUER, "username": "john.doe"},
        {"authentication": "cognito", "userArn": ROLE_SESSION, "apiKeyId": "k1"},
        {"authentication": "IAM", "userArn": ROLE_SESSION},
        {"authentication": "none", "userArn": ROLE_SESSION, "apiKeyId": "k1", **JOHN, "groups": "dba"},
        {"userArn": ROLE_SESSION, "apiKeyId": "k1", **JOHN},
        {"userId": "root", "principal": ROLE_SESSION, "apiKey": API_KEY, "cognitoId": "x"},
    ],
)
def test_whom_nobody_vouches_for_is_anonymous(said: dict[str, Any]) -> None:
    identity = caller_identity(said)
    assert (identity["userId"], identity["principal"]) == ("anonymous", "anonymous")
    assert not identity.keys() & {"userArn", "apiKeyId", "apiKey", "cognitoId"}
    expected = {"group:dba"} if said.get("authentication") == "cognito" and "groups" in said else set()
    assert names_of(identity) == {"anonymous", *expected}


@pytest.mark.parametrize(
    "context",
    [
        *(
            {"authentication": "iam", "userArn": arn.replace("arn:aws:", f"arn:{partition}:")}
            for partition in ("aws", "aws-cn", "aws-us-gov")
            for arn in (
                ROLE_SESSION,
                USER,
                f"arn:aws:sts::{ACCOUNT}:assumed-role/AWSReservedSSO_Dba_0123abcd/john.doe@example.com",
                f"arn:aws:sts::{ACCOUNT}:federated-user/jane",
                f"arn:aws:iam::{ACCOUNT}:root",
            )
        ),
        {"authentication": "api_key", "apiKeyId": "k1"},
        {"authentication": "cognito", **JOHN},
        {"authentication": "cognito", "sub": "8a1f", "issuer": "https://cognito-idp.cn-north-1.amazonaws.com.cn/p_1"},
        {"authentication": "iam"},
    ],
    ids=str,
)
def test_every_caller_has_a_principal_that_can_be_asked_for(context: dict[str, str]) -> None:
    assert is_principal(caller_identity(context)["principal"])
    assert is_principal(direct_start("arn:x")["principal"])


def test_an_identity_without_a_principal_is_nobodys() -> None:
    assert principal_of({}) == principal_of({"userId": "john.doe", "userArn": ROLE_SESSION}) == "anonymous"


def test_a_direct_start_names_its_execution() -> None:
    identity = direct_start("arn:x")
    start = "states:StartExecution"
    assert identity == {"userId": start, "principal": start, "executionArn": "arn:x"}
    assert names_of(identity) == {start}


ALWAYS = ("sourceIp", "userAgent", "extendedRequestId", "requestId")
VOUCHED = {
    "iam": ("userArn", "accountId"),
    "api_key": ("apiKeyId",),
    "cognito": ("sub", "issuer", "username"),
}
SOMEBODY = {"userArn": ROLE_SESSION, "accountId": ACCOUNT, "apiKeyId": "k1", **JOHN, "groups": "dba"}
_texts = st.none() | st.text(max_size=6)
contexts = st.fixed_dictionaries(
    {"authentication": st.sampled_from([*VOUCHED, "", "none", None])},
    optional={
        **{name: st.just(said) | _texts for name, said in SOMEBODY.items()},
        **dict.fromkeys(ALWAYS, _texts),
        "apiKey": st.just(API_KEY),
        "userId": _texts,
        "principal": st.just(ROLE_SESSION),
        "caller": _texts,
        "user": _texts,
        "cognitoIdentityId": _texts,
    },
)
"""Everything that API Gateway's context may say in any mode, and what it never says."""


def test_the_modes_here_are_all_that_there_are() -> None:
    assert set(VOUCHED) == set(Authentication)


@given(contexts)
def test_what_a_mode_does_not_vouch_for_is_never_taken(said: dict[str, Any]) -> None:
    mode = said["authentication"]
    identity = caller_identity(said)
    taken = {name for name in (*ALWAYS, *VOUCHED.get(mode, ())) if said.get(name)}
    groups = {"groups"} if mode == "cognito" and re.search(r"[^\s,\[\]]", said.get("groups") or "") else set()
    assert identity.keys() - groups == {"userId", "principal", "authentication"} | taken
    assert {name: identity[name] for name in taken} == {name: said[name] for name in taken}
    trusted = {name: value for name, value in said.items() if name in ("authentication", *taken, *groups)}
    assert caller_identity(trusted) == identity


@given(contexts)
def test_a_principal_is_of_what_its_mode_vouches_for_or_nobodys(said: dict[str, Any]) -> None:
    identity = caller_identity(said)
    told = {name: value for name, value in said.items() if value}
    expected = {
        "iam": told.get("userArn"),
        "api_key": f"apikey:{told['apiKeyId']}" if "apiKeyId" in told else None,
        "cognito": f"{told['issuer'].removeprefix('https://')}/{told['sub']}"
        if {"sub", "issuer"} <= set(told)
        else None,
    }.get(said["authentication"])
    assert identity["principal"] == (expected or ANONYMOUS)
    assert expected or identity["userId"] == ANONYMOUS


@given(contexts, st.permutations(sorted(VOUCHED)))
def test_callers_of_two_modes_are_never_one(said: dict[str, Any], modes: list[str]) -> None:
    """Even if the platform says the same of both."""
    first, second = (principal_of(caller_identity({**said, "authentication": mode})) for mode in modes[:2])
    assert first != second or first == ANONYMOUS


@pytest.mark.parametrize(
    ("mode", "name"), [(mode, name) for mode, names in VOUCHED.items() for name in (*ALWAYS, *names)]
)
@pytest.mark.parametrize(("length", "kept"), [(1_023, 1_023), (1_024, 1_024), (1_025, 1_024), (10_000, 1_024)])
def test_nothing_in_an_identity_is_longer_than_it_may_be(mode: str, name: str, length: int, kept: int) -> None:
    assert caller_identity({"authentication": mode, name: "x" * length})[name] == "x" * kept


def test_two_users_are_two_however_long_the_path_to_both() -> None:
    """A path has up to 512 characters, a name 64: a shortened ARN must keep the name, and not make another one.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
    """
    for length in range(470, 505):
        path = f"{'p' * length}/jane/".ljust(510, "x") + "/"
        users = [f"arn:aws-us-gov:iam::{ACCOUNT}:user/{path}{name.ljust(64, 'z')}" for name in ("mallory", "eve")]
        callers = [caller_identity({"authentication": "iam", "userArn": arn}) for arn in users]
        assert [principal_of(caller) for caller in callers] == users
        assert f"arn:aws-us-gov:iam::{ACCOUNT}:user/jane" not in names_of(callers[0]) | names_of(callers[1])


@pytest.mark.parametrize(
    ("claim", "groups"),
    [
        ("a", ["a"]),
        ("a,b", ["a", "b"]),
        ("[a b]", ["a", "b"]),
        ("[a, b]", ["a", "b"]),
        ("[a]", ["a"]),
        ("eu-west-1_Abc_Google,dba", ["eu-west-1_Abc_Google", "dba"]),
        ("a,,b,", ["a", "b"]),
        ("[]", None),
        ("", None),
        (" ", None),
        (None, None),
    ],
)
def test_the_groups_of_a_token(claim: str | None, groups: list[str] | None) -> None:
    identity = caller_identity({"authentication": "cognito", **JOHN, "groups": claim})
    assert identity.get("groups") == groups
    assert names_of(identity) == {COGNITO_USER, *(f"group:{group}" for group in groups or [])}


def test_a_group_that_cognito_cannot_have_is_left_out_whole() -> None:
    """Shortened, it could be another group's name."""
    longest, too_long = "g" * 128, "g" * 129
    identity = caller_identity({"authentication": "cognito", **JOHN, "groups": f"{too_long},{longest},dba"})
    assert identity["groups"] == [longest, "dba"]


def test_a_user_is_in_no_more_groups_than_cognito_allows() -> None:
    claim = ",".join(f"group-{number}" for number in range(101))
    assert caller_identity({"authentication": "cognito", **JOHN, "groups": claim})["groups"] == claim.split(",")[:100]


@given(st.lists(st.from_regex(r"[A-Za-z0-9_.:@+-]{1,12}", fullmatch=True), max_size=5), st.booleans())
def test_groups_are_read_as_they_were_listed(groups: list[str], bracketed: bool) -> None:
    claim = f"[{' '.join(groups)}]" if bracketed else ",".join(groups)
    assert caller_identity({"authentication": "cognito", **JOHN, "groups": claim}).get("groups", []) == groups


@given(contexts)
def test_a_name_in_the_settings_is_never_a_callers_own_word(said: dict[str, Any]) -> None:
    """Groups come from Cognito alone, and a direct start is none of the API's callers."""
    names = names_of(caller_identity(said))
    assert "states:StartExecution" not in names
    assert said["authentication"] == "cognito" or not any(name.startswith("group:") for name in names)
    assert said["authentication"] == "api_key" or not any(name.startswith("apikey:") for name in names)


def claims(**more: Any) -> dict[str, Any]:
    return {"sub": "8a1f", "iss": ISSUER, **more}


@pytest.mark.parametrize(
    ("event", "same"),
    [
        (a_proxy_event(), a_context()),
        (
            a_proxy_event("an-operation", "iam", userArn=ROLE_SESSION, accountId=ACCOUNT),
            a_context(authentication="iam", userArn=ROLE_SESSION, accountId=ACCOUNT),
        ),
        (
            a_proxy_event("an-operation", "cognito", claims(**{"cognito:username": "jd", "cognito:groups": "dba,x"})),
            a_context(authentication="cognito", sub="8a1f", issuer=ISSUER, username="jd", groups="dba,x"),
        ),
        (
            a_proxy_event("an-operation", "cognito", claims(username="jd")),
            a_context(authentication="cognito", sub="8a1f", issuer=ISSUER, username="jd"),
        ),
        (
            a_proxy_event("an-operation", "cognito", claims(**{"cognito:username": "jd", "username": "ceo"})),
            a_context(authentication="cognito", sub="8a1f", issuer=ISSUER, username="jd"),
        ),
        (a_proxy_event("an-operation", "none"), a_context(authentication="none")),
        (
            a_proxy_event("an-operation", "iam", claims(), userArn=ROLE_SESSION),
            a_context(authentication="iam", userArn=ROLE_SESSION),
        ),
    ],
)
def test_a_caller_is_the_same_at_both_doors(event: dict[str, Any], same: dict[str, Any]) -> None:
    """GET recognises the sender of the POST."""
    assert proxy_identity(event) == caller_identity(same)


@pytest.mark.parametrize("variables", [None, {}, {"authentication": ""}])
def test_a_stage_that_does_not_say_how_it_authenticates_vouches_for_nobody(variables: dict[str, str] | None) -> None:
    event = a_proxy_event(userArn=ROLE_SESSION) | {"stageVariables": variables}
    assert principal_of(proxy_identity(event)) == ANONYMOUS


@pytest.mark.parametrize("authorizer", [None, {}, {"claims": None}, {"principalId": "x"}])
def test_an_event_without_claims_is_of_no_cognito_user(authorizer: dict[str, Any] | None) -> None:
    event = a_proxy_event("an-operation", "cognito")
    event["requestContext"]["authorizer"] = authorizer
    assert principal_of(proxy_identity(event)) == ANONYMOUS


@given(contexts, _texts, _texts)
def test_the_ids_of_a_request_say_nothing_of_who_sent_it(said: dict[str, Any], first: str, second: str) -> None:
    """The client chooses one of them."""
    callers = [caller_identity({**said, "requestId": text, "extendedRequestId": text}) for text in (first, second)]
    for name in ("userId", "principal"):
        assert callers[0][name] == callers[1][name]
    assert names_of(callers[0]) == names_of(callers[1])


CLAIMED = {"authentication": "iam", "userArn": ROLE_SESSION, "apiKeyId": "k9", **JOHN, "groups": "auditors"}


@given(
    st.sampled_from([*VOUCHED, ""]),
    st.dictionaries(st.sampled_from(sorted(SOMEBODY)), st.sampled_from([None, "x", API_KEY, ROLE_SESSION])),
    st.none() | st.dictionaries(st.sampled_from(["sub", "iss", "username", "cognito:groups"]), st.just("x")),
    st.dictionaries(st.sampled_from(sorted(CLAIMED)), st.sampled_from(sorted(map(str, CLAIMED.values())))),
)
def test_a_request_says_nothing_of_its_caller_and_the_keys_value_is_kept_nowhere(
    mode: str, identity: dict[str, Any], token: dict[str, Any] | None, typed: dict[str, str]
) -> None:
    """Headers and query are the caller's own words; `requestContext.identity.apiKey` is the secret itself."""
    identity = {name: value for name, value in identity.items() if value != API_KEY}
    event = a_proxy_event("an-operation", mode, token, **identity)
    known = proxy_identity(event)
    assert API_KEY not in json.dumps(known)
    event["headers"] |= typed
    event["multiValueHeaders"] |= {name: [value] for name, value in typed.items()}
    event["queryStringParameters"] = typed
    event["body"] = json.dumps(typed)
    assert proxy_identity(event) == known
    del event["headers"], event["multiValueHeaders"], event["requestContext"]["identity"]["apiKey"]
    assert proxy_identity(event) == known


@pytest.mark.parametrize(
    ("arn", "name"),
    [
        (ROLE_SESSION, ROLE),
        (f"arn:aws:sts::{ACCOUNT}:assumed-role/Dba/a/b", ROLE),
        (f"arn:aws-cn:sts::{ACCOUNT}:assumed-role/Dba/jane", f"arn:aws-cn:iam::{ACCOUNT}:role/Dba"),
        (
            f"arn:aws:sts::{ACCOUNT}:assumed-role/AWSReservedSSO_Dba_0123abcd/john.doe@example.com",
            f"arn:aws:iam::{ACCOUNT}:role/AWSReservedSSO_Dba_0123abcd",
        ),
        (
            f"arn:aws:iam::{ACCOUNT}:role/aws-reserved/sso.amazonaws.com/eu-west-1/AWSReservedSSO_Dba_0123abcd",
            f"arn:aws:iam::{ACCOUNT}:role/AWSReservedSSO_Dba_0123abcd",
        ),
        (f"arn:aws:iam::{ACCOUNT}:role/team/Dba", ROLE),
        (ROLE, ROLE),
        (USER, f"arn:aws:iam::{ACCOUNT}:user/jane"),
        (f"arn:aws:iam::{ACCOUNT}:user/jane", f"arn:aws:iam::{ACCOUNT}:user/jane"),
        (f"arn:aws:iam::{ACCOUNT}:root", f"arn:aws:iam::{ACCOUNT}:root"),
        (f"arn:aws:sts::{ACCOUNT}:federated-user/jane", f"arn:aws:sts::{ACCOUNT}:federated-user/jane"),
        ("apikey:k1", "apikey:k1"),
        (COGNITO_USER, COGNITO_USER),
        ("states:StartExecution", "states:StartExecution"),
        ("group:dba/team", "group:dba/team"),
        ("anonymous", "anonymous"),
    ],
)
def test_the_role_or_user_behind_an_arn(arn: str, name: str) -> None:
    assert iam_name(arn) == name
    assert iam_name(name) == name


_account_ids = st.text("0123456789", min_size=12, max_size=12)
_iam_names = st.from_regex(re.compile(r"[\w+=,.@-]{1,20}", re.ASCII), fullmatch=True)
_paths = st.lists(st.from_regex(r"[!-.0-~]{1,6}", fullmatch=True), max_size=3).map(
    lambda parts: "".join(f"{part}/" for part in parts)
)


@given(_account_ids, _paths, _iam_names, _iam_names)
@example("123456789012", ":role/x/", "Dba", "jane")
def test_a_session_is_known_by_its_role_and_by_no_other(account: str, path: str, role: str, session: str) -> None:
    """Whatever the role's path, which a session's ARN lacks."""
    behind = iam_name(f"arn:aws:sts::{account}:assumed-role/{role}/{session}")
    assert behind == iam_name(f"arn:aws:iam::{account}:role/{path}{role}") == f"arn:aws:iam::{account}:role/{role}"
    assert iam_name(f"arn:aws:iam::{account}:user/{path}{role}") == f"arn:aws:iam::{account}:user/{role}"


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:24]


STS = re.compile(r"[A-Za-z0-9_+=,.@-]{2,64}")
"""https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html (SourceIdentity, RoleSessionName)"""


near_names = st.text("aé/:=0f日 \n", min_size=60, max_size=90) | st.from_regex(
    r"[a=é]{0,41}=[0-9a-f]{23,25}", fullmatch=True
)
texts = st.text(max_size=100) | near_names


@given(texts)
@example("")
@example("x")
@example("é")
@example("a\n")
@example("a" * 64 + "\n")
def test_any_name_becomes_one_that_sts_takes(text: str) -> None:
    assert STS.fullmatch(session_name(text))
    assert session_name(text) == source_identity({"userId": text})


def spoiled(text: str) -> st.SearchStrategy[str]:
    """Return texts to which a careless rule would give the same name: cut, replaced, padded, or equal to the result."""
    return st.sampled_from(
        [
            text[-64:],
            text[:64],
            "x" + text,
            text + "x",
            text + "-",
            text[:1],
            re.sub(r"[^\w+=,.@-]", "-", text, flags=re.ASCII),
            re.sub(r"[^\w+=,.@-]", "-", text, flags=re.ASCII)[-64:],
            text.replace("/", ":"),
            text.casefold(),
            session_name(text),
            session_name(session_name(text)),
        ]
    )


@given(texts.flatmap(lambda text: st.tuples(st.just(text), spoiled(text) | texts)))
def test_two_texts_never_have_the_same_name(pair: tuple[str, str]) -> None:
    first, second = pair
    assume(first != second)
    assert session_name(first) != session_name(second)


@given(st.text("abcXYZ019_+=,.@-", min_size=2, max_size=64))
def test_a_name_that_sts_takes_is_kept(text: str) -> None:
    assume(not re.fullmatch(r".*=[0-9a-f]{24}", text))
    assert session_name(text) == text


def test_a_name_that_looks_made_is_not_kept() -> None:
    """Otherwise those who choose their session's name could choose the one made for somebody else."""
    made = session_name("apikey:k1")
    assert session_name(made) != made


@given(contexts)
def test_any_caller_has_a_source_identity(said: dict[str, Any]) -> None:
    assert STS.fullmatch(source_identity(caller_identity(said)))
    assert STS.fullmatch(source_identity(direct_start("arn:x")))


@pytest.mark.parametrize(
    ("user_id", "name"),
    [
        ("john.doe@example.com", "john.doe@example.com"),
        ("apikey:k1", f"apikey-k1={digest('apikey:k1')}"),
        ("states:StartExecution", f"states-StartExecution={digest('states:StartExecution')}"),
        (f"arn:aws:iam::{ACCOUNT}:root", f"arn-aws-iam--{ACCOUNT}-root={digest(f'arn:aws:iam::{ACCOUNT}:root')}"),
        ("Jürgen", f"J-rgen={digest('Jürgen')}"),
        ("x", f"x={digest('x')}"),
        ("a" * 65, f"{'a' * 39}={digest('a' * 65)}"),
    ],
)
def test_the_person_as_cloudtrail_will_name_them(user_id: str, name: str) -> None:
    assert source_identity({"userId": user_id}) == name


@given(identifiers, st.sampled_from(sorted(OPERATIONS)), st.uuids(), st.uuids())
def test_operations_are_told_apart_by_the_names_of_their_sessions(
    instance_id: str, operation: str, first: object, second: object
) -> None:
    assume(first != second)
    long = (instance_id.lower() + "x" * SNAPSHOT_ID_LENGTH)[:63]
    for instance in (instance_id.lower(), long):
        ids = [operation_id(operation, instance, str(request)) for request in (first, second)]
        names = [session_name(name) for name in ids]
        assert names[0] != names[1]
        assert all(session in (name, f"{name[:39]}={digest(name)}") for name, session in zip(ids, names, strict=True))
