"""Which environment a database belongs to. First hit decides: tag, instance, account, name pattern, default.

Every doubt is `unknown`, and unknown is refused.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from rds_operations.model.place import Place
from rds_operations.rules.naming_patterns import fits
from rds_operations.rules.production_signs import production_sign, says_production
from rds_operations.settings.gate import GateSettings


class Environment(StrEnum):
    DEVELOPMENT = "development"
    TEST = "test"
    STAGING = "staging"
    POC = "poc"
    SANDBOX = "sandbox"
    PRODUCTION = "production"
    UNKNOWN = "unknown"


REPLICATION_SOURCE = "replication source"
READ_REPLICA = "read replica"
UNREADABLE = "tags that could not be read"
PADDED = "with spaces around the value"
NOTHING = "nothing"
"""The source of a verdict that no tag, mapping, pattern or default decided."""

ALLOWED_ENVIRONMENTS = frozenset(
    {Environment.DEVELOPMENT, Environment.TEST, Environment.STAGING, Environment.POC, Environment.SANDBOX}
)


@dataclass(frozen=True)
class Verdict:
    """`source` says what decided: `tag Env=dev`, `instance_mappings 111122223333/eu-west-1/orders`, ...

    `disagreement` is a sentence where another source says production. `disputed` where that makes it a refusal.
    """

    environment: Environment
    source: str
    disagreement: str = ""
    disputed: bool = False

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> Verdict:
        return cls(
            Environment(document["environment"]),
            document["source"],
            document.get("disagreement", ""),
            document.get("disputed", False),
        )

    def to_document(self) -> dict[str, Any]:
        document: dict[str, Any] = {"environment": self.environment.value, "source": self.source}
        document |= {"disagreement": self.disagreement} if self.disagreement else {}
        return document | ({"disputed": True} if self.disputed else {})

    @property
    def allowed(self) -> bool:
        return self.environment in ALLOWED_ENVIRONMENTS


UNCLASSIFIED = Verdict(Environment.UNKNOWN, "")
"""The verdict on an instance that nobody read, or that does not exist."""


def environment_of(value: str, words: Mapping[str, Environment] | None = None) -> Environment:
    """Return the environment that a tag's or a setting's word means; `unknown` for a word outside the table."""
    return (words or WORDS).get(value.strip().lower(), Environment.UNKNOWN)


def words_of(settings: GateSettings) -> dict[str, Environment]:
    """Return the built-in words and the deployment's own, which cannot give a built-in one another meaning."""
    return {word: environment_of(meant) for word, meant in settings.environment_words.items()} | WORDS


def words_for(environments: Set[Environment], settings: GateSettings) -> list[str]:
    """Return the words that mean one of these, in alphabetical order."""
    return sorted(word for word, meant in words_of(settings).items() if meant in environments)


def classify(instance_id: str, place: Place, tags: Mapping[str, str], settings: GateSettings) -> Verdict:
    """Decide by the first source that speaks. What a later one says against it, if that is production, is told; with
    `production_veto` it decides instead.

    Tags that are no environment tags come last, and say nothing but production. Where no environment tag decides, they
    need no veto.
    """
    words = words_of(settings)
    tagged = _strictest(of_tags(tags, settings))
    from_settings = (
        _by_instance(instance_id, place, settings.instance_mappings, words),
        _by_account(place.account_id, settings.account_mappings, words),
        _by_pattern(instance_id, settings.naming_patterns, words),
    )
    first, *later = [verdict for verdict in (tagged, *from_settings) if verdict] or [
        _by_default(settings.default_environment, words)
    ]
    sign = _by_sign(tags, settings)
    if not tagged:
        first = _weighed(first, sign, production_veto=True)
    return first if first.disputed else _weighed(first, [*later, *sign], settings.production_veto)


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
"""These count in any spelling case, and so do the configured names, since IAM compares all names that way."""
_MOST_RESTRICTIVE_FIRST = (Environment.PRODUCTION, Environment.UNKNOWN)


def of_tags(tags: Mapping[str, str], settings: GateSettings) -> list[Verdict]:
    """Return what each environment tag says: the exact names in their order, then any spelling. One whose name
    is ignored says nothing, unless it says production.
    """
    words, ignored = words_of(settings), ignored_names(settings)
    exact = [name for name in settings.environment_tag_names if name in tags]
    found = []
    for name in exact + _respelled(tags, exact, settings):
        if name.strip().casefold() not in ignored:
            found.append(_of_tag(name, tags[name], words))
        elif says_production(tags[name], _production(words)):
            found.append(Verdict(Environment.PRODUCTION, f"tag {name}={tags[name]}"))
    return found


def folded_names(settings: GateSettings) -> frozenset[str]:
    """Return the names of environment tags as they are compared, with the ignored ones."""
    return FOLDED_TAG_NAMES | {name.casefold() for name in settings.environment_tag_names}


def ignored_names(settings: GateSettings) -> frozenset[str]:
    """Return the ignored names as they are compared."""
    return frozenset(name.casefold() for name in settings.ignored_tag_names)


def _respelled(tags: Mapping[str, str], exact: list[str], settings: GateSettings) -> list[str]:
    folded = folded_names(settings)
    return [name for name in sorted(tags) if name not in exact and name.strip().casefold() in folded]


def _of_tag(name: str, value: str, words: Mapping[str, Environment]) -> Verdict:
    """IAM does not trim: it would deny what an allowed word with spaces around it lets through here."""
    environment, source = environment_of(value, words), f"tag {name}={value}"
    if environment in ALLOWED_ENVIRONMENTS and value != value.strip():
        return Verdict(Environment.UNKNOWN, f"{source}, {PADDED}")
    return Verdict(environment, source)


def _by_sign(tags: Mapping[str, str], settings: GateSettings) -> list[Verdict]:
    """Return another tag that says production, if there is one."""
    folded = folded_names(settings)
    others = {name: value for name, value in tags.items() if name.strip().casefold() not in folded}
    sign = production_sign(others, _production(words_of(settings)))
    return [Verdict(Environment.PRODUCTION, sign)] if sign else []


def _production(words: Mapping[str, Environment]) -> frozenset[str]:
    return frozenset(word for word, meant in words.items() if meant is Environment.PRODUCTION)


def _by_instance(
    instance_id: str, place: Place, mappings: Mapping[str, str], words: Mapping[str, Environment]
) -> Verdict | None:
    """Try the most exact key first: in this Region, in this account, by its name alone."""
    keys = (f"{place.account_id}/{place.region}/{instance_id}", f"{place.account_id}/{instance_id}", instance_id)
    return _strictest(_of_setting("instance_mappings", key, mappings[key], words) for key in keys if key in mappings)


def _by_account(account_id: str, mappings: Mapping[str, str], words: Mapping[str, Environment]) -> Verdict | None:
    return _of_setting("account_mappings", account_id, mappings[account_id], words) if account_id in mappings else None


def _by_pattern(instance_id: str, patterns: Mapping[str, str], words: Mapping[str, Environment]) -> Verdict | None:
    """All that fit. What would let an instance in must fit whole words; what refuses it may be found anywhere."""
    said = {pattern: _of_setting("naming_patterns", pattern, word, words) for pattern, word in patterns.items()}
    return _strictest(
        verdict for pattern, verdict in said.items() if fits(pattern, instance_id, anywhere=not verdict.allowed)
    )


def _of_setting(setting: str, key: str, word: str, words: Mapping[str, Environment]) -> Verdict:
    return Verdict(environment_of(word, words), f"{setting} {key}")


def _strictest(found: Iterable[Verdict]) -> Verdict | None:
    """Choose among what one source says: production, then unknown, then the first. Say what production overrules."""
    verdicts = list(found)
    winner = min(verdicts, key=_restriction, default=None)
    if winner is None or winner.environment is not Environment.PRODUCTION:
        return winner
    overruled = next((verdict for verdict in verdicts if verdict.environment is not Environment.PRODUCTION), None)
    return replace(winner, disagreement=_disagreement(overruled, winner)) if overruled else winner


def _weighed(first: Verdict, later: Iterable[Verdict], production_veto: bool) -> Verdict:
    against = next((verdict for verdict in later if verdict.environment is Environment.PRODUCTION), None)
    if against is None or first.environment is Environment.PRODUCTION:
        return first
    told = _disagreement(first, against)
    if production_veto:
        return Verdict(Environment.PRODUCTION, first.source, told, disputed=True)
    return replace(first, disagreement=told)


def _disagreement(one: Verdict, production: Verdict) -> str:
    if one.source == NOTHING:
        return f"{production.source} says production, and nothing says otherwise"
    return f"{one.source} says {one.environment.value}, {production.source} says production"


def _restriction(verdict: Verdict) -> int:
    if verdict.environment in _MOST_RESTRICTIVE_FIRST:
        return _MOST_RESTRICTIVE_FIRST.index(verdict.environment)
    return len(_MOST_RESTRICTIVE_FIRST)


def _by_default(default: str, words: Mapping[str, Environment]) -> Verdict:
    return Verdict(environment_of(default, words), "default_environment" if default else NOTHING)
