"""Documents agree with the code."""

import json
import re
from collections.abc import Iterator
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

import pytest

from rds_operations.aws.metrics import METRICS
from rds_operations.model.end_codes import EndCode
from rds_operations.model.place import Place
from rds_operations.model.refusals import Code
from rds_operations.operations import OPERATIONS
from rds_operations.rules.classification import ALLOWED_ENVIRONMENTS, UNREADABLE, classify
from rds_operations.rules.identity import Authentication, caller_identity
from rds_operations.rules.validation import LARGEST_BODY
from rds_operations.settings.callers import CallerSettings
from rds_operations.settings.gate import ENVIRONMENT_TAG_NAMES, GateSettings
from rds_operations.settings.targets import ACTING_ROLE, READING_ROLE
from stacks import names, setting_checks
from stacks.functions import SPECS
from stacks.service_stack import _LIST_EVERY_MINUTES
from stacks.settings import FILE_ONLY_SETTINGS, KNOWN, Settings
from tests import api_document
from tests.infrastructure.conftest import ROOT, Template
from tests.infrastructure.engines.iam_simulator import Simulator
from tests.infrastructure.test_acting_role_policy import policy_of
from tools import document_tables
from tools.error_texts import error_texts
from tools.metric_texts import METRIC_TEXTS

PLACE = Place("111122223333", "eu-west-1")
README = (ROOT / "README.md").read_text()
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
FOUR_PAGES = ("environment-classification", "flexible-tag-names", "cross-account-setup", "deployment")
"""The pages that the specification links."""


def page(name: str) -> str:
    return (ROOT / "docs" / f"{name}.md").read_text()


def rows(text: str) -> list[list[str]]:
    """Return the cells of all table rows, without headers and rules."""
    lines = re.findall(r"^\|.+\|$(?!\n\|---)", text, re.MULTILINE)
    return [[cell.strip() for cell in line[1:-1].split("|")] for line in lines if not line.startswith("|---")]


def anchors(text: str) -> set[str]:
    """Return the headings' anchors on GitHub."""
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("file", document_tables.PARTS)
def test_pages_have_the_parts_that_follow_from_the_code(file: str) -> None:
    assert document_tables.rendered(file) == (ROOT / file).read_text(), "run: make docs"


def test_the_page_says_of_every_metric_what_it_counts_and_of_no_other() -> None:
    assert METRIC_TEXTS.keys() == METRICS.keys()


def test_readme_names_every_function() -> None:
    for name in SPECS:
        assert f"`functions/{name}`" in README


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_every_link_leads_somewhere(path: Path) -> None:
    text = path.read_text()
    for target in re.findall(r"\]\(([^)]+)\)", text):
        if target.startswith("https://"):
            continue
        file, _, anchor = target.partition("#")
        found = path.parent / file if file else path
        assert found.exists(), target
        assert not anchor or anchor in anchors(found.read_text()), target


def test_the_four_pages_of_the_specification_are_there_and_linked() -> None:
    everything = "".join(path.read_text() for path in PAGES)
    for name in FOUR_PAGES:
        assert (ROOT / "docs" / f"{name}.md").exists()
        assert re.search(rf"\]\((docs/|\./)?{name}\.md", everything)


def defaults() -> dict[str, Any]:
    """Return every setting's default, as in the settings file."""
    parts = (Settings(), Settings().gate, CallerSettings())
    known = {item.name: getattr(part, item.name) for part in parts for item in fields(part)}
    groups = {name: asdict(known.pop(name)) for name in ("alarms", "console", "archive")}
    of_groups = {f"{group}.{name}": value for group, values in groups.items() for name, value in values.items()}
    known["user_pool_client_ids"] = []
    return {name: value for name, value in known.items() if name in KNOWN} | of_groups


def test_settings_page_has_every_setting_its_default_and_where_it_can_be_set() -> None:
    found = {cells[0].strip("`"): cells for cells in rows(page("settings"))}
    assert set(found) == set(defaults())
    assert {name.partition(".")[0] for name in found} == KNOWN
    for name, value in defaults().items():
        default, file_only = found[name][1:3]
        assert file_only == ("yes" if name.partition(".")[0] in FILE_ONLY_SETTINGS else ""), name
        if value == ENVIRONMENT_TAG_NAMES:
            assert default.startswith("[the list]")
        else:
            assert default == f"`{json.dumps(value)}`", name


def test_settings_page_names_what_a_principal_can_be() -> None:
    text = page("settings")
    for form in ("arn:aws:iam::<account>:role/<name>", "group:<Cognito group>", "apikey:<key id>"):
        assert f"`{form}`" in text
        assert form in setting_checks._PRINCIPALS
    for mode in Authentication:
        assert f"`{mode.value}`" in text


def test_settings_page_shows_settings_that_are_valid() -> None:
    examples = 0
    for setting, _default, _file_only, meaning in rows(page("settings")):
        for example in re.findall(r"`([{\[].+?[}\]])`", meaning):
            Settings.from_document({setting.strip("`"): json.loads(example.replace("…", "some-id"))})
            examples += 1
    assert examples >= 5


def test_api_page_names_every_code() -> None:
    for code in Code:
        assert f"`{code.value}`" in page("api")


def test_api_page_names_the_limit() -> None:
    assert f"{LARGEST_BODY:,} characters" in page("api")


def test_api_page_says_what_each_way_to_authenticate_puts_on_record() -> None:
    found = {cells[0].strip("`"): cells for cells in rows(page("api").split("## POST")[0])}
    assert set(found) == {mode.value for mode in Authentication}
    everything = dict.fromkeys(
        ("userArn", "accountId", "apiKeyId", "sub", "issuer", "username", "clientId", "groups", "consoleClient"), "a"
    )
    for mode, cells in found.items():
        known = caller_identity({**everything, "authentication": mode, "sourceIp": "a", "userAgent": "a"})
        own = set(known) - {"userId", "principal", "authentication", "sourceIp", "userAgent"}
        assert set(re.findall(r"`(\w+)`", cells[5])) == own


def test_codes_are_stable_words() -> None:
    assert all(re.fullmatch(r"[a-z_]+", code.value) for code in Code)


def test_classification_page_names_the_codes_of_the_gate_and_what_is_allowed() -> None:
    text = page("environment-classification")
    for code in (Code.PRODUCTION_INSTANCE, Code.ENVIRONMENT_UNKNOWN, Code.ENVIRONMENT_DISPUTED):
        assert f"| `{code.value}` |" in text
    for environment in ALLOWED_ENVIRONMENTS:
        assert re.search(rf"^\| `{environment.value}` \| .+ \| allowed \|$", text, re.MULTILINE)
    assert UNREADABLE.startswith("tags")
    for name in GateSettings.__dataclass_fields__:
        assert f"`{name}`" in text or name == "environment_tag_names"


def test_the_order_of_the_classification_is_the_pages() -> None:
    """Every source says something else, and each is removed in turn."""
    settings = GateSettings(
        instance_mappings={"dev-1": "sandbox", "111122223333/dev-1": "test", "111122223333/eu-west-1/dev-1": "poc"},
        account_mappings={"111122223333": "staging"},
        naming_patterns={"^dev-": "poc", "1": "test"},
        default_environment="dev",
    )
    removed = [
        "tags",
        "111122223333/eu-west-1/dev-1",
        "111122223333/dev-1",
        "dev-1",
        "account_mappings",
        "naming_patterns",
    ]
    sources = ["tag Env=dev", *(f"instance_mappings {key}" for key in removed[1:4])]
    sources += ["account_mappings 111122223333", "naming_patterns ^dev-", "default_environment"]
    for step, source in enumerate(sources):
        gone = removed[:step]
        left = GateSettings(
            instance_mappings={name: env for name, env in settings.instance_mappings.items() if name not in gone},
            account_mappings={} if "account_mappings" in gone else settings.account_mappings,
            naming_patterns={} if "naming_patterns" in gone else settings.naming_patterns,
            default_environment=settings.default_environment,
        )
        tags = {} if "tags" in gone else {"Env": "dev"}
        assert classify("dev-1", PLACE, tags, left).source == source
    request = (
        "**Tags**",
        "`<account>/<Region>/<name>`",
        "`<account>/<name>`",
        "`<name>`",
        "**`account_mappings`**",
        "**`naming_patterns`**",
    )
    places = [page("environment-classification").index(word) for word in (*request, "**`default_environment`**")]
    assert places == sorted(places)


def tag_examples() -> list[list[str]]:
    text = page("flexible-tag-names").split("<!-- examples -->")[1].split("<!-- end of examples -->")[0]
    return rows(text)


@pytest.fixture(scope="module")
def simulator() -> Iterator[Simulator]:
    with Simulator() as one:
        yield one


@pytest.mark.parametrize("cells", tag_examples(), ids=lambda cells: cells[0])
def test_examples_of_tags_are_what_the_classifier_and_iam_make_of_them(simulator: Simulator, cells: list[str]) -> None:
    tags_text, environment, source, iam = cells
    tags = json.loads(tags_text.strip("`"))
    verdict = classify("any-name", PLACE, tags, GateSettings())
    assert (verdict.environment.value, verdict.source) == (environment, source.strip("`"))
    policy = policy_of(simulator, ENVIRONMENT_TAG_NAMES)
    allowed = {decision.allowed for decision in policy.decisions("rds:RebootDBInstance", tags)}
    assert allowed == {"allows": {True}, "denies": {False}, "may allow": {True, False}}[iam]


def test_examples_of_tags_show_each_kind_of_difference() -> None:
    kinds = {(environment in ALLOWED_ENVIRONMENTS, iam) for _tags, environment, _source, iam in tag_examples()}
    assert {(True, "allows"), (False, "denies"), (False, "allows"), (False, "may allow")} == kinds


def test_cross_account_page_names_the_roles_the_parameters_and_the_codes(target_template: Template) -> None:
    text = page("cross-account-setup")
    for name in (READING_ROLE, ACTING_ROLE, "rds-operations-<function>-<region>", "rds-operations-inventory"):
        assert f"`{name}`" in text or name in text
    assert names.function_role("x", "y") == "rds-operations-x-y"
    parameters = json.loads(target_template.path.read_text())["Parameters"]
    assert set(parameters) == {"ServiceAccount", "ServiceRegion", "ExternalId"}  # none needs a bootstrapped account
    for name in parameters:
        assert f"--parameters {name}=" in text
        assert f"ParameterKey={name}" in text
    for code in (Code.NOT_OPERATED, Code.ACCOUNT_NOT_REACHABLE):
        assert f"`{code.value}`" in text
    assert f"every {_LIST_EVERY_MINUTES} minutes" in text
    assert f"every {_LIST_EVERY_MINUTES} minutes" in page("operating")


def test_deployment_page_names_every_output_and_nothing_else(all_modes_template: Template) -> None:
    outputs = json.loads(all_modes_template.path.read_text())["Outputs"]
    # The CDK adds an output of its own for each API.
    own = {name for name in outputs if "RestApiEndpoint" not in name}
    named = {name for cells in rows(page("deployment").split("## Who")[0]) for name in re.findall(r"`(\w+)`", cells[0])}
    assert named == own


def test_deployment_page_lets_its_holder_call_every_route() -> None:
    text = (ROOT / "docs" / "deployment.md").read_text()
    allowed = set(re.findall(r'"arn:aws:execute-api:<region>:<account>:<API id>/<stage>/(\S+)"', text))
    paths = api_document.document()["paths"]
    assert allowed == {
        method.upper() + re.sub(r"\{\w+\}", "*", path) for path, described in paths.items() for method in described
    }


def test_operating_page_names_tables_and_roles_and_readme_every_operation() -> None:
    text = page("operating")
    for name in (names.INVENTORY_TABLE, READING_ROLE, ACTING_ROLE, names.FUNCTIONS_LOG_GROUP, names.ACCESS_LOG_GROUP):
        assert name in text
    for operation in OPERATIONS:
        assert f"| `{operation}` |" in README


def test_states_of_the_picture_exist() -> None:
    admission, operation = (
        json.loads((ROOT / "statemachine" / f"{name}.asl.json").read_text())["States"]
        for name in ("admission", "operation")
    )
    for state in ("Validate", "Classify", "Admit", "Audit"):
        assert state in admission
    for state in ("Validate", "Classify", "Execute", "Finished?", "Wait", "Poll", "Audit", "Audit failure", "Failed"):
        assert state in operation
        assert state in README


def test_every_code_of_an_end_is_explained() -> None:
    page = (ROOT / "docs" / "api.md").read_text().split("## GET /operations/{operation_id}")[1]
    assert [code for code in EndCode if f"`{code}`" not in page] == []


def test_every_code_has_an_error_text() -> None:
    told = {text.code for text in error_texts()}
    assert {code.value for code in Code} - told == set()
    assert {"timed_out", "internal_error"} <= told
