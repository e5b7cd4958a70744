"""Which environment a database belongs to. First hit decides: tag, instance, account, name pattern, default.

Every doubt is `unknown`, and unknown is refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from rds_operations.gate_settings import GateSettings


class Environment(StrEnum):
    DEVELOPMENT = "development"
    TEST = "test"
    STAGING = "staging"
    POC = "poc"
    SANDBOX = "sandbox"
    PRODUCTION = "production"
    UNKNOWN = "unknown"


REPLICATION_SOURCE = "replication source"
UNREADABLE = "tags that could not be read"
NOTHING = "nothing"
"""The source of a verdict that no tag, mapping, pattern or default decided."""

ALLOWED_ENVIRONMENTS = frozenset(
    {Environment.DEVELOPMENT, Environment.TEST, Environment.STAGING, Environment.POC, Environment.SANDBOX}
)


@dataclass(frozen=True)
class Verdict:
    """`source` says what decided: `tag Env=dev`, `instance_mappings`, `naming_patterns ^dev-`, ...

    `disagreement` names a lower source that says production where a tag says otherwise; empty where none does.
    """

    environment: Environment
    source: str
    disagreement: str = ""

    @classmethod
    def from_document(cls, document: Mapping[str, str]) -> Verdict:
        return cls(Environment(document["environment"]), document["source"], document.get("disagreement", ""))

    def to_document(self) -> dict[str, str]:
        own = {"environment": self.environment.value, "source": self.source}
        return own | ({"disagreement": self.disagreement} if self.disagreement else {})

    @property
    def allowed(self) -> bool:
        return self.environment in ALLOWED_ENVIRONMENTS


def environment_of(value: str) -> Environment:
    """The environment that a tag's or a setting's word means; `unknown` for a word outside the table."""
    return WORDS.get(value.strip().lower(), Environment.UNKNOWN)


def classify(instance_id: str, account_id: str, tags: Mapping[str, str], settings: GateSettings) -> Verdict:
    by_tag = _by_tag(tags, settings.environment_tag_names)
    below = (
        _by_mapping("instance_mappings", f"{account_id}/{instance_id}", settings.instance_mappings)
        or _by_mapping("instance_mappings", instance_id, settings.instance_mappings),
        _by_mapping("account_mappings", account_id, settings.account_mappings),
        _by_pattern(instance_id, settings.naming_patterns),
    )
    if by_tag:
        return _weighed(by_tag, below, settings)
    return next((verdict for verdict in below if verdict), _by_default(settings.default_environment))


WORDS: dict[str, Environment] = {
    word: environment
    for environment, words in {
        Environment.PRODUCTION: "production prod prd live prod-dr production-dr dr",
        Environment.DEVELOPMENT: "development develop dev devel",
        Environment.TEST: "test testing tst qa sit integration",
        Environment.STAGING: "staging stg stage uat preprod pre-prod preproduction pre-production",
        Environment.POC: "poc proof-of-concept",
        Environment.SANDBOX: "sandbox sbx sand playground",
    }.items()
    for word in words.split()
}
FOLDED_TAG_NAMES = frozenset({"environment", "env", "environ", "stage"})
_MOST_RESTRICTIVE_FIRST = (Environment.PRODUCTION, Environment.UNKNOWN)


def _by_tag(tags: Mapping[str, str], names: Iterable[str]) -> Verdict | None:
    """The exact names in their order, then any spelling case; where two disagree, the most restrictive wins."""
    exact = [name for name in names if name in tags]
    folded = [name for name in sorted(tags) if name not in exact and name.strip().casefold() in FOLDED_TAG_NAMES]
    found = [Verdict(environment_of(tags[name]), f"tag {name}={tags[name]}") for name in exact + folded]
    return min(found, key=_restriction, default=None)


def _weighed(by_tag: Verdict, below: Iterable[Verdict | None], settings: GateSettings) -> Verdict:
    """A tag decides. Where a lower source says production, that is told; with `production_veto` it decides instead."""
    against = next((verdict for verdict in below if verdict and verdict.environment is Environment.PRODUCTION), None)
    if against is None or by_tag.environment is Environment.PRODUCTION:
        return by_tag
    told = f"{by_tag.source} says {by_tag.environment.value}, {against.source} says production"
    environment = Environment.PRODUCTION if settings.production_veto else by_tag.environment
    return Verdict(environment, by_tag.source, told)


def _restriction(verdict: Verdict) -> int:
    if verdict.environment in _MOST_RESTRICTIVE_FIRST:
        return _MOST_RESTRICTIVE_FIRST.index(verdict.environment)
    return len(_MOST_RESTRICTIVE_FIRST)


def _by_mapping(source: str, key: str, mapping: Mapping[str, str]) -> Verdict | None:
    return Verdict(environment_of(mapping[key]), f"{source} {key}") if key in mapping else None


def _by_pattern(instance_id: str, patterns: Mapping[str, str]) -> Verdict | None:
    """The first pattern, in the order of the settings, that is found anywhere in the identifier."""
    for pattern, environment in patterns.items():
        if re.search(pattern, instance_id):
            return Verdict(environment_of(environment), f"naming_patterns {pattern}")
    return None


def _by_default(default: str) -> Verdict:
    return Verdict(environment_of(default), "default_environment" if default else NOTHING)
