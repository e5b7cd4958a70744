"""The checks of a settings file. Each error says which setting is wrong, and what to write instead."""

from __future__ import annotations

import re
import string
from collections.abc import Mapping
from typing import Any

from rds_operations.model.identifiers import INSTANCE_ID_LENGTH, rds_identifier
from rds_operations.model.place import is_account, is_region
from rds_operations.operations import ALLOWED, OPERATIONS
from rds_operations.rules.classification import (
    ALLOWED_ENVIRONMENTS,
    FOLDED_TAG_NAMES,
    WORDS,
    Environment,
    environment_of,
    words_for,
    words_of,
)
from rds_operations.rules.identity import DIRECT_START, Authentication, iam_name
from rds_operations.rules.naming_patterns import whole_words
from rds_operations.rules.production_signs import says_production
from rds_operations.settings.callers import CallerSettings
from rds_operations.settings.gate import GateSettings
from rds_operations.settings.targets import Account
from stacks.name_patterns import NotPlain, can_be_found

_ENVIRONMENTS = ", ".join(sorted([*(e.value for e in ALLOWED_ENVIRONMENTS), Environment.PRODUCTION.value]))
_ALLOWED = sorted(environment.value for environment in ALLOWED_ENVIRONMENTS)
_NAMES_OF_ALL_KINDS = (*string.ascii_lowercase, "a1", "b-2", "orders-c3")
_TAG_NAME = re.compile(r"[\w .:/=+\-@]{1,128}", re.ASCII)
_EXTERNAL_ID = re.compile(r"[\w+=,.@:/\-]{2,1224}", re.ASCII)
_PRINCIPAL = re.compile(
    r"arn:aws[a-z\-]*:iam::[0-9]{12}:(role|user)/.+|group:[^\s,\[\]]+|apikey:[a-z0-9]+|" + DIRECT_START, re.ASCII
)
_PRINCIPALS = (
    "arn:aws:iam::<account>:role/<name>, arn:aws:iam::<account>:user/<name>, group:<Cognito group>, apikey:<key id> or "
    f"{DIRECT_START}"
)


class SettingsError(ValueError):
    """Say which setting is wrong, and what to write instead."""


def require(condition: object, sentence: str) -> None:
    if not condition:
        raise SettingsError(sentence)


def checked_gate(document: Mapping[str, Any], *, many_places: bool) -> GateSettings:
    """Check the gate's settings. `many_places`: the deployment serves more than its own account and Region."""
    names = document.get("environment_tag_names", ["Environment"])
    require(
        isinstance(names, list) and names and all(isinstance(name, str) and name for name in names),
        "environment_tag_names must be a list of tag names, with at least one",
    )
    _check_tag_names(names)
    _check_ignored_names(document.get("ignored_tag_names", []), document.get("environment_tag_names", []))
    words = _checked_words(document.get("environment_words", {}))
    for setting in ("instance_mappings", "account_mappings", "naming_patterns"):
        _check_mapping(setting, document.get(setting, {}), words)
    for instance in document.get("instance_mappings", {}):
        _check_mapped_instance(instance, many_places)
    for account in document.get("account_mappings", {}):
        require(is_account(account), f"account_mappings: {account!r} is not a 12-digit account id")
    for pattern, word in document.get("naming_patterns", {}).items():
        _check_pattern(pattern)
        if environment_of(word, words) in ALLOWED_ENVIRONMENTS:
            _check_whole_words(pattern)
    default = document.get("default_environment", "")
    require(isinstance(default, str), "default_environment must be text")
    if default:
        _check_environment("default_environment", default, words)
    require(isinstance(document.get("production_veto", False), bool), "production_veto must be true or false")
    return GateSettings.from_document(dict(document))


def _check_tag_names(names: list[str]) -> None:
    """Allow ASCII only: IAM compares names in any case, and does not document how for other letters."""
    for name in names:
        require(
            _TAG_NAME.fullmatch(name) and name == name.strip(),
            f"environment_tag_names: {name!r} is no tag name of 1 to 128 letters, digits, spaces or any of _.:/=+-@",
        )


def _check_ignored_names(ignored: Any, named: list[str]) -> None:
    """Allow shipped names only: others count only where `environment_tag_names` lists them."""
    known = ", ".join(sorted(FOLDED_TAG_NAMES))
    sound = isinstance(ignored, list) and all(
        isinstance(name, str) and name.casefold() in FOLDED_TAG_NAMES for name in ignored
    )
    require(sound, f"ignored_tag_names must be a list of {known}, in any case: other names count only where listed")
    folded = {name.casefold() for name in ignored}
    for name in named:
        require(
            name.casefold() not in folded,
            f"environment_tag_names has {name!r}, which ignored_tag_names ignores. Leave it out of one of them",
        )


def _checked_words(own: Any) -> dict[str, Environment]:
    require(isinstance(own, dict), "environment_words must be an object of words and what they mean")
    for word, meant in own.items():
        where = f"environment_words: {word!r}"
        require(
            _TAG_NAME.fullmatch(word) and word == word.strip(),
            f"{where} is no word of 1 to 128 letters, digits, spaces or any of _.:/=+-@",
        )
        require(word == word.lower(), f"{where}: write it in lower case; it counts in any")
        shipped = WORDS.get(word)
        require(shipped is None, f"{where} means {shipped} as shipped, and cannot be given another meaning")
        _check_environment(where, meant, WORDS)
    gate = GateSettings(environment_words=own)
    for word in own:
        _check_no_production(word, gate)
    return words_of(gate)


def _check_no_production(word: str, gate: GateSettings) -> None:
    """Refuse `prod2` or `shop-prod`: a reader takes them for production."""
    words = words_of(gate)
    production = frozenset(words_for({Environment.PRODUCTION}, gate))
    require(
        words[word] is Environment.PRODUCTION or not says_production(word, production),
        f"environment_words: {word!r} has a word of production in it, so it can mean nothing else. Only words that "
        "deny it can (nonprod, non-prod, pre-prod)",
    )


def _check_mapped_instance(instance: str, many_places: bool) -> None:
    """Require account and Region where there are several places: a name alone could mean the wrong database."""
    *place, name = instance.split("/")
    require(
        rds_identifier(name, INSTANCE_ID_LENGTH) == name,
        f"instance_mappings: {instance!r} does not end in a lower-case RDS instance identifier",
    )
    account, region = ([*place, None, None])[:2]
    whole = len(place) == 2 or (len(place) < 2 and not many_places)
    sound = (account is None or is_account(account)) and (region is None or is_region(region))
    require(
        whole and sound,
        f"instance_mappings: name the account and the Region of {instance!r}: 123456789012/eu-west-1/{name}",
    )


def _check_mapping(setting: str, mapping: Any, words: Mapping[str, Environment]) -> None:
    require(isinstance(mapping, dict), f"{setting} must be an object")
    for key, environment in mapping.items():
        _check_environment(f"{setting}: {key!r}", environment, words)


def _check_environment(where: str, environment: Any, words: Mapping[str, Environment]) -> None:
    known = isinstance(environment, str) and environment_of(environment, words) is not Environment.UNKNOWN
    sound = known and environment == environment.strip()
    require(sound, f"{where}: {environment!r} is not an environment. Use one of {_ENVIRONMENTS}")


def _check_pattern(pattern: str) -> None:
    try:
        re.compile(pattern, re.IGNORECASE)
    except re.error as error:
        raise SettingsError(f"naming_patterns: {pattern!r} is not a regular expression: {error}") from error
    try:
        found = can_be_found(pattern)
    except NotPlain as error:
        raise SettingsError(
            f"naming_patterns: {pattern!r} has {error}. Rewrite it without; otherwise it cannot be decided whether any "
            "identifier fits"
        ) from error
    require(
        found,
        f"naming_patterns: {pattern!r} can fit no instance: an identifier is a letter, then letters, digits and single "
        f"hyphens, does not end in a hyphen, and has at most {INSTANCE_ID_LENGTH} characters",
    )
    require(
        not all(re.search(pattern, name, re.IGNORECASE) for name in _NAMES_OF_ALL_KINDS),
        f"naming_patterns: {pattern!r} fits every instance. If that is meant, set default_environment",
    )


def _check_whole_words(pattern: str) -> None:
    try:
        re.compile(whole_words(pattern), re.IGNORECASE)
    except re.error as error:
        raise SettingsError(
            f"naming_patterns: {pattern!r} has flags at its start. Leave them out: patterns fit in any case"
        ) from error


def checked_callers(document: Mapping[str, Any]) -> CallerSettings:
    """Check `permissions`, `auditors` and `user_pool_client_ids`. Principals have no IAM path here."""
    permissions = document.get("permissions", {})
    require(isinstance(permissions, dict), "permissions must be an object of principals")
    for principal, grant in permissions.items():
        _check_principal("permissions", principal)
        _check_grant(principal, grant)
    auditors = document.get("auditors", [])
    require(isinstance(auditors, list), "auditors must be a list of principals")
    for principal in auditors:
        _check_principal("auditors", principal)
    clients = document.get("user_pool_client_ids", [])
    sound = isinstance(clients, list) and all(
        isinstance(item, str) and re.fullmatch(r"[\w+]{1,128}", item) for item in clients
    )
    require(sound, "user_pool_client_ids must be a list of app client ids")
    named = {iam_name(principal): grant for principal, grant in permissions.items()}
    require(len(named) == len(permissions), "permissions names a role twice, with and without its path")
    # A given pool has applications that are not ours; without a list, only the stack's own clients are let in.
    is_closed = clients or document.get("user_pool_arn")
    return CallerSettings(named, tuple(map(iam_name, auditors)), tuple(clients) if is_closed else None)


def checked_targets(document: Mapping[str, Any]) -> tuple[tuple[str, ...], dict[str, Account]]:
    regions = _checked_regions("regions", document.get("regions", []))
    accounts = document.get("accounts", {})
    require(isinstance(accounts, dict), "accounts must be an object of account ids")
    checked = {account_id: _checked_account(account_id, account) for account_id, account in accounts.items()}
    ids = [account.external_id for account in checked.values()]
    require(len(set(ids)) == len(ids), "accounts: two accounts have the same external_id; give each its own")
    return regions, checked


def checked_authentication(value: Any) -> tuple[str, ...]:
    known = ", ".join(Authentication)
    require(
        isinstance(value, list) and value and len(set(map(str, value))) == len(value),
        f"authentication must be a list of {known}, each once",
    )
    for mode in value:
        require(mode in list(Authentication), f"authentication: {mode!r} is not one of {known}")
    return tuple(value)


def _check_principal(setting: str, principal: Any) -> None:
    sound = isinstance(principal, str) and _PRINCIPAL.fullmatch(principal)
    require(sound, f"{setting}: {principal!r} is no principal. Use {_PRINCIPALS}")


def _check_grant(principal: str, grant: Any) -> None:
    where = f"permissions: {principal!r}"
    require(isinstance(grant, dict), f"{where} must be an object with operations and environments, or empty for all")
    unknown = sorted(set(grant) - {"operations", "environments"})
    require(not unknown, f"{where}: unknown {', '.join(unknown)}. Use operations and environments")
    for name, known, words in (("operations", OPERATIONS, ALLOWED), ("environments", _ALLOWED, ", ".join(_ALLOWED))):
        given = grant.get(name, [])
        sound = isinstance(given, list) and all(isinstance(item, str) and item in known for item in given)
        require(sound, f"{where}: {name} must be a list of {words}")


def _checked_account(account_id: str, account: Any) -> Account:
    where = f"accounts: {account_id!r}"
    require(is_account(account_id), f"{where} is not a 12-digit account id")
    require(
        isinstance(account, dict) and set(account) == {"external_id", "regions"},
        f"{where} must have external_id and regions, and nothing else",
    )
    external_id = account["external_id"]
    require(
        isinstance(external_id, str) and _EXTERNAL_ID.fullmatch(external_id),
        f"{where}: external_id must be 2 to 1224 letters, digits or any of _+=,.@:/-",
    )
    regions = _checked_regions(f"{where}: regions", account["regions"])
    require(regions, f"{where}: regions must name at least one Region")
    return Account(external_id, regions)


def _checked_regions(where: str, regions: Any) -> tuple[str, ...]:
    sound = isinstance(regions, list) and all(isinstance(item, str) and is_region(item) for item in regions)
    require(sound, f"{where} must be a list of Regions such as eu-west-1")
    require(len(set(regions)) == len(regions), f"{where} names a Region twice")
    return tuple(regions)
