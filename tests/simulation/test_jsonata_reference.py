"""The reference engine of JSONata judges every expression of the definitions as the emulator's engine does.

The two may spell a result differently: a fraction of zero, a number of more than 15 digits, an
escape inside a text of JSON.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.infrastructure.engines.jsonata_reference import JsonataReference
from tests.simulation import deployment
from tests.simulation.definitions import StateError, evaluated, load
from tests.simulation.functions import ROOT

Document = dict[str, Any]
EXACT = 10**15 - 1
"""`$string` rounds a number to 15 digits."""
values: st.SearchStrategy[Any] = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-EXACT, EXACT)
    | st.integers(-EXACT, EXACT).map(lambda eighths: eighths // 1_000_000 / 8)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
MACHINES = ("admission", "operation", "late_watch")


@pytest.fixture(scope="module")
def reference() -> Iterator[JsonataReference]:
    with JsonataReference() as found:
        yield found


@cache
def met() -> tuple[Document, ...]:
    """What random histories evaluate."""
    command = [sys.executable, "-W", "ignore", "-m", "tests.simulation.jsonata_met"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    return tuple(map(json.loads, done.stdout.splitlines()))


def expressions() -> set[str]:
    texts = [json.dumps(load(ROOT / "statemachine", name, deployment.SUBSTITUTIONS)) for name in MACHINES]
    found = {json.loads(f'"{each}"') for text in texts for each in re.findall(r'"\{% (.*?) %\}"', text)}
    assert len(found) > 30
    return found


def same(one: Any, other: Any) -> bool:
    """Compare what both mean. A text of JSON is compared as what it holds."""
    return bool(meant(one) == meant(other))


def meant(value: Any) -> Any:
    if isinstance(value, str) and value[:1] in ("{", "[", '"'):
        try:
            return ["a text of", meant(json.loads(value))]
        except ValueError:
            return value
    if isinstance(value, dict):
        return {key: meant(each) for key, each in value.items()}
    return list(map(meant, value)) if isinstance(value, list) else value


def test_every_expression_is_met_by_the_histories() -> None:
    assert {case["expression"] for case in met()} == expressions()


def test_both_engines_agree_on_what_the_histories_evaluate(reference: JsonataReference) -> None:
    for case in met():
        answer = reference.evaluate(case["expression"], case["states"])
        assert same(answer.get("value"), case["value"]), (case, answer)


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    st.sampled_from(sorted(expressions())),
    st.dictionaries(st.sampled_from(["refusal", "reply", "start", "progress", "polls", "error", "x"]), values),
    st.dictionaries(st.sampled_from(["Payload", "x"]), st.dictionaries(st.text(max_size=3), values, max_size=3)),
)
def test_both_engines_agree_on_any_input(
    reference: JsonataReference, expression: str, given_input: Document, result: Document
) -> None:
    execution = {"Id": "arn:x", "Name": "x", "StartTime": "x", "Input": {"envelope": given_input}}
    context = {"Execution": execution, "State": {"EnteredTime": "x", "RetryCount": 0}}
    states = {"input": given_input, "result": result, "errorOutput": {"Error": "X", "Cause": ""}, "context": context}
    states = json.loads(json.dumps(states))
    answer = reference.evaluate(expression, states)
    try:
        value = evaluated(f"{{% {expression} %}}", states)
    except StateError:
        value = None
    assert same(answer.get("value"), value), (expression, answer, value)
