"""What fits into IAM, STS and CloudFormation is deployed; synthesis refuses the rest with a sentence.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from rds_operations.model.place import LONGEST_REGION, Place
from rds_operations.model.request import OperationRequest
from rds_operations.operations import OPERATIONS
from rds_operations.rules.session_policy import session_policy
from rds_operations.settings.gate import GateSettings
from stacks.acting_role_policy import ResourceScope, denies
from stacks.policy_sizes import in_managed_policies
from stacks.service_stack import ServiceStack
from stacks.setting_checks import SettingsError
from stacks.settings import Settings
from stacks.size_checks import check_body, check_policies
from stacks.target_account_stack import TargetAccountStack
from tests.infrastructure.conftest import ROOT, Document, Template, new_app
from tests.infrastructure.engines.concrete import Deployed

SERVICE, TARGET = "RdsOperations", "RdsOperationsTarget"
MOST_INLINE, MOST_MANAGED, MOST_ATTACHED, MOST_TRUST = 10_240, 6_144, 10, 2_048
MOST_OF_A_SESSION, MOST_OF_A_TEMPLATE = 2_048, 51_200
LONGEST_NAME = f"eu-{'w' * (LONGEST_REGION - 5)}-1"


def names(count: int, length: int) -> Document:
    return {"environment_tag_names": [str(number).rjust(length, "n") for number in range(count)], **accounts(2)}


def own_words(count: int, length: int) -> Document:
    words = {str(number).rjust(length, "w"): "test" for number in range(count)}
    return {"environment_words": words, **accounts(2)}


def accounts(count: int, regions: int = 1) -> Document:
    """Return accounts, each with one of the longest Region names, so that a target's role is no smaller than home's."""
    given = [LONGEST_NAME, *(f"eu-{'w' * 8}{chr(ord('a') + number)}-1" for number in range(regions - 1))]
    ids = [str(222200000000 + number) for number in range(count)]
    return {"accounts": {account: {"external_id": f"id-{account}", "regions": given} for account in ids}}


def external_id(length: int) -> Document:
    return {"accounts": {"222233334444": {"external_id": "x" * length, "regions": [LONGEST_NAME]}}}


GROWING: dict[str, Callable[[int], Document]] = {
    "names of 18 letters": lambda count: names(count, 18),
    "names of 128 letters": lambda count: names(count, 128),
    "own words": lambda count: own_words(count * 8, 18),
    "accounts": accounts,
    "accounts of many Regions": lambda count: accounts(min(count, 90), 26),
}
GROWING_AT_HOME = [GROWING["accounts"]]
"""With these, the service's own policies grow faster than a target's."""
USUAL: list[Document] = [{}, accounts(2), accounts(2, 26), external_id(1_224)]


def synthesised(folder: Path, document: Document, stacks: Sequence[str] = (SERVICE, TARGET)) -> list[Template]:
    settings = Settings.from_document(document)
    app = new_app(folder)
    kinds = {SERVICE: ServiceStack, **({TARGET: TargetAccountStack} if settings.accounts else {})}
    made = [name for name in kinds if name in stacks]
    for name in made:
        kinds[name](app, name, settings)
    app.synth()
    return [Template(folder / f"{name}.template.json") for name in made]


def checked(document: Document, folder: Path, stacks: Sequence[str] = (SERVICE, TARGET)) -> list[Template]:
    """Return the templates. Raises `SettingsError` where the service's own checks refuse one."""
    templates = synthesised(folder, document, stacks)
    for template in templates:
        check_policies(json.loads(template.path.read_text()))
        if template.path.stem.startswith(TARGET):
            check_body(template.path)
    return templates


def fits(document: Document, folder: Path, stacks: Sequence[str] = (SERVICE, TARGET)) -> bool:
    try:
        checked(document, folder, stacks)
    except SettingsError:
        return False
    return True


def largest(make: Callable[[int], Document], folder: Path, stacks: Sequence[str]) -> int:
    """Return the largest number that the checks accept."""
    low, high = 1, 128
    while high - low > 1:
        middle = (low + high) // 2
        fitting = fits(make(middle), folder / str(middle), stacks)
        low, high = (middle, high) if fitting else (low, middle)
    return low


def characters(policy: Document) -> int:
    """Count without white space."""
    return len(json.dumps(policy, separators=(",", ":")))


def assert_all_fit(templates: list[Template], document: Document) -> None:
    """Check in one of the accounts: in these tests all have Regions and ids of the same length."""
    account, parts = next(iter(document.get("accounts", {"222233334444": {"external_id": ""}}).items()))
    parameters = {"ServiceAccount": "1" * 12, "ServiceRegion": LONGEST_NAME, "ExternalId": parts["external_id"]}
    for template in templates:
        deployed = Deployed(template, account, LONGEST_NAME, parameters, partition="aws-us-gov")
        for role in (name for name, item in template.resources.items() if item["Type"] == "AWS::IAM::Role"):
            managed = [characters(policy) for policy in deployed.managed(role)]
            assert sum(map(characters, deployed.inline(role))) <= MOST_INLINE, role
            assert max(managed, default=0) <= MOST_MANAGED, role
            assert len(managed) <= MOST_ATTACHED, role
            assert characters(deployed.trust(role)) <= MOST_TRUST, role
        if template.path.stem.startswith(TARGET):
            assert template.path.stat().st_size <= MOST_OF_A_TEMPLATE


@pytest.mark.parametrize("document", USUAL, ids=["alone", "two accounts", "many Regions", "the longest external id"])
def test_every_policy_of_a_usual_deployment_fits(tmp_path: Path, document: Document) -> None:
    assert_all_fit(checked(document, tmp_path / "fitting"), document)


@pytest.mark.parametrize("make", GROWING.values(), ids=GROWING.keys())
def test_every_policy_of_the_largest_settings_fits(tmp_path: Path, make: Callable[[int], Document]) -> None:
    stacks = (SERVICE, TARGET) if make in GROWING_AT_HOME else (TARGET,)
    document = make(largest(make, tmp_path, stacks))
    assert_all_fit(checked(document, tmp_path / "fitting"), document)


def test_there_is_room_for_many_names(tmp_path: Path) -> None:
    """Otherwise a check that refuses everything would pass."""
    assert fits(names(30, 18), tmp_path / "names")
    assert fits(own_words(60, 18), tmp_path / "words")
    assert fits(accounts(60, 4), tmp_path / "accounts")


def test_in_several_policies_stands_what_stood_in_one() -> None:
    gate = GateSettings(environment_tag_names=tuple(names(60, 60)["environment_tag_names"]))
    statements = denies(ResourceScope("aws", "222233334444"), gate)
    policies = in_managed_policies(statements)
    assert len(policies) > 1
    assert [statement for policy in policies for statement in policy] == statements


def a_template(**documents: Any) -> Document:
    role = {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": documents.pop("trust", {})}}
    policies = {
        f"{kind}{number}": {
            "Type": f"AWS::IAM::{kind}",
            "Properties": {"PolicyDocument": document, "Roles": [{"Ref": "ActingRole"}]},
        }
        for kind, given in documents.items()
        for number, document in enumerate(given)
    }
    return {"Resources": {"ActingRole": role, **policies}}


def of(size: int) -> Document:
    return {"a": "x" * (size - len('{"a":""}'))}


@pytest.mark.parametrize(
    ("fitting", "too_large", "sentence"),
    [
        ({"Policy": [of(10_240)]}, {"Policy": [of(10_241)]}, "would have 10,241 characters, and AWS takes 10,240"),
        ({"Policy": [of(5_120)] * 2}, {"Policy": [of(5_121)] * 2}, "10,242 characters, and AWS takes 10,240"),
        ({"ManagedPolicy": [of(6_144)] * 10}, {"ManagedPolicy": [of(6_145)]}, "6,145 characters, and AWS takes 6,144"),
        ({"ManagedPolicy": [of(9)] * 10}, {"ManagedPolicy": [of(9)] * 11}, "11 managed policies, and IAM takes 10"),
        (
            {"trust": of(2_048)},
            {"trust": of(2_049)},
            "2,049 characters, and AWS takes 2,048. Use a shorter external_id",
        ),
    ],
    ids=["inline", "inline together", "managed", "attached", "trust"],
)
def test_one_character_or_policy_more_is_refused(fitting: Document, too_large: Document, sentence: str) -> None:
    check_policies(a_template(**fitting))
    with pytest.raises(SettingsError, match=sentence):
        check_policies(a_template(**too_large))


def test_what_is_known_on_deployment_alone_counts_at_its_longest() -> None:
    references = [{"Ref": f"AWS::{name}"} for name in ("Partition", "AccountId", "Region")]
    document = {
        "a": {"Fn::Join": [":", [*references, {"Ref": "Id"}]]},
        "b": {"Fn::FindInMap": ["Accounts", {"Ref": "AWS::AccountId"}, "Regions"]},
    }
    longest = {"a": f"aws-us-gov:{'1' * 12}:{LONGEST_NAME}:{'i' * 7}", "b": ["eu-west-1", "eu-central-1"]}
    more = {
        "Parameters": {"Id": {"MaxLength": 7}},
        "Mappings": {"Accounts": {"1": {"Regions": longest["b"]}, "2": {"Regions": ["eu-west-1"]}}},
    }
    for room in (0, 1):
        rest = of(MOST_INLINE - characters(longest) + room)
        template = a_template(Policy=[document, rest]) | more
        if room:
            with pytest.raises(SettingsError, match="10,241 characters"):
                check_policies(template)
        else:
            check_policies(template)


def test_a_template_that_no_call_can_hold_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "Any.template.json"
    file.write_text("x" * MOST_OF_A_TEMPLATE)
    check_body(file)
    file.write_text("x" * (MOST_OF_A_TEMPLATE + 1))
    with pytest.raises(SettingsError, match=r"51,201 characters, and AWS takes 51,200\. Use fewer accounts"):
        check_body(file)


NAMES_AND_WORDS = "Use fewer or shorter environment_tag_names or environment_words, or fewer regions"


@pytest.mark.parametrize(
    ("document", "words"),
    [
        (accounts(120), "Use fewer accounts"),
        (accounts(90, 26), "Use fewer accounts, or fewer or shorter environment_tag_names or environment_words"),
        (own_words(1000, 18), NAMES_AND_WORDS),
    ],
    ids=["accounts", "template", "words"],
)
def test_what_does_not_fit_says_what_to_shorten(tmp_path: Path, document: Document, words: str) -> None:
    with pytest.raises(SettingsError) as raised:
        checked(document, tmp_path)
    assert str(raised.value).endswith(words)


def test_the_app_says_what_to_shorten_and_stops(tmp_path: Path) -> None:
    document, words = names(60, 60), NAMES_AND_WORDS
    settings = tmp_path / "settings.json"
    settings.write_text(json.dumps(document))
    done = subprocess.run(
        [sys.executable, str(ROOT / "app.py")],
        cwd=tmp_path,
        env={
            "PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin",
            "CDK_CONTEXT_JSON": json.dumps({"settings": str(settings)}),
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    last = done.stderr.strip().splitlines()[-1]
    assert last.startswith("settings: ")
    assert last.endswith(words)


@pytest.mark.parametrize("operation", OPERATIONS)
def test_every_session_policy_fits_with_the_longest_names(operation: str) -> None:
    """https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html"""
    request = OperationRequest("operation-1", operation, "i" * 63, {"snapshot_id": "s" * 255})
    assert len(session_policy(request, Place("1" * 12, LONGEST_NAME), "aws-us-gov")) <= MOST_OF_A_SESSION
