"""The settings file is checked before synthesis."""

import json
import subprocess
import sys
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from rds_operations.settings.gate import GateSettings
from stacks.setting_checks import SettingsError
from stacks.settings import FILE_ONLY_SETTINGS, KNOWN, SIMPLE_SETTINGS, Settings
from tests.infrastructure.conftest import ROOT
from tests.operation_cases import CASES

OTHER = {"external_id": "orders-7d1f", "regions": ["eu-west-1"]}
USER_POOL = "arn:aws:cognito-idp:eu-west-1:111122223333:userpool/eu-west-1_AbCdEf123"
BAD: dict[str, tuple[dict[str, Any], str]] = {
    "unknown key": ({"default_enviroment": "test"}, "Unknown setting default_enviroment. Known: "),
    "bad pattern": ({"naming_patterns": {"(": "test"}}, "naming_patterns: '(' is not a regular expression"),
    "pattern that fits all": ({"naming_patterns": {".*": "test"}}, "naming_patterns: '.*' fits every instance"),
    "empty pattern": ({"naming_patterns": {"": "test"}}, "naming_patterns: '' fits every instance"),
    "unknown environment": ({"account_mappings": {"123456789012": "blue"}}, "'blue' is not an environment. Use one of"),
    "bad default": ({"default_environment": "any"}, "default_environment: 'any' is not an environment"),
    "bad account": ({"account_mappings": {"123": "test"}}, "account_mappings: '123' is not a 12-digit account id"),
    "upper-case instance": (
        {"instance_mappings": {"Dev-1": "test"}},
        "'Dev-1' does not end in a lower-case RDS instance",
    ),
    "mapping is a list": ({"instance_mappings": []}, "instance_mappings must be an object"),
    "no tag names": (
        {"environment_tag_names": []},
        "environment_tag_names must be a list of tag names, with",
    ),
    "text for a number": ({"max_polls": "many"}, "max_polls must be a whole number, not 'many'"),
    "true for a number": ({"max_polls": True}, "max_polls must be a whole number, not True"),
    "zero polls": ({"max_polls": 0}, "max_polls must be 1 to 500"),
    "bad origin": ({"allowed_origin": "dashboard"}, "allowed_origin must be * or an origin"),
    "odd retention": ({"log_retention_days": 91}, "log_retention_days must be one of 30, 90"),
    "veto as text": ({"production_veto": "yes"}, "production_veto must be true or false"),
    "tag name that is no text": ({"environment_tag_names": [7]}, "environment_tag_names must be a list of tag names"),
    "tag name with spaces around it": (
        {"environment_tag_names": ["Env "]},
        "environment_tag_names: 'Env ' is no tag name of 1 to 128 letters",
    ),
    "tag name with a wildcard": ({"environment_tag_names": ["Env*"]}, "environment_tag_names: 'Env*' is no tag name"),
    "tag name with a variable": ({"environment_tag_names": ["${x}"]}, "environment_tag_names: '${x}' is no tag name"),
    "tag name beyond ASCII": ({"environment_tag_names": ["Größe"]}, "environment_tag_names: 'Größe' is no tag name"),
    "tag name too long": ({"environment_tag_names": ["x" * 129]}, "is no tag name of 1 to 128 letters"),
    "authentication as text": (
        {"authentication": "iam"},
        "authentication must be a list of iam, api_key, cognito, each",
    ),
    "no authentication": ({"authentication": []}, "authentication must be a list of iam, api_key, cognito, each once"),
    "one way twice": (
        {"authentication": ["iam", "iam"]},
        "authentication must be a list of iam, api_key, cognito, each",
    ),
    "unknown way": (
        {"authentication": ["iam", "oauth"]},
        "authentication: 'oauth' is not one of iam, api_key, cognito",
    ),
    "way that is no text": ({"authentication": [None]}, "authentication: None is not one of iam, api_key, cognito"),
    "user pool": (
        {"user_pool_arn": "eu-west-1_x"},
        "user_pool_arn must be the ARN of a Cognito user pool, or left out",
    ),
    "user pool without its clients": (
        {"user_pool_arn": USER_POOL},
        "user_pool_client_ids must name the app clients of user_pool_arn whose tokens are let in",
    ),
    "a domain prefix that AWS reserves": (
        {"console": {"domain_prefix": "my-aws-dbas"}},
        "console: domain_prefix must be 1 to 63 lower-case letters",
    ),
    "a domain for another's pool": (
        {"console": {"domain_prefix": "dbas"}, "user_pool_arn": USER_POOL, "user_pool_client_ids": ["abc"]},
        "console: domain_prefix is for a pool of the stack's own",
    ),
    "a pool's domain without a pool": (
        {"console": {"pool_domain": "https://login.example.com"}},
        "console: pool_domain is the domain of user_pool_arn",
    ),
    "a pool's domain with a path": (
        {"console": {"pool_domain": "https://login.example.com/"}, "user_pool_arn": USER_POOL},
        "console: pool_domain must be the URL of the pool's sign-in pages without a path",
    ),
    "a pool's domain that would be a policy of its own": (
        {"console": {"pool_domain": "https://a.example.com; script-src *"}, "user_pool_arn": USER_POOL},
        "console: pool_domain must be the URL",
    ),
    "a console that is no object": ({"console": True}, "console must be an object"),
    "an unknown setting of the console": ({"console": {"colour": "red"}}, "console: unknown colour. Known: "),
    "a console on by a text": ({"console": {"enabled": "no"}}, "console: enabled must be true or false"),
    "a title of two lines": ({"console": {"title": "RDS\nOperations"}}, "console: title must be 1 to 60 printable"),
    "a form that is a script": (
        {"console": {"cloudops_url": "javascript:alert(1)"}},
        "console: cloudops_url must be a URL",
    ),
    "a provider that is none": ({"console": {"identity_providers": []}}, "console: identity_providers must be a list"),
    "clients as text": ({"user_pool_client_ids": "abc"}, "user_pool_client_ids must be a list of app client ids"),
    "client that is none": ({"user_pool_client_ids": ["a b"]}, "user_pool_client_ids must be a list of app client ids"),
    "web ACL of CloudFront": (
        {"web_acl_arn": "arn:aws:wafv2:us-east-1:111122223333:global/webacl/x/1"},
        "web_acl_arn must be the ARN of a regional AWS WAF web ACL",
    ),
    "rate that AWS WAF refuses": (
        {"requests_per_address_in_five_minutes": 9},
        "requests_per_address_in_five_minutes must be 0 (no limit), or at least 10",
    ),
    "two web ACLs": (
        {
            "requests_per_address_in_five_minutes": 600,
            "web_acl_arn": "arn:aws:wafv2:eu-west-1:111122223333:regional/webacl/x/1",
        },
        "web_acl_arn and requests_per_address_in_five_minutes exclude each other: an API has one web ACL",
    ),
    "rate on the local cloud": (
        {"requests_per_address_in_five_minutes": 600, "stage": "local"},
        "requests_per_address_in_five_minutes needs AWS: the local cloud has no WAF",
    ),
    "no throttle": ({"throttle_rate_per_second": 0}, "throttle_rate_per_second must be at least 1"),
    "no throttle of live reads": (
        {"live_throttle_rate_per_second": 0},
        "live_throttle_rate_per_second must be at least 1",
    ),
    "no throttle of reads": ({"read_throttle_rate_per_second": 0}, "read_throttle_rate_per_second must be at least 1"),
    "permissions as a list": ({"permissions": []}, "permissions must be an object of principals"),
    "principal that is none": ({"permissions": {"john": {}}}, "permissions: 'john' is no principal. Use arn:aws:iam::"),
    "session as principal": (
        {"permissions": {"arn:aws:sts::111122223333:assumed-role/Dba/john": {}}},
        "permissions: 'arn:aws:sts::111122223333:assumed-role/Dba/john' is no principal",
    ),
    "whole account as principal": (
        {"permissions": {"arn:aws:iam::111122223333:root": {}}},
        "permissions: 'arn:aws:iam::111122223333:root' is no principal",
    ),
    "grant as a list": (
        {"permissions": {"group:dba": ["reboot_instance"]}},
        "permissions: 'group:dba' must be an object with operations and environments, or empty for all",
    ),
    "unknown part of a grant": (
        {"permissions": {"group:dba": {"operation": []}}},
        "permissions: 'group:dba': unknown operation. Use operations and environments",
    ),
    "unknown operation": (
        {"permissions": {"group:dba": {"operations": ["delete_instance"]}}},
        f"permissions: 'group:dba': operations must be a list of {', '.join(CASES)}",
    ),
    "operations as text": (
        {"permissions": {"group:dba": {"operations": "reboot_instance"}}},
        "permissions: 'group:dba': operations must be a list of",
    ),
    "grant for production": (
        {"permissions": {"group:dba": {"environments": ["production"]}}},
        "permissions: 'group:dba': environments must be a list of development, poc, sandbox, staging, test",
    ),
    "one role twice": (
        {
            "permissions": {
                "arn:aws:iam::111122223333:role/Dba": {},
                "arn:aws:iam::111122223333:role/team/Dba": {"operations": ["create_snapshot"]},
            }
        },
        "permissions names a role twice, with and without its path",
    ),
    "auditors as text": ({"auditors": "group:auditors"}, "auditors must be a list of principals"),
    "auditor that is none": ({"auditors": ["auditors"]}, "auditors: 'auditors' is no principal. Use"),
    "regions as text": ({"regions": "eu-west-1"}, "regions must be a list of Regions such as eu-west-1"),
    "region that is none": ({"regions": ["Ireland"]}, "regions must be a list of Regions such as eu-west-1"),
    "region longer than any": (
        {"regions": [f"eu-{'w' * 21}-1"]},
        "regions must be a list of Regions such as eu-west-1",
    ),
    "all regions": ({"regions": ["*"]}, "regions must be a list of Regions such as eu-west-1"),
    "one region twice": ({"regions": ["eu-west-1", "eu-west-1"]}, "regions names a Region twice"),
    "accounts as a list": ({"accounts": ["222233334444"]}, "accounts must be an object of account ids"),
    "account that is none": ({"accounts": {"2222": OTHER}}, "accounts: '2222' is not a 12-digit account id"),
    "account without external id": (
        {"accounts": {"222233334444": {"regions": ["eu-west-1"]}}},
        "accounts: '222233334444' must have external_id and regions, and nothing else",
    ),
    "account with a role": (
        {"accounts": {"222233334444": {**OTHER, "role": "Administrator"}}},
        "accounts: '222233334444' must have external_id and regions, and nothing else",
    ),
    "short external id": (
        {"accounts": {"222233334444": {**OTHER, "external_id": "x"}}},
        "accounts: '222233334444': external_id must be 2 to 1224 letters, digits or any of",
    ),
    "external id with a space": (
        {"accounts": {"222233334444": {**OTHER, "external_id": "a b"}}},
        "accounts: '222233334444': external_id must be 2 to 1224 letters, digits or any of",
    ),
    "external id of two accounts": (
        {"accounts": {"222233334444": OTHER, "333344445555": OTHER}},
        "accounts: two accounts have the same external_id; give each its own",
    ),
    "account without regions": (
        {"accounts": {"222233334444": {**OTHER, "regions": []}}},
        "accounts: '222233334444': regions must name at least one Region",
    ),
    "account with a region that is none": (
        {"accounts": {"222233334444": {**OTHER, "regions": ["eu"]}}},
        "accounts: '222233334444': regions must be a list of Regions such as eu-west-1",
    ),
    "instance without its account, where there are more": (
        {"instance_mappings": {"reporting-01": "test"}, "accounts": {"222233334444": OTHER}},
        "instance_mappings: name the account and the Region of 'reporting-01': 123456789012/eu-west-1/reporting-01",
    ),
    "instance without its Region, where there are more": (
        {"instance_mappings": {"111122223333/reporting-01": "test"}, "regions": ["eu-central-1"]},
        "instance_mappings: name the account and the Region of '111122223333/reporting-01': 123456789012/eu-west-1/",
    ),
    "instance without its Region, where there are more accounts": (
        {"instance_mappings": {"222233334444/reporting-01": "test"}, "accounts": {"222233334444": OTHER}},
        "instance_mappings: name the account and the Region of '222233334444/reporting-01'",
    ),
    "instance of a Region that is none": (
        {"instance_mappings": {"111122223333/Ireland/reporting-01": "test"}},
        "instance_mappings: name the account and the Region of '111122223333/Ireland/reporting-01'",
    ),
    "instance of more than a place": (
        {"instance_mappings": {"x/111122223333/eu-west-1/reporting-01": "test"}},
        "instance_mappings: name the account and the Region of 'x/111122223333/eu-west-1/reporting-01'",
    ),
    "pattern with what no identifier has": (
        {"naming_patterns": {"prod_": "production"}},
        "naming_patterns: 'prod_' can fit no instance: an identifier is a letter, then letters, digits",
    ),
    "pattern that looks around": (
        {"naming_patterns": {"prod(?=_)": "production"}},
        "naming_patterns: 'prod(?=_)' has lookaround. Rewrite it without; otherwise",
    ),
    "pattern of nothing": ({"naming_patterns": {"^$": "production"}}, "'^$' can fit no instance"),
    "pattern longer than an identifier": ({"naming_patterns": {".{64}": "test"}}, "'.{64}' can fit no instance"),
    "pattern that fits every letter": ({"naming_patterns": {".": "test"}}, "'.' fits every instance"),
    "environment with spaces": ({"naming_patterns": {"^o": " dev "}}, "naming_patterns: '^o': ' dev ' is not an env"),
    "default with a space": ({"default_environment": "dev "}, "default_environment: 'dev ' is not an environment"),
    "pattern where no identifier has it": ({"naming_patterns": {"-$": "test"}}, "'-$' can fit no instance"),
    "instance of an account that is none": (
        {"instance_mappings": {"12/reporting-01": "test"}},
        "instance_mappings: name the account and the Region of '12/reporting-01'",
    ),
    "ignored names as text": (
        {"ignored_tag_names": "Environment"},
        "ignored_tag_names must be a list of env, environ, environment, stage, in any case: other names count only",
    ),
    "ignored name that counts only where it is listed": (
        {"ignored_tag_names": ["Tier"]},
        "ignored_tag_names must be a",
    ),
    "ignored name with a space": ({"ignored_tag_names": ["Env "]}, "ignored_tag_names must be a list of env"),
    "ignored name that is listed": (
        {"ignored_tag_names": ["Stage"], "environment_tag_names": ["stage"]},
        "environment_tag_names has 'stage', which ignored_tag_names ignores. Leave it out of one of them",
    ),
    "words as a list": ({"environment_words": ["preview"]}, "environment_words must be an object of words"),
    "word with a space": (
        {"environment_words": {" preview": "test"}},
        "environment_words: ' preview' is no word of 1 to 128 letters, digits",
    ),
    "word with a wildcard": ({"environment_words": {"qa*": "test"}}, "environment_words: 'qa*' is no word"),
    "word that is empty": ({"environment_words": {"": "test"}}, "environment_words: '' is no word"),
    "word in upper case": (
        {"environment_words": {"Preview": "test"}},
        "environment_words: 'Preview': write it in lower case; it counts in any",
    ),
    "shipped word": (
        {"environment_words": {"dev": "test"}},
        "environment_words: 'dev' means development as shipped, and cannot be given another meaning",
    ),
    "production's word": ({"environment_words": {"prod": "test"}}, "environment_words: 'prod' means production"),
    "production's word in another case": ({"environment_words": {"PROD": "test"}}, "'PROD': write it in lower case"),
    "word of no environment": ({"environment_words": {"qa2": "blue"}}, "'qa2': 'blue' is not an environment"),
    "word of another own word": ({"environment_words": {"a": "test", "b": "a"}}, "'b': 'a' is not an environment"),
    **{
        f"production in {word}": (
            {"environment_words": {word: "test", "main": "production"}},
            f"environment_words: {word!r} has a word of production in it, so it can mean nothing else",
        )
        for word in ("prod2", "my-prod", "prod-like", "euprod", "2prod", "eu.live", "canon-prod", "dr-test", "main2")
    },
    "pattern with flags": ({"naming_patterns": {"(?i)^dev-": "dev"}}, "'(?i)^dev-' has flags at its start. Leave them"),
    "late watch too often": ({"late_watch_interval_seconds": 5}, "late_watch_interval_seconds must be 60 to 3600"),
    "late watch too long": ({"late_watch_max_polls": 2001}, "late_watch_max_polls must be 1 to 2000"),
}


@pytest.mark.parametrize(("document", "sentence"), BAD.values(), ids=BAD.keys())
def test_bad_settings_are_refused_with_a_sentence(tmp_path: Path, document: dict[str, Any], sentence: str) -> None:
    file = tmp_path / "settings.json"
    file.write_text(json.dumps(document))
    with pytest.raises(SettingsError) as error:
        Settings.load(file, {})
    assert sentence in str(error.value)


def test_missing_or_broken_file(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="cannot be read: No such file"):
        Settings.load(tmp_path / "none.json", {})
    broken = tmp_path / "broken.json"
    broken.write_text("{")
    with pytest.raises(SettingsError, match="is not JSON"):
        Settings.load(broken, {})


def test_a_setting_named_twice_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "settings.json"
    file.write_text('{"default_environment": "test", "default_environment": "poc"}')
    with pytest.raises(SettingsError, match="names default_environment twice"):
        Settings.load(file, {})


def test_context_overrides_the_file(tmp_path: Path) -> None:
    file = tmp_path / "settings.json"
    file.write_text('{"max_polls": 12, "naming_patterns": {"^dev-": "dev"}}')
    settings = Settings.load(file, {"max_polls": "40", "poll_interval_seconds": 45})
    assert (settings.max_polls, settings.poll_interval_seconds) == (40, 45)
    assert settings.longest_execution_seconds > 40 * 45
    assert settings.gate.naming_patterns == {"^dev-": "dev"}


def test_principals_are_kept_as_callers_show_them() -> None:
    """A session's ARN has no path."""
    document = {
        "permissions": {
            "arn:aws:iam::111122223333:role/teams/Dba": {"operations": ["create_snapshot"]},
            "apikey:a1": {},
        },
        "auditors": ["arn:aws:iam::111122223333:role/aws-reserved/sso.amazonaws.com/eu-west-1/Auditor", "group:audit"],
    }
    callers = Settings.from_document(document).callers
    assert dict(callers.permissions) == {
        "arn:aws:iam::111122223333:role/Dba": {"operations": ["create_snapshot"]},
        "apikey:a1": {},
    }
    assert callers.auditors == ("arn:aws:iam::111122223333:role/Auditor", "group:audit")


@pytest.mark.parametrize("places", [{}, {"regions": ["eu-central-1"]}, {"accounts": {"222233334444": OTHER}}])
def test_a_mapped_instance_may_name_its_account_and_its_region(places: dict[str, Any]) -> None:
    mapping = {"222233334444/eu-west-1/reporting-01": "test"}
    assert Settings.from_document({"instance_mappings": mapping, **places}).gate.instance_mappings == mapping


def test_where_there_is_one_place_a_name_will_do() -> None:
    mapping = {"reporting-01": "test", "111122223333/reporting-02": "test"}
    assert Settings.from_document({"instance_mappings": mapping}).gate.instance_mappings == mapping


def test_an_upper_case_pattern_is_taken() -> None:
    """Patterns match in any case."""
    patterns = {"^PROD-": "production"}
    assert Settings.from_document({"naming_patterns": patterns}).gate.naming_patterns == patterns


def test_safe_defaults() -> None:
    settings = Settings.from_document({})
    assert settings.authentication == ("iam",)
    assert (settings.regions, dict(settings.accounts)) == ((), {})
    assert settings.throttle_rate_per_second == 5
    assert settings.read_throttle_rate_per_second == 40


def test_every_setting_is_either_plain_or_reviewed() -> None:
    assert SIMPLE_SETTINGS | FILE_ONLY_SETTINGS == KNOWN
    callers = {"authentication", "permissions", "auditors", "user_pool_arn", "user_pool_client_ids"}
    assert callers | {"regions", "accounts"} <= FILE_ONLY_SETTINGS
    assert {item.name for item in fields(GateSettings)} <= FILE_ONLY_SETTINGS
    assert {"max_polls", "throttle_rate_per_second", "web_acl_arn"} <= SIMPLE_SETTINGS - FILE_ONLY_SETTINGS


def test_shipped_settings_classify_nothing_by_default() -> None:
    settings = Settings.load(ROOT / "settings" / "default.json", {})
    assert settings.gate.default_environment == ""
    assert settings.gate.naming_patterns == {}


def run_app(folder: Path, context: dict[str, str]) -> tuple[int, str]:
    done = subprocess.run(
        [sys.executable, str(ROOT / "app.py")],
        cwd=folder,
        env={
            "PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin",
            "CDK_CONTEXT_JSON": json.dumps(context),
        },
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stderr.strip().splitlines()[-1]


def test_the_app_says_what_is_wrong_and_stops(tmp_path: Path) -> None:
    status, words = run_app(tmp_path, {"settings": "nowhere.json"})
    assert status == 1
    assert words.startswith("settings: The settings file ")


def test_what_a_review_must_see_is_no_option_of_the_command_line(tmp_path: Path) -> None:
    context = dict.fromkeys(FILE_ONLY_SETTINGS, "x")
    status, words = run_app(tmp_path, context)
    assert status == 1
    names = ", ".join(sorted(FILE_ONLY_SETTINGS))
    assert words == f"settings: {names} can be set in the settings file only, where a review sees it"


def test_own_words_may_deny_production_and_may_mean_it() -> None:
    words = {"nonprod": "development", "non-prod": "dev", "preprod2": "staging", "qa2": "test", "main": "production"}
    gate = Settings.from_document({"environment_words": words, "default_environment": "qa2"}).gate
    assert (gate.environment_words, gate.default_environment) == (words, "qa2")


def test_ignored_names_need_no_list_of_the_others() -> None:
    gate = Settings.from_document({"ignored_tag_names": ["Environment"]}).gate
    assert gate.ignored_tag_names == ("Environment",)
    assert gate.environment_tag_names == GateSettings().environment_tag_names
