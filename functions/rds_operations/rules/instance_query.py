"""What a caller asks of instances: the query string of `GET /instances` and `GET /instances/{instance_id}`, checked."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rds_operations.model.place import is_account, is_region
from rds_operations.model.refusals import Refusal, bad_request, invalid_parameter
from rds_operations.rules.classification import Environment
from rds_operations.rules.validation import quoted

MOST, USUAL = 100, 25
"""Instances of a page: at most, and where `limit` does not say."""
_LONGEST = 2_048
_ENVIRONMENTS = [environment.value for environment in Environment]
_PLACE: dict[str, tuple[Callable[[str], bool], str]] = {
    "account_id": (is_account, "Invalid account_id. It is a string of 12 digits"),
    "region": (is_region, "Invalid region. It is a string such as eu-west-1"),
}
_LIST: dict[str, tuple[Callable[[str], bool], str]] = {
    **_PLACE,
    "environment": (_ENVIRONMENTS.__contains__, f"environment must be one of {', '.join(_ENVIRONMENTS)}"),
    "allowed": (("true", "false").__contains__, "allowed must be true or false"),
    "limit": (
        lambda text: bool(re.fullmatch("[1-9][0-9]?|100", text, re.ASCII)),
        f"limit must be a whole number from 1 to {MOST}",
    ),
    "next": (
        lambda text: text.isascii() and text.isprintable(),
        f"next must be one text of 1 to {_LONGEST:,} printable characters",
    ),
}


@dataclass(frozen=True)
class InstanceQuery:
    """Of `GET /instances`. What was not asked for is empty."""

    account_id: str = ""
    region: str = ""
    environment: str = ""
    allowed: str = ""
    limit: int = USUAL
    next: str = ""

    @property
    def filters(self) -> list[str]:
        return [self.account_id, self.region, self.environment, self.allowed]

    def fits(self, instance: Mapping[str, Any]) -> bool:
        allowed = "true" if instance["allowed"] else "false"
        return self.environment in ("", instance["environment"]) and self.allowed in ("", allowed)


def instance_query(parameters: Mapping[str, Sequence[str]]) -> InstanceQuery | Refusal:
    """Read the query string of the list, each name with all its values."""
    given = _checked(parameters, _LIST)
    if isinstance(given, Refusal):
        return given
    limit = int(given.pop("limit", USUAL))
    return InstanceQuery(**given, limit=limit)


def chosen_place(parameters: Mapping[str, Sequence[str]]) -> tuple[str, str] | Refusal:
    """Read that of one instance: the account and the Region, each empty where it is left open."""
    given = _checked(parameters, _PLACE)
    return given if isinstance(given, Refusal) else (given.get("account_id", ""), given.get("region", ""))


def _checked(
    parameters: Mapping[str, Sequence[str]], checks: Mapping[str, tuple[Callable[[str], bool], str]]
) -> dict[str, Any] | Refusal:
    if unknown := [quoted(name) for name in parameters if name not in checks]:
        return bad_request(f"Unknown query parameter {', '.join(unknown[:5])}. Allowed: {', '.join(checks)}")
    for name, values in parameters.items():
        is_sound, sentence = checks[name]
        if len(values) != 1 or not 0 < len(values[0]) <= _LONGEST or not is_sound(values[0]):
            return invalid_parameter(sentence)
    return {name: values[0] for name, values in parameters.items()}
