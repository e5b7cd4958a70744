"""What says production outside the environment tags."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rds_operations.rules.production_signs import production_sign, says_production

WORDS = frozenset({"production", "prod", "prd", "live", "prod-dr", "production-dr", "dr", "green team"})
"""The shipped words, and one of the deployment's own."""


@pytest.mark.parametrize(
    "text",
    [
        "prod", "PROD", " prod ", "prod2", "2prod", "my-prod", "prod-eu", "shop_prod_01", "ShopProd", "prodEu", "dr",
        "eu.live.1", "euprod", "ukpreprod", "shop-production", "canon-prod", "eu-no-1-prod", "nonprod-prod",
        "the green team 2", "non-prod,prod",
    ],
)  # fmt: skip
def test_a_word_that_stands_alone_or_at_an_end(text: str) -> None:
    assert says_production(text, WORDS)


@pytest.mark.parametrize(
    "text",
    [
        "", "dev", "nonprod", "non-prod", "NonProd", "non_production", "not-prod", "preprod", "pre-prod", "PreProd",
        "preproduction", "product", "products-dev", "delivery", "olive", "alive", "hydr", "drive", "non-live",
        "nonprod2", "pre-prod-dr", "shop-non-prod", "green", "team",
    ],
)  # fmt: skip
def test_none(text: str) -> None:
    assert not says_production(text, WORDS)


@pytest.mark.parametrize(
    "tags",
    [
        {"workload-type": "production"}, {"Owner": " Prod "}, {"anything": "LIVE"}, {"team": "Green Team"},
        {"is-production": "true"}, {"is_prod": "Yes"}, {"isProduction": "1"}, {"production": "on"}, {"Production": ""},
        {"elasticbeanstalk:environment-name": "shop-prod"}, {"EnvironmentName": "prod2"},
        {"environmentname": "my-prod"},
        {"app_environment_name": "euprod"}, {"env_name": "eu-live"}, {"deploy-stage": "x/prod"}, {"myEnv": "ShopProd"},
    ],
)  # fmt: skip
def test_a_sign_names_its_tag(tags: dict[str, str]) -> None:
    ((name, value),) = tags.items()
    assert production_sign({"a": "b", **tags, "z": "y"}, WORDS) == f"tag {name}={value}"


@pytest.mark.parametrize(
    "tags",
    [
        {}, {"Name": "shop-prod"}, {"is-production": "false"}, {"is-production": "no"}, {"non-production": "true"},
        {"nonprod": "yes"}, {"product": "true"}, {"environment-name": "shop-nonprod"}, {"environment-name": "products"},
        {"envelope": "shop-prod"}, {"backstage": "shop-prod"}, {"prod-contact": "team-a"},
    ],
)  # fmt: skip
def test_no_sign(tags: dict[str, str]) -> None:
    assert production_sign(tags, WORDS) is None


@given(st.text(max_size=9), st.sampled_from(sorted(WORDS)), st.sampled_from(["-", "_", " ", "/", "7", ""]))
def test_a_whole_word_after_any_text_says_production_unless_the_text_denies_it(text: str, word: str, mark: str) -> None:
    denies = text.lower().endswith(("non", "not", "pre")) or text.lower()[:-1].endswith(("non", "not", "pre"))
    if mark and not denies:
        assert says_production(f"{text}{mark}{word}", WORDS)
