"""No linter knows which fields the log has: each saved query asks for fields and messages that are really logged."""

import io
import json
import re
from contextlib import suppress

import pytest

from rds_operations.aws import metrics
from rds_operations.model.errors import TableUnavailable
from stacks import names
from stacks.log_queries import QUERIES
from tests.builders import a_body, a_request
from tests.functions.archive import Archive, a_record
from tests.functions.fake_aws import OPERATION_MACHINE, Document, FakeAws

OF_THE_FUNCTIONS = {name: query for name, query in QUERIES.items() if query.log_group == names.FUNCTIONS_LOG_GROUP}
COMMANDS = {"fields", "filter", "stats", "sort", "display"}
FUNCTIONS = {"count", "count_distinct", "earliest", "latest", "avg", "max", "ispresent", "fromMillis"}
WORDS = {"by", "as", "and", "or", "in", "asc", "desc", "like"}


def words(text: str) -> set[str]:
    """Return the names that a query reads: neither its own aliases, nor texts, patterns and numbers."""
    bare = re.sub(r'"[^"]*"|/[^/]*/', "", text)
    aliases = set(re.findall(r"\bas (\w+)", bare))
    return set(re.findall(r"[A-Za-z_@][\w.@]*", bare)) - COMMANDS - FUNCTIONS - WORDS - aliases


@pytest.fixture
def lines(aws: FakeAws, log: io.StringIO, capsys: pytest.CaptureFixture[str]) -> list[Document]:
    """What the functions log while all goes well, is refused, and breaks."""
    aws.create_instance()
    aws.answer(aws.admit({**a_body(), "operation": "delete_instance"}))
    work = aws.accept("reboot_instance")
    with aws.calls.refusing("execute", "rds", "RebootDBInstance", "AccessDenied", 403):
        aws.audit(aws.execute(work))
    open_work = aws.execute(aws.accept())
    aws.poll(open_work, 1)
    name = open_work["request"]["operation_id"]
    execution = aws.states.start_execution(stateMachineArn=OPERATION_MACHINE, name=name)
    aws.overdue(name)
    assert aws.sweep() == {"left": 1}
    aws.states.stop_execution(executionArn=execution["executionArn"])
    for state, service, action in (
        ("sweep", "dynamodb", "TransactWriteItems"),
        ("inventory", "rds", "DescribeDBInstances"),
    ):
        with aws.calls.refusing(state, service, action, "AccessDenied", 403):
            aws.call(state, {})
    aws.sweep()
    with suppress(KeyError):
        aws.poll({key: value for key, value in open_work.items() if key != "progress"}, 1)
    with (
        aws.calls.refusing("status", "dynamodb", "GetItem", "InternalServerError", 500),
        pytest.raises(TableUnavailable),
    ):
        aws.status("dev")
    aws.execute(aws.start_directly(name="by-hand", snapshot_id="another"))
    _log_archive(aws)
    metrics.count_write_failure("one")
    metrics.count_end(a_request(), "test", 1.0, code="timed_out", timed_out=True)
    texts = [*log.getvalue().splitlines(), *capsys.readouterr().out.splitlines()]
    return [json.loads(text) for text in texts]


def _log_archive(aws: FakeAws) -> None:
    """Let Publish be refused, and Digest find a record that was changed."""
    archive, record = Archive(aws), a_record()
    with aws.calls.refusing("publish", "s3", "PutObject", "SlowDown", 503):
        archive.publish(record)
    archive.put({**record, "success": True})
    aws.call("digest", {})


def test_every_field_is_one_that_is_logged(lines: list[Document]) -> None:
    logged = {name for line in lines for name in line}
    for name, query in OF_THE_FUNCTIONS.items():
        for word in words(query.text) - {"@timestamp"}:
            field, _, index = word.partition(".")
            assert field in logged, f"{name}: {word}"
            assert not index or all(isinstance(line[field], list) for line in lines if field in line), word


@pytest.mark.parametrize("field", ["message", "state", "event", "result", "error", "aws_service", "Code"])
def test_every_text_is_one_that_is_logged(lines: list[Document], field: str) -> None:
    logged = {line[field] for line in lines if field in line}
    known = {"Code": metrics.DIMENSION_VALUES["Code"], "error": {"TableUnavailable", "TableBusy"}}
    asked = [
        text
        for query in OF_THE_FUNCTIONS.values()
        for condition in re.findall(rf'\b{field} (?:=|in) (\[[^\]]*\]|"[^"]*")', query.text)
        for text in re.findall(r'"([^"]*)"', condition)
    ]
    asked += ["accepted"] if field == "event" else []  # `latest(event) as last`
    assert asked
    assert set(asked) <= logged | known.get(field, set())
