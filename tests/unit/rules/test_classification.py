"""The gate: an instance's environment, and which environments are allowed."""

import re
from dataclasses import replace
from itertools import product

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from rds_operations.model.place import Place
from rds_operations.rules.classification import NOTHING, Environment, Verdict, classify, environment_of
from rds_operations.settings.gate import GateSettings
from tests.builders import ACCOUNT, HOME, INSTANCE_ID, OTHER_ACCOUNT, OTHER_REGION, REGION

TAG_NAMES = (
    "Environment", "Env", "ENV", "environment", "env", "Environ", "environ", "ENVIRON", "Stage", "stage", "STAGE",
)  # fmt: skip
WORDS = {
    word: environment
    for environment, words in {
        "production": "production prod prd live prod-dr production-dr dr",
        "development": "development develop dev devel",
        "test": "test testing tst qa sit integration",
        "staging": "staging stg stage uat preprod pre-prod preproduction pre-production",
        "poc": "poc proof-of-concept",
        "sandbox": "sandbox sbx sand playground",
    }.items()
    for word in words.split()
}
PRODUCTION_WORDS = {word for word, environment in WORDS.items() if environment == "production"}
ALLOWED = {"development", "test", "staging", "poc", "sandbox"}
ALL_ALLOW = GateSettings(
    instance_mappings={INSTANCE_ID: "dev"},
    account_mappings={ACCOUNT: "test"},
    naming_patterns={"": "poc"},
    default_environment="sandbox",
)
"""Settings that allow everything except by tag."""


def spellings(word: str) -> list[str]:
    return ["".join(letters) for letters in product(*((letter, letter.upper()) for letter in word))]


def judged(tags: dict[str, str], settings: GateSettings = ALL_ALLOW, instance_id: str = INSTANCE_ID) -> Verdict:
    return classify(instance_id, HOME, tags, settings)


some_tag_names = st.sampled_from(TAG_NAMES) | st.sampled_from(
    [spelling for name in ("environment", "env", "environ", "stage") for spelling in spellings(name)]
)
spaces = st.text(" \t\n", max_size=2)
some_words = st.sampled_from(sorted(WORDS))
any_words = st.sampled_from([*sorted(WORDS), "Prod", " LIVE\t", "dEv ", "UAT"]) | st.text(max_size=6)
some_tags = st.dictionaries(some_tag_names | st.text(max_size=12), some_words | st.text(max_size=12), max_size=4)
some_settings = st.builds(
    GateSettings,
    environment_tag_names=st.lists(st.sampled_from([*TAG_NAMES, "Tier"])).map(tuple),
    instance_mappings=st.dictionaries(st.just(INSTANCE_ID), some_words),
    account_mappings=st.dictionaries(st.just(ACCOUNT), some_words),
    naming_patterns=st.dictionaries(st.sampled_from(["^dev-", "prod", ""]), some_words),
    default_environment=some_words | st.just(""),
)


@pytest.mark.parametrize("name", TAG_NAMES)
def test_every_documented_tag_name_decides(name: str) -> None:
    assert judged({name: "staging"}) == Verdict(Environment.STAGING, f"tag {name}=staging")


@pytest.mark.parametrize("name", ["environment", "env", "environ", "stage"])
def test_every_spelling_case_of_a_tag_name_decides(name: str) -> None:
    for spelling in spellings(name):
        assert judged({spelling: "production"}).environment is Environment.PRODUCTION, spelling


@pytest.mark.parametrize(("word", "environment"), WORDS.items())
def test_every_word_of_the_table(word: str, environment: str) -> None:
    for value in (word, word.upper(), word.title()):
        verdict = judged({"Environment": value})
        assert (verdict.environment, verdict.allowed) == (environment, environment in ALLOWED)


@pytest.mark.parametrize("padded", [" {}", "{} ", "\t{}\n", "\u3000{}", "{}\u00a0", " {}\r"])
def test_spaces_around_a_word_hide_no_production_and_open_nothing(padded: str) -> None:
    """IAM does not trim, so it would later deny what our code allows."""
    for word, environment in WORDS.items():
        value = padded.format(word.title())
        verdict = judged({"Environment": value})
        if environment == "production":
            assert verdict == Verdict(Environment.PRODUCTION, f"tag Environment={value}")
        else:
            assert verdict == Verdict(Environment.UNKNOWN, f"tag Environment={value}, with spaces around the value")


def test_a_word_with_spaces_around_it_beside_a_plain_one_opens_nothing() -> None:
    assert judged({"Env": "dev", "Stage": " dev"}).environment is Environment.UNKNOWN
    assert judged({"Env": "dev ", "Stage": "dev"}).environment is Environment.UNKNOWN


@pytest.mark.parametrize("value", ["", " ", "non-prod", "prod1", "development team", "d e v", "dev,prod", "produktion"])
def test_a_word_outside_the_table_is_unknown(value: str) -> None:
    assert judged({"Environment": value}).environment is Environment.UNKNOWN


def test_first_the_tag_then_the_instance_the_account_the_pattern_and_the_default() -> None:
    mapped = {"instance_mappings": {INSTANCE_ID: "test"}, "account_mappings": {ACCOUNT: "staging"}}
    fallback = {"naming_patterns": {"^dev-": "poc"}, "default_environment": "sandbox"}
    settings = {**mapped, **fallback}
    by_tag = judged({"Env": "dev"}, GateSettings.from_document(settings))
    assert by_tag == Verdict(Environment.DEVELOPMENT, "tag Env=dev")
    for setting, environment, source in (
        ("instance_mappings", "test", f"instance_mappings {INSTANCE_ID}"),
        ("account_mappings", "staging", f"account_mappings {ACCOUNT}"),
        ("naming_patterns", "poc", "naming_patterns ^dev-"),
        ("default_environment", "sandbox", "default_environment"),
    ):
        verdict = judged({"Owner": "dba"}, GateSettings.from_document(settings))
        assert verdict == Verdict(Environment(environment), source)
        del settings[setting]
    assert judged({"Owner": "dba"}, GateSettings()) == Verdict(Environment.UNKNOWN, NOTHING)


def test_the_first_pattern_that_is_found_decides() -> None:
    settings = GateSettings(naming_patterns={"mysql": "test", "-0[0-9]$": "poc", "^dev": "sandbox"})
    assert judged({}, settings) == Verdict(Environment.POC, "naming_patterns -0[0-9]$")


@given(st.permutations(["^test-", "-prod$", "orders", "^test"]), st.sampled_from(["test", "staging", "dev"]))
def test_of_all_patterns_that_fit_production_wins_wherever_it_stands(order: list[str], word: str) -> None:
    settings = GateSettings(naming_patterns=dict.fromkeys(order, word) | {"-prod$": "production"})
    first = next(pattern for pattern in order if pattern != "-prod$")
    assert judged({}, settings, "test-orders-prod") == Verdict(
        Environment.PRODUCTION,
        "naming_patterns -prod$",
        f"naming_patterns {first} says {judged({'Env': word}).environment}, naming_patterns -prod$ says production",
    )
    assert judged({}, settings, "test-orders-dev") == Verdict(
        judged({"Env": word}).environment, f"naming_patterns {first}"
    )


@pytest.mark.parametrize("pattern", ["^PROD-", "^Prod-", "^[P]ROD", "[A-Z]ROD-"])
def test_a_pattern_fits_in_any_case(pattern: str) -> None:
    settings = GateSettings(naming_patterns={pattern: "production"}, default_environment="dev")
    assert judged({}, settings, "prod-orders-01").environment is Environment.PRODUCTION


def test_a_mapping_for_another_instance_or_account_decides_nothing() -> None:
    settings = GateSettings(instance_mappings={"other": "dev"}, account_mappings={"210987654321": "dev"})
    assert judged({}, settings).environment is Environment.UNKNOWN


KEYS = [f"{ACCOUNT}/{REGION}/{INSTANCE_ID}", f"{ACCOUNT}/{INSTANCE_ID}", INSTANCE_ID]
"""Of one instance, the most exact first."""


@given(st.permutations(KEYS), st.lists(some_words, min_size=3, max_size=3))
def test_of_the_mappings_of_one_instance_production_wins_else_the_most_exact_key(
    order: list[str], words: list[str]
) -> None:
    by_key = dict(zip(KEYS, words, strict=True))
    verdict = judged({}, GateSettings(instance_mappings={key: by_key[key] for key in order}))
    wins = next((key for key in KEYS if WORDS[by_key[key]] == "production"), KEYS[0])
    assert (verdict.environment.value, verdict.source) == (WORDS[by_key[wins]], f"instance_mappings {wins}")
    assert bool(verdict.disagreement) == (
        verdict.environment == "production" and set(words) - PRODUCTION_WORDS != set()
    )


@pytest.mark.parametrize(
    "place", [Place(ACCOUNT, OTHER_REGION), Place(OTHER_ACCOUNT, REGION), Place(OTHER_ACCOUNT, OTHER_REGION)]
)
def test_a_mapping_of_a_place_means_no_namesake_elsewhere(place: Place) -> None:
    settings = GateSettings(instance_mappings={KEYS[0]: "staging"})
    assert judged({}, settings).environment is Environment.STAGING
    assert classify(INSTANCE_ID, place, {}, settings) == Verdict(Environment.UNKNOWN, NOTHING)


def test_a_mapping_of_an_instance_in_another_account_means_only_that_one() -> None:
    theirs = f"{OTHER_ACCOUNT}/{INSTANCE_ID}"
    settings = GateSettings(instance_mappings={theirs: "dev"})
    assert judged({}, settings) == Verdict(Environment.UNKNOWN, NOTHING)
    there = Place(OTHER_ACCOUNT, REGION)
    assert classify(INSTANCE_ID, there, {}, settings) == Verdict(Environment.DEVELOPMENT, f"instance_mappings {theirs}")
    with_plain = GateSettings(instance_mappings={theirs: "dev", INSTANCE_ID: "prod"})
    assert judged({}, with_plain) == Verdict(Environment.PRODUCTION, f"instance_mappings {INSTANCE_ID}")
    for name in (f"x-{INSTANCE_ID}", INSTANCE_ID[1:], f"{INSTANCE_ID}-2", f"{OTHER_ACCOUNT}-{INSTANCE_ID}"):
        assert classify(name, there, {}, settings).environment is Environment.UNKNOWN


def test_a_configured_tag_name_decides_and_the_built_in_spellings_still_count() -> None:
    settings = GateSettings(environment_tag_names=("Tier",))
    assert judged({"Tier": "qa"}, settings) == Verdict(Environment.TEST, "tag Tier=qa")
    assert judged({"tier": "qa"}, settings) == Verdict(Environment.TEST, "tag tier=qa")
    assert judged({"TIER": "live"}, settings).environment is Environment.PRODUCTION
    assert judged({"Tier": "qa", "Environment": "prod"}, settings).environment is Environment.PRODUCTION


@pytest.mark.parametrize(
    ("tags", "verdict"),
    [
        ({"Environment": "dev", "Stage": "prod"}, Verdict(Environment.PRODUCTION, "tag Stage=prod")),
        ({"Environment": "prod", "env": "dev"}, Verdict(Environment.PRODUCTION, "tag Environment=prod")),
        ({"Environment": "dev", "eNv": "prod"}, Verdict(Environment.PRODUCTION, "tag eNv=prod")),
        ({"Environment": "dev", "ENV": "what"}, Verdict(Environment.UNKNOWN, "tag ENV=what")),
        ({"Environment": "what", "ENV": "live"}, Verdict(Environment.PRODUCTION, "tag ENV=live")),
        ({"Environment": "dev", "Env": ""}, Verdict(Environment.UNKNOWN, "tag Env=")),
        ({"stage": "qa", "Env": "dev"}, Verdict(Environment.DEVELOPMENT, "tag Env=dev")),
        ({"sTAGE": "qa", "STAGE": "poc"}, Verdict(Environment.POC, "tag STAGE=poc")),
    ],
)
def test_of_tags_that_disagree_the_most_restrictive_wins(tags: dict[str, str], verdict: Verdict) -> None:
    for given_tags in (tags, dict(reversed(tags.items()))):
        found = judged(given_tags)
        assert replace(found, disagreement="") == verdict
        assert bool(found.disagreement) == (verdict.environment is Environment.PRODUCTION)


def test_a_disagreement_among_tags_is_told() -> None:
    told = "tag Environment=dev says development, tag Stage=prod says production"
    assert judged({"Environment": "dev", "Stage": "prod"}).disagreement == told


def test_without_any_setting_nothing_but_a_tag_allows() -> None:
    assert judged({}, GateSettings()) == Verdict(Environment.UNKNOWN, NOTHING)
    assert not judged({}, GateSettings()).allowed
    assert judged({"Environment": "dev"}, GateSettings()).allowed


@given(some_tag_names, spaces, st.sampled_from(["prod", "Production", "LIVE", "dr"]), some_tags, some_settings)
def test_a_tag_that_says_production_is_never_allowed(
    name: str, space: str, word: str, others: dict[str, str], settings: GateSettings
) -> None:
    verdict = judged({**others, name: f"{space}{word}{space}"}, settings)
    assert verdict.environment is Environment.PRODUCTION
    assert not verdict.allowed


@given(
    some_tag_names,
    st.text(max_size=20) | st.builds("{}{}".format, some_words, st.characters()),
    some_tags,
    some_settings,
)
def test_a_tag_with_a_word_outside_the_table_is_never_allowed(
    name: str, word: str, others: dict[str, str], settings: GateSettings
) -> None:
    assume(word.strip().casefold() not in WORDS)
    assert environment_of(word) is Environment.UNKNOWN
    assert not judged({**others, name: word}, settings).allowed


@given(some_tags, some_settings, st.text(max_size=12))
def test_allowed_is_a_list_and_every_verdict_says_where_it_comes_from(
    tags: dict[str, str], settings: GateSettings, instance_id: str
) -> None:
    verdict = judged(tags, settings, instance_id)
    assert verdict.allowed == (verdict.environment.value in ALLOWED)
    assert verdict.source
    assert Verdict.from_document(verdict.to_document()) == verdict


def meaning(word: str) -> str:
    return WORDS.get(word.strip().casefold(), "unknown")


def said_by_tag(value: str) -> str:
    padded = value.strip() != value and meaning(value) in ALLOWED
    return "unknown" if padded else meaning(value)


def fitting(settings: GateSettings, instance_id: str) -> dict[str, list[tuple[str, str]]]:
    """Return each setting's words for the instance, in its order, with the source for the record."""
    keys = [f"{ACCOUNT}/{REGION}/{instance_id}", f"{ACCOUNT}/{instance_id}", instance_id]
    found: dict[str, dict[str, str]] = {
        "instance_mappings": {
            key: settings.instance_mappings[key] for key in keys if key in settings.instance_mappings
        },
        "account_mappings": {key: word for key, word in settings.account_mappings.items() if key == ACCOUNT},
        "naming_patterns": {key: word for key, word in settings.naming_patterns.items() if re.search(key, instance_id)},
    }
    return {name: [(meaning(word), f"{name} {key}") for key, word in part.items()] for name, part in found.items()}


def speaking_tags(tags: dict[str, str], settings: GateSettings) -> list[tuple[str, str]]:
    configured = [name for name in settings.environment_tag_names if name in tags]
    known = {"environment", "env", "environ", "stage", *(name.lower() for name in settings.environment_tag_names)}
    respelled = [name for name in tags if name.strip().casefold() in known]
    speaking = [*configured, *sorted(set(respelled) - set(configured))]
    return [(said_by_tag(tags[name]), f"tag {name}={tags[name]}") for name in speaking]


def statements(tags: dict[str, str], settings: GateSettings, instance_id: str) -> list[list[tuple[str, str]]]:
    """Return what each source says, and last the tags that are not environment tags."""
    sources = (speaking_tags(tags, settings), *fitting(settings, instance_id).values(), signs(tags, settings))
    return [found for found in sources if found]


def signs(tags: dict[str, str], settings: GateSettings) -> list[tuple[str, str]]:
    known = {source for _environment, source in speaking_tags(tags, settings)}
    others = {f"tag {name}={value}": value for name, value in tags.items() if f"tag {name}={value}" not in known}
    return [("production", source) for source, value in others.items() if meaning(value) == "production"]


def model(tags: dict[str, str], settings: GateSettings, instance_id: str) -> tuple[str, str]:
    """Apply the documented rule: the first source that says something decides. In it production wins, then an unknown
    word. If that source is not a tag, any tag that says production refuses.
    """
    environment, source = decision(tags, settings, instance_id)
    refused = not speaking_tags(tags, settings) and signs(tags, settings)
    return "production" if refused else environment, source


def decision(tags: dict[str, str], settings: GateSettings, instance_id: str) -> tuple[str, str]:
    for found in [speaking_tags(tags, settings), *fitting(settings, instance_id).values()]:
        for wanted in ("production", "unknown", "any"):
            for environment, source in found:
                if wanted in ("any", environment):
                    return environment, source
    if settings.default_environment:
        return meaning(settings.default_environment), "default_environment"
    return "unknown", "nothing"


loose_settings = st.builds(
    GateSettings,
    environment_tag_names=st.lists(st.sampled_from([*TAG_NAMES, "Tier"]), max_size=3).map(tuple),
    instance_mappings=st.dictionaries(
        st.sampled_from([INSTANCE_ID, "other", f"{ACCOUNT}/{INSTANCE_ID}", f"{OTHER_ACCOUNT}/{INSTANCE_ID}"]), any_words
    ),
    account_mappings=st.dictionaries(st.sampled_from([ACCOUNT, "210987654321"]), any_words),
    naming_patterns=st.dictionaries(st.sampled_from(["^dev-", "^prod-", "-0[0-9]$", "postgres"]), any_words),
    default_environment=any_words,
)
"""Settings with any words, even those that synthesis would refuse."""
loose_tags = st.dictionaries(some_tag_names | st.sampled_from(["Tier", "Owner", " Env "]), any_words, max_size=4)


@given(loose_tags, loose_settings, st.sampled_from([INSTANCE_ID, "prod-mysql-02", "other"]))
def test_the_verdict_is_that_of_the_first_source_that_speaks(
    tags: dict[str, str], settings: GateSettings, instance_id: str
) -> None:
    verdict = judged(tags, settings, instance_id)
    source = verdict.source.removesuffix(", with spaces around the value")
    assert (verdict.environment.value, source) == model(tags, settings, instance_id)


@given(loose_tags, loose_settings, st.booleans(), st.sampled_from([INSTANCE_ID, "prod-mysql-02", "other"]))
def test_where_anything_that_counts_says_production_nothing_less_restrictive_wins(
    tags: dict[str, str], settings: GateSettings, veto: bool, instance_id: str
) -> None:
    """The first source that says something counts; with `production_veto`, every source."""
    verdict = judged(tags, replace(settings, production_veto=veto), instance_id)
    said = [{environment for environment, _source in found} for found in statements(tags, settings, instance_id)]
    unlabelled = not speaking_tags(tags, settings) and signs(tags, settings)
    if unlabelled or any("production" in environments for environments in (said if veto else said[:1])):
        assert verdict.environment is Environment.PRODUCTION
    if any("production" in environments for environments in said) and verdict.allowed:
        assert verdict.disagreement, "production is said somewhere, and the record does not tell"


@given(loose_tags, loose_settings, st.sampled_from([INSTANCE_ID, "prod-mysql-02", "other"]))
def test_a_production_veto_only_refuses_more(tags: dict[str, str], settings: GateSettings, instance_id: str) -> None:
    without, vetoed = (
        judged(tags, settings, instance_id),
        judged(tags, replace(settings, production_veto=True), instance_id),
    )
    said = [{environment for environment, _source in found} for found in statements(tags, settings, instance_id)]
    decided = decision(tags, settings, instance_id)[0]
    disputed = decided != "production" and any("production" in found for found in said)
    assert vetoed.disputed == disputed
    assert bool(without.disagreement) == bool(vetoed.disagreement)
    assert vetoed == (replace(without, environment=Environment.PRODUCTION, disputed=True) if disputed else without)


@pytest.mark.parametrize(
    ("settings", "against"),
    [
        (GateSettings(instance_mappings={INSTANCE_ID: "prod"}), f"instance_mappings {INSTANCE_ID}"),
        (GateSettings(account_mappings={ACCOUNT: "live"}), f"account_mappings {ACCOUNT}"),
        (GateSettings(naming_patterns={"postgres": "prd"}), "naming_patterns postgres"),
    ],
)
def test_a_disagreement_names_the_two(settings: GateSettings, against: str) -> None:
    told = f"tag Env=dev says development, {against} says production"
    assert judged({"Env": "dev"}, settings) == Verdict(Environment.DEVELOPMENT, "tag Env=dev", told)
    vetoed = judged({"Env": "dev"}, replace(settings, production_veto=True))
    assert vetoed == Verdict(Environment.PRODUCTION, "tag Env=dev", told, disputed=True)
    assert not vetoed.allowed
    assert Verdict.from_document(vetoed.to_document()) == vetoed
    assert judged({"Env": "prod"}, settings).disagreement == ""


@pytest.mark.parametrize("setting", ["account_mappings", "naming_patterns"])
def test_a_veto_counts_without_any_tag(setting: str) -> None:
    later = {setting: {ACCOUNT if setting == "account_mappings" else "postgres": "production"}}
    settings = GateSettings.from_document({"instance_mappings": {INSTANCE_ID: "staging"}, **later})
    told = f"instance_mappings {INSTANCE_ID} says staging, {setting} {next(iter(later[setting]))} says production"
    source = f"instance_mappings {INSTANCE_ID}"
    assert judged({}, settings) == Verdict(Environment.STAGING, source, told)
    vetoed = judged({}, replace(settings, production_veto=True))
    assert vetoed == Verdict(Environment.PRODUCTION, source, told, disputed=True)


@given(st.permutations(TAG_NAMES[:4]), st.lists(some_words, min_size=4, max_size=4))
def test_the_order_in_which_rds_lists_the_tags_decides_nothing(names: list[str], words: list[str]) -> None:
    tags = dict(zip(TAG_NAMES[:4], words, strict=True))
    assert judged({name: tags[name] for name in names}) == judged(tags)


@given(st.dictionaries(some_tag_names, any_words, min_size=1, max_size=3), some_tag_names, any_words, loose_settings)
def test_one_more_tag_never_opens_what_a_tag_has_closed(
    tags: dict[str, str], name: str, word: str, settings: GateSettings
) -> None:
    before, after = judged(tags, settings), judged({name: word, **tags}, settings)
    assert before.allowed or not after.allowed


@pytest.mark.parametrize("setting", ["instance_mappings", "account_mappings", "naming_patterns", "default_environment"])
@given(word=st.text(max_size=12))
def test_an_unknown_word_in_a_setting_refuses_and_ends_the_search(setting: str, word: str) -> None:
    assume(word and word.strip().casefold() not in WORDS)
    key = {"instance_mappings": INSTANCE_ID, "account_mappings": ACCOUNT, "naming_patterns": "^dev-"}.get(setting)
    sources = ("instance_mappings", "account_mappings", "naming_patterns", "default_environment")
    later = {name: getattr(ALL_ALLOW, name) for name in sources[sources.index(setting) :]}
    verdict = judged({}, GateSettings(**{**later, setting: {key: word} if key else word}))
    assert verdict.environment is Environment.UNKNOWN
    assert verdict.source.startswith(setting)
