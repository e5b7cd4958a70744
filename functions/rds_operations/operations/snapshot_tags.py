"""Tags of a snapshot: what RDS takes, and which of its instance's go with it."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from rds_operations.model.refusals import Refusal, invalid_parameter, not_supported

if TYPE_CHECKING:
    from mypy_boto3_rds.type_defs import DBInstanceTypeDef

Tags = dict[str, str]
OPERATION_TAG = "rds-operations:operation-id"
"""The tag by which a repeated Execute knows its own snapshot."""
# https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_Tagging.html
MOST_ON_A_RESOURCE = 50
MOST_TAGS = MOST_ON_A_RESOURCE - 1
"""In a request: one is the service's own."""
# https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_Tag.html
_LONGEST_KEY = 128
_LONGEST_VALUE = 256
_CATEGORIES = ("L", "Z", "N")
_SIGNS = frozenset("_.:/=+-@")
_RESERVED = ("aws:", "rds:")


def parse_tags(value: Any) -> list[dict[str, str]] | Refusal:
    if not isinstance(value, list):
        return invalid_parameter('tags must be a list of {"Key": "...", "Value": "..."}')
    if len(value) > MOST_TAGS:
        return invalid_parameter(f"tags has {len(value)} entries; at most {MOST_TAGS} are allowed")
    for tag in value:
        if problem := _tag_problem(tag):
            return invalid_parameter(problem)
    keys = [tag["Key"] for tag in value]
    if repeated := next((key for key in keys if keys.count(key) > 1), None):
        return invalid_parameter(f"tags names the key '{repeated}' more than once")
    return [{"Key": tag["Key"], "Value": tag["Value"]} for tag in value]


def tags_of_snapshot(instance: DBInstanceTypeDef, asked: Iterable[Mapping[str, str]]) -> Tags:
    """Return the tags to send, without the service's own. The request's win over the instance's.

    A call with any tag, and ours has one, switches off what `CopyTagsToSnapshot` asks of RDS: so it is done here.
    https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_Tagging.html#USER_Tagging.CopyTags
    """
    copied = instance.get("TagList", []) if instance.get("CopyTagsToSnapshot") else []
    own = {tag["Key"]: tag.get("Value", "") for tag in copied}
    wanted = {tag["Key"]: tag["Value"] for tag in asked}
    return {key: value for key, value in own.items() if _is_copied(key, value)} | wanted


def too_many_tags(instance: DBInstanceTypeDef, asked: Iterable[Mapping[str, str]]) -> Refusal | None:
    """Say by how many the instance's tags and the request's are more than a snapshot can have."""
    asked = list(asked)
    number = len(tags_of_snapshot(instance, asked))
    if number <= MOST_TAGS:
        return None
    return not_supported(
        f"Instance {instance['DBInstanceIdentifier']} copies its tags to its snapshots: with the {len(asked)} tags of "
        f"this request the snapshot would have {number}; at most {MOST_TAGS} are allowed. Send fewer tags."
    )


def _is_copied(key: str, value: str) -> bool:
    return key != OPERATION_TAG and not key.lower().startswith(_RESERVED) and not value.lower().startswith(_RESERVED)


def _tag_problem(tag: Any) -> str | None:
    if not isinstance(tag, dict) or set(tag) != {"Key", "Value"}:
        return 'Each tag must be {"Key": "...", "Value": "..."} with nothing else'
    key, value = tag["Key"], tag["Value"]
    if not isinstance(key, str) or not isinstance(value, str):
        return "The Key and the Value of a tag must be strings"
    return _text_problem(key, value)


def _text_problem(key: str, value: str) -> str | None:
    if not 1 <= len(key) <= _LONGEST_KEY or len(value) > _LONGEST_VALUE:
        return f"A tag's Key has 1 to {_LONGEST_KEY} characters, its Value at most {_LONGEST_VALUE}"
    if key.lower().startswith((*_RESERVED, "rds-operations:")):
        return "A tag's Key must not start with aws:, rds: or rds-operations:"
    if value.lower().startswith(_RESERVED):
        return "A tag's Value must not start with aws: or rds:"
    if not all(map(_is_tag_text, key + value)):
        return "A tag's Key and Value may have letters, digits, spaces and _ . : / = + - @"
    return None


def _is_tag_text(character: str) -> bool:
    r"""RDS's own pattern, `[\p{L}\p{Z}\p{N}_.:/=+\-@]`."""
    return character in _SIGNS or unicodedata.category(character).startswith(_CATEGORIES)
