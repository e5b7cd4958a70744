"""The sizes of a synthesised template with its longest values on AWS: a deployment that is too large would fail
halfway.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from rds_operations.model.place import LONGEST_REGION
from stacks.policy_sizes import MOST_ATTACHED, MOST_INLINE, MOST_MANAGED, MOST_TRUST, characters
from stacks.setting_checks import require

Document = dict[str, Any]
MOST_IN_A_REQUEST = 51_200
"""Bytes of a template that is sent with a call (`--template-body`), as for StackSets.
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html
"""
_PSEUDO = {"AWS::Partition": "aws-us-gov", "AWS::AccountId": "0" * 12, "AWS::Region": "r" * LONGEST_REGION}
_ARN = "a" * 150
"""Longer than any ARN in the stacks."""
_NAMES = "Use fewer or shorter environment_tag_names or environment_words, or fewer regions"
_ACCOUNTS = "Use fewer accounts"
_BOTH = "Use fewer accounts, or fewer or shorter environment_tag_names or environment_words"
_EXTERNAL_ID = "Use a shorter external_id"


def check_policies(template: Document) -> None:
    """Raise a SettingsError where a role's policies are too large for IAM."""
    for role, item in template["Resources"].items():
        if item["Type"] != "AWS::IAM::Role":
            continue
        advice = _NAMES if role.startswith("ActingRole") else _ACCOUNTS
        inline = [characters(document) for document in _attached(template, role, "AWS::IAM::Policy")]
        managed = [characters(document) for document in _attached(template, role, "AWS::IAM::ManagedPolicy")]
        trust = _longest(template, item["Properties"]["AssumeRolePolicyDocument"])
        _fits(f"The policies of {role}", sum(inline), MOST_INLINE, advice)
        _fits(f"A managed policy of {role}", max(managed, default=0), MOST_MANAGED, advice)
        _fits(f"The trust policy of {role}", characters(trust), MOST_TRUST, _EXTERNAL_ID)
        require(
            len(managed) <= MOST_ATTACHED,
            f"{role} would have {len(managed)} managed policies, and IAM takes {MOST_ATTACHED}. {advice}",
        )


def check_body(template: Path) -> None:
    """Raise a SettingsError where the template is too large for StackSets."""
    _fits(f"The template {template.name}", template.stat().st_size, MOST_IN_A_REQUEST, _BOTH)


def _fits(what: str, size: int, most: int, advice: str) -> None:
    require(size <= most, f"{what} would have {size:,} characters, and AWS takes {most:,}. {advice}")


def _attached(template: Document, role: str, kind: str) -> Iterator[Document]:
    for item in template["Resources"].values():
        if item["Type"] == kind and {"Ref": role} in item["Properties"]["Roles"]:
            yield _longest(template, item["Properties"]["PolicyDocument"])


def _longest(template: Document, value: Any) -> Any:
    """Return the longest value that CloudFormation can make of it. Raises NotImplementedError for unknown functions."""
    if isinstance(value, list):
        return [_longest(template, item) for item in value]
    if not isinstance(value, dict):
        return value
    if len(value) != 1 or not (name := next(iter(value))).startswith(("Ref", "Fn::")):
        return {key: _longest(template, item) for key, item in value.items()}
    return _resolved(template, name, value[name])


def _resolved(template: Document, function: str, argument: Any) -> Any:
    match function:
        case "Ref":
            return _PSEUDO.get(argument) or _parameter(template, argument) or _ARN
        case "Fn::Join":
            return argument[0].join(_longest(template, part) for part in argument[1])
        case "Fn::GetAtt":
            return _ARN
        case "Fn::FindInMap":
            entries = template["Mappings"][argument[0]].values()
            return max((entry[argument[2]] for entry in entries), key=characters)
        case _:
            raise NotImplementedError(function)


def _parameter(template: Document, name: str) -> str:
    """Return an empty text for a resource's name."""
    length: int = template.get("Parameters", {}).get(name, {}).get("MaxLength", 0)
    return "p" * length
