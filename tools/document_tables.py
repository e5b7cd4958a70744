"""Writes the parts of the documents that follow from the code: `make docs`. A test compares them with the files."""

import json
import re
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import get_type_hints

from rds_operations.aws.metrics import METRICS
from rds_operations.operations import OPERATIONS
from rds_operations.operations.base import Parameter
from rds_operations.records.state_document import By, StateDocument
from rds_operations.rules.classification import ALLOWED_ENVIRONMENTS, FOLDED_TAG_NAMES, WORDS, Environment
from rds_operations.settings.gate import ENVIRONMENT_TAG_NAMES
from stacks.log_queries import QUERIES
from stacks.operating_roles import ACTING_FUNCTIONS, READING_FUNCTIONS
from tools.command_line import command_sections, common_options, exit_codes
from tools.error_texts import error_texts
from tools.metric_texts import METRIC_TEXTS

ROOT = Path(__file__).resolve().parent.parent


STATES = ("Validate", "Classify", "Admit", "Execute", "Poll", "Audit", "a Catch")


def described(parameter: Parameter) -> str:
    default = "required" if parameter.required else f"default `{json.dumps(parameter.default)}`"
    return f"`{parameter.name}` ({default}): {parameter.summary}"


def operations_table() -> str:
    rows = ["| operation | what it does | parameters |", "|---|---|---|"]
    for operation in OPERATIONS.values():
        parameters = "<br>".join(map(described, operation.parameters)) or "none"
        rows.append(f"| `{operation.name}` | {operation.summary} | {parameters} |")
    return "\n".join(rows)


def permissions_table() -> str:
    rows = ["| operation | Execute | Poll |", "|---|---|---|"]
    for operation in OPERATIONS.values():
        acting, reading = (
            " ".join(f"`{permission.action}`" for permission in needed)
            for needed in (operation.execute_permissions, operation.poll_permissions)
        )
        rows.append(f"| `{operation.name}` | {acting} | {reading or 'nothing: it is not polled'} |")
    return "\n".join(rows)


def errors_table() -> str:
    rows = ["| status | code | text |", "|---|---|---|"]
    return "\n".join([*rows, *(f"| {status} | `{code}` | {text} |" for status, code, text in error_texts())])


def added_keys() -> dict[str, dict[str, str]]:
    """Return each state's added keys and their meaning, in the order of the states."""
    by_state: dict[str, dict[str, str]] = {state: {} for state in STATES}
    for key, hint in get_type_hints(StateDocument, include_extras=True).items():
        for by in (item for item in hint.__metadata__ if isinstance(item, By)):
            by_state.setdefault(by.state, {})[key] = by.says
    return by_state


def state_table() -> str:
    rows = ["| state | key | what it says |", "|---|---|---|"]
    for state, keys in added_keys().items():
        rows += [f"| {state} | `{key}` | {says} |" for key, says in keys.items()]
    return "\n".join(rows)


def metrics_table() -> str:
    rows = ["| metric | over | what it counts | when |", "|---|---|---|---|"]
    for name, metric in METRICS.items():
        over = "; ".join(" ".join(f"`{dimension}`" for dimension in names) for names in metric.dimensions)
        rows.append(f"| `{name}` | {over} | {' | '.join(METRIC_TEXTS[name])} |")
    return "\n".join(rows)


def questions_table() -> str:
    rows = ["| question | saved query | log group |", "|---|---|---|"]
    rows += [f"| {query.question} | `{name}` | `{query.log_group}` |" for name, query in QUERIES.items()]
    return "\n".join(rows)


def query_block(name: str) -> str:
    return f"```\n{QUERIES[name].text}\n```"


def runbook_queries() -> dict[str, Callable[[], str]]:
    """Return the part for each mark of the page, `<section>: <query>`."""
    marks = re.findall(r"<!-- ([\w-]+: ([\w-]+)) -->", (ROOT / "docs/runbook.md").read_text())
    return {mark: partial(query_block, query) for mark, query in marks}


def words_table() -> str:
    rows = ["| environment | words | operations |", "|---|---|---|"]
    for environment in dict.fromkeys(WORDS.values()):
        words = ", ".join(word for word, meant in WORDS.items() if meant is environment)
        rows.append(f"| `{environment}` | {words} | {_verdict(environment)} |")
    return "\n".join([*rows, f"| `{Environment.UNKNOWN}` | any other | {_verdict(Environment.UNKNOWN)} |"])


def tag_names() -> str:
    return (
        f"1. exactly these, in this order: {_listed(ENVIRONMENT_TAG_NAMES)}\n"
        f"2. after them, in any case and with spaces around them or not: {_listed(sorted(FOLDED_TAG_NAMES))}"
    )


def example(name: str, *left_out: str) -> str:
    """Return a settings file without the settings that the page explains in words."""
    document = json.loads((ROOT / "settings" / "examples" / f"{name}.json").read_text())
    shown = {setting: value for setting, value in document.items() if setting not in left_out}
    return f"```json\n{json.dumps(shown, indent=2)}\n```"


PARTS: dict[str, dict[str, Callable[[], str]]] = {
    "README.md": {"operations": operations_table},
    "docs/environment-classification.md": {
        "words": words_table,
        "another tag name": lambda: example("another-tag-name"),
        "cloud posse": lambda: example("cloud-posse", "naming_patterns"),
        "names only": lambda: example("names-only"),
        "account per environment": lambda: example("account-per-environment", "accounts"),
        "several at once": lambda: example("several-at-once", "accounts", "naming_patterns"),
    },
    "docs/cli.md": {"commands": command_sections, "common options": common_options, "exit codes": exit_codes},
    "docs/errors.md": {"errors": errors_table},
    "docs/how-it-works.md": {"state document": state_table, "permissions": permissions_table},
    "docs/operating.md": {"metrics": metrics_table, "questions": questions_table},
    "docs/runbook.md": runbook_queries(),
    "docs/flexible-tag-names.md": {"names": tag_names},
    "docs/cross-account-setup.md": {
        "readers": lambda: _listed(READING_FUNCTIONS),
        "actors": lambda: _listed(ACTING_FUNCTIONS),
    },
}
"""By file, the text between `<!-- name -->` and `<!-- end of name -->`."""


def rendered(file: str) -> str:
    """Return the file as it must be. Raises ValueError where it lacks a mark."""
    text = (ROOT / file).read_text()
    for name, part in PARTS[file].items():
        begin, end = f"<!-- {name} -->", f"<!-- end of {name} -->"
        before, found, rest = text.partition(begin)
        _, ended, after = rest.partition(end)
        if not (found and ended):
            raise ValueError(f"{file} lacks {begin} or {end}")
        between = "\n" if rest.startswith("\n") else ""
        text = f"{before}{begin}{between}{part()}{between}{end}{after}"
    return text


def _verdict(environment: Environment) -> str:
    return "allowed" if environment in ALLOWED_ENVIRONMENTS else "refused"


def _listed(names: tuple[str, ...] | list[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


if __name__ == "__main__":
    for file in PARTS:
        (ROOT / file).write_text(rendered(file))
