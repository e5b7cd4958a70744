"""ADMISSION's deployed JSONata keeps text that SQS accepts, with the same meaning."""

import json
import re
from collections.abc import Callable
from typing import Any

import jsonata
import pytest

from tests.infrastructure.conftest import Template
from tests.infrastructure.test_state_machines import definition

# https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html
TAKEN = re.compile("[\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]*")
EVERY_CHARACTER = "".join(chr(number) for number in range(0x110000) if not 0xD800 <= number < 0xE000)


def as_the_reference_writes_it(value: Any) -> str:
    """Write as jsonata-js: JSON.stringify escapes only control characters, quotes and backslashes."""
    return json.dumps(value, ensure_ascii=False)


def as_ascii(value: Any) -> str:
    return json.dumps(value)


@pytest.fixture
def expression(template: Template) -> str:
    body: str = definition(template, "admission")["States"]["Keep"]["Arguments"]["MessageBody"]
    return body.removeprefix("{%").removesuffix("%}")


def message(expression: str, text: str, to_string: Callable[[Any], str]) -> str:
    """Return what `Keep` sends if every part of the request is `text`."""
    keep = jsonata.Jsonata.jsonata(expression)
    keep.register_lambda("string", to_string)
    execution = {"Id": "arn", "Name": "name", "StartTime": "now", "Input": {"envelope": {"body": text}}}
    states = {"input": {"error": {text: text}}, "context": {"Execution": execution}}
    return str(keep.evaluate(None, {"states": states}))


@pytest.mark.parametrize("to_string", [as_the_reference_writes_it, as_ascii])
def test_every_character_is_kept_as_text_that_sqs_takes(expression: str, to_string: Callable[[Any], str]) -> None:
    kept = message(expression, EVERY_CHARACTER, to_string)
    assert TAKEN.fullmatch(kept)
    assert json.loads(kept)["envelope"]["body"] == EVERY_CHARACTER
    assert json.loads(kept)["work"]["error"] == {EVERY_CHARACTER: EVERY_CHARACTER}


@pytest.mark.parametrize("text", ["\ufffe", "\uffff", "\\uFFFE", "\\\ufffe", '"\uffff\ufffe"', "\\\\\uffff"], ids=ascii)
def test_what_is_escaped_means_the_same(expression: str, text: str) -> None:
    kept = message(expression, text, as_the_reference_writes_it)
    assert json.loads(kept)["envelope"]["body"] == text


def test_the_template_itself_holds_none_of_them(template: Template) -> None:
    """CloudFormation would refuse it."""
    raw = template.path.read_text()
    assert TAKEN.fullmatch(raw)
    assert TAKEN.fullmatch(json.dumps(json.loads(raw), ensure_ascii=False))
