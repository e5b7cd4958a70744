"""Tags and names of public estates, the settings for them, and their sources."""

from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rds_operations.model.place import Place
from rds_operations.model.refusals import Code
from rds_operations.rules.classification import NOTHING, Environment, Verdict, classify
from rds_operations.rules.eligibility import gate
from rds_operations.settings.gate import GateSettings

PLACE = Place("123456789012", "eu-west-1")
NAME = "orders-01"
CLOUD_POSSE = {"ignored_tag_names": ["Environment"]}
"""https://github.com/cloudposse/terraform-null-label: `environment` is the Region, `stage` the environment."""
OWN_WORDS = {
    "preview": "test", "perf": "test", "user-research": "test", "review": "test", "test1": "test", "qa2": "test",
    "nonprod": "development", "non-prod": "development", "dev-2": "development", "main": "production",
}  # fmt: skip


@dataclass(frozen=True)
class Case:
    source: str
    tags: dict[str, str]
    expected: str
    settings: dict[str, Any] = field(default_factory=dict)
    name: str = NAME


def judged(case: Case) -> Verdict:
    return classify(case.name, PLACE, case.tags, GateSettings.from_document(case.settings))


CASES = [
    Case("cloudposse/terraform-null-label, masterpoint's naming guide",
         {"Namespace": "mp", "Environment": "uw2", "Stage": "staging", "Name": "mp-uw2-staging-db"},
         "staging", CLOUD_POSSE),
    Case("cloudposse/terraform-null-label", {"Environment": "gbl", "Stage": "sandbox"}, "sandbox",
         CLOUD_POSSE | {"instance_mappings": {NAME: "sandbox"}}),
    Case("cloudposse/terraform-null-label", {"Environment": "ue1"}, "sandbox",
         CLOUD_POSSE | {"instance_mappings": {NAME: "sandbox"}}),
    Case("cloudposse/terraform-null-label", {"environment": "ue1", "ENVIRONMENT": "x", "Stage": "dev"}, "development",
         {"ignored_tag_names": ["eNVIRONMENT"]}),
    Case("the same, mistaken", {"Environment": "prod", "Stage": "dev"}, "production_instance", CLOUD_POSSE),
    Case("the same, mistaken", {"Environment": " LIVE", "Stage": "dev"}, "production_instance", CLOUD_POSSE),
    Case("the same, mistaken", {"Environment": "ue1-prod", "Stage": "dev"}, "production_instance", CLOUD_POSSE),
    Case("the same", {"Environment": "ue1", "Stage": "prod"}, "production_instance", CLOUD_POSSE),
    Case("the same", {"Environment": "ue1", "Stage": "ue1"}, "environment_unknown", CLOUD_POSSE),
    *(
        Case(source, {"Environment": word}, meant, {"environment_words": OWN_WORDS})
        for source, word, meant in [
            ("alphagov/digitalmarketplace-aws", "preview", "test"),
            ("nhsconnect/prm-deductions-infra", "perf", "test"),
            ("alphagov/forms-deploy", "user-research", "test"),
            ("alphagov/forms-deploy", "Review", "test"),
            ("ministryofjustice/cloud-platform-environments", "test1", "test"),
            ("Terraform of several owners", "NonProd", "development"),
            ("Terraform of several owners", "non-prod", "development"),
            ("public Terraform", "QA2", "test"),
            ("CBIIT (NCI) tfvars", "dev-2", "development"),
            ("own word for production", "MAIN", "production_instance"),
            ("own word for production", " main ", "production_instance"),
            ("IAM does not trim", "preview ", "environment_unknown"),
        ]
    ),
    *(
        Case(source, tags, "environment_disputed", {"default_environment": "development"})
        for source, tags in [
            ("cloud-custodian, recorded RDS instances", {"workload-type": "production"}),
            ("ministryofjustice/cloud-platform-terraform-rds-instance", {"environment-name": "prod"}),
            ("ministryofjustice/cloud-platform-terraform-rds-instance", {"is-production": "true"}),
            ("aws/copilot-cli", {"copilot-environment": "production"}),
            ("AWS Elastic Beanstalk", {"elasticbeanstalk:environment-name": "shop-prod"}),
            ("alphagov/govuk-infrastructure", {"govuk_environment": "production"}),
            ("a name that only looks like one", {"EnvironmentName": "PROD"}),
        ]
    ),
    Case("ministryofjustice/cloud-platform-terraform-rds-instance", {"is-production": "false"}, "development",
         {"default_environment": "development"}),
    *(
        Case("identifiers in public scripts", {}, expected,
             {"naming_patterns": {"prod": "production", "dev": "development", "test": "test"}}, name)
        for name, expected in [
            ("devops-g9-db", "environment_unknown"), ("devops-postgres", "environment_unknown"),
            ("contests-db", "environment_unknown"), ("dev-db", "development"), ("orders-dev", "development"),
            ("devops-dev-1", "development"), ("test", "test"), ("products-dev", "production_instance"),
        ]
    ),
    # RDS stores identifiers in lower case: boto/boto3#878, byu-oit/handel#494, aws/aws-cdk#13865
    Case("boto/boto3#878", {}, "production_instance",
         {"naming_patterns": {"^PROD-": "production"}, "default_environment": "development"}, "prod-orders-01"),
    Case("boto/boto3#878", {}, "development", {"naming_patterns": {"^Dev-": "development"}}, "dev-x"),
    Case("settings/local.json", {}, "sandbox", {"naming_patterns": {"^sandbox-": "sandbox"}}, "sandbox-mysql-01"),
    Case("settings/local.json", {}, "poc", {"naming_patterns": {"-poc-": "poc"}}, "orders-poc-01"),
    Case("a choice is tried to its end", {}, "development", {"naming_patterns": {"dev|devel": "dev"}}, "orders-devel"),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.name} {case.tags}")
def test_as_seen_in_public_estates(case: Case) -> None:
    verdict = judged(case)
    refusal = gate(case.name, verdict)
    assert (refusal.code if refusal else verdict.environment) == case.expected, (case.source, verdict)


def test_a_sign_of_production_is_named_and_opens_nothing() -> None:
    tags = {"workload-type": "production"}
    told = "default_environment says development, tag workload-type=production says production"
    by_default = judged(Case("", tags, "", {"default_environment": "dev"}))
    assert by_default == Verdict(Environment.PRODUCTION, "default_environment", told, disputed=True)
    refusal = gate(NAME, by_default)
    assert refusal
    assert told in refusal.error
    unclassified = judged(Case("", tags, ""))
    told = "tag workload-type=production says production, and nothing says otherwise"
    assert unclassified == Verdict(Environment.PRODUCTION, NOTHING, told, disputed=True)


def test_the_sentence_says_whose_tags_they_are() -> None:
    told = "tag is-production=true says production, and nothing says otherwise"
    verdict = Verdict(Environment.PRODUCTION, f"read replica orders-02, {NOTHING}", told, disputed=True)
    refusal = gate(NAME, verdict)
    assert refusal
    assert refusal.code is Code.ENVIRONMENT_DISPUTED
    assert refusal.error.startswith(f"Operations not allowed on {NAME}: read replica orders-02: {told}. ")


def test_a_production_sign_beside_an_environment_tag_refuses_only_with_the_veto() -> None:
    tags = {"Env": "dev", "is-production": "true"}
    told = "tag Env=dev says development, tag is-production=true says production"
    assert judged(Case("", tags, "")) == Verdict(Environment.DEVELOPMENT, "tag Env=dev", told)
    assert judged(Case("", tags, "", {"production_veto": True})).disputed


def test_a_word_that_nobody_knows_can_be_taught() -> None:
    refusal = gate(NAME, judged(Case("", {"Env": "preview"}, "")))
    assert refusal
    assert refusal.code is Code.ENVIRONMENT_UNKNOWN
    assert refusal.error.endswith("or have the word taught in the settings (environment_words).")


def test_an_own_word_gives_no_shipped_word_another_meaning() -> None:
    """Even in unchecked settings."""
    settings = {"environment_words": {"prod": "development", "dev": "production"}}
    assert judged(Case("", {"Env": "Prod"}, "", settings)).environment is Environment.PRODUCTION
    assert judged(Case("", {"Env": "dev"}, "", settings)).environment is Environment.DEVELOPMENT


def test_an_own_word_counts_in_the_other_settings_too() -> None:
    own = {"environment_words": {"preview": "test"}}
    for settings in (
        {"instance_mappings": {NAME: "preview"}}, {"account_mappings": {PLACE.account_id: "preview"}},
        {"naming_patterns": {"^orders": "preview"}}, {"default_environment": "preview"},
    ):  # fmt: skip
        assert judged(Case("", {}, "", {**own, **settings})).environment is Environment.TEST


words = st.sampled_from(
    ["dev", "Test", "preview", "qa2", "prod", "PRD", " live", "main", "ue1", "nonprod", "shop-prod", ""]
)
names = st.sampled_from(
    ["Environment", "env", "STAGE", "Stage", "Environ", "workload-type", "is-production", "environment-name", "Team"]
)
some_settings = st.fixed_dictionaries(
    {},
    optional={
        "ignored_tag_names": st.lists(st.sampled_from(["Environment", "env", "STAGE", "environ"]), max_size=4),
        "environment_words": st.dictionaries(st.sampled_from(sorted(OWN_WORDS)), st.sampled_from(["test", "dev"])).map(
            lambda own: {**own, "main": "production"}
        ),
        "instance_mappings": st.just({NAME: "test"}),
        "default_environment": st.just("dev"),
        "production_veto": st.booleans(),
    },
)


@given(st.dictionaries(names, words, max_size=4), some_settings)
def test_nothing_is_let_in_of_which_a_tag_that_counts_says_production(
    tags: dict[str, str], settings: dict[str, Any]
) -> None:
    """Names of environment tags count in any case; all others where no environment tag decides."""
    verdict = judged(Case("", tags, "", settings))
    production = {"prod", "prd", "live", *(["main"] if "environment_words" in settings else [])}
    said = {name for name, value in tags.items() if value.strip().lower() in production}
    looked_at = {name for name in tags if name.lower() in {"environment", "env", "environ", "stage"}}
    if said & looked_at:
        assert verdict.environment is Environment.PRODUCTION
    if said and not verdict.source.startswith("tag "):
        assert not verdict.allowed
    if verdict.allowed and said:
        assert verdict.disagreement


@given(st.dictionaries(names, words, max_size=4), some_settings, names, words)
def test_one_more_tag_that_is_no_environment_tag_opens_nothing(
    tags: dict[str, str], settings: dict[str, Any], name: str, word: str
) -> None:
    if name in {"workload-type", "is-production", "environment-name", "Team"} and name not in tags:
        before, after = (judged(Case("", given_tags, "", settings)) for given_tags in (tags, {**tags, name: word}))
        assert before.allowed or not after.allowed
