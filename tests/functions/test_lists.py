"""GET /operations, GET /records and GET /me, through the real handler: whose items, which, and from where."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from rds_operations.model import clock
from rds_operations.model.end_codes import EndCode
from rds_operations.model.progress import failed
from rds_operations.records.audit_record import Event, audit_record
from rds_operations.rules.classification import Environment, Verdict
from rds_operations.settings.callers import CallerSettings
from rds_operations.settings.version import VERSION
from tests.builders import ACCOUNT, MANY_TARGETS, REGION, a_body, a_context, a_request
from tests.functions.fake_aws import Document, FakeAws
from tests.functions.late import let_lock_end, never_taken, restarted, settled, watched
from tests.functions.test_logs import lines

OTHER = {"apiKeyId": "key-2"}
AUDITOR = {"apiKeyId": "auditor"}
AUDITORS = CallerSettings(auditors=("apikey:auditor",))
NAMED_INDEXES = {None, "by_principal", "by_day", "failed", "unfinished"}


class Reads:
    """The parameters of the function's calls."""

    def __init__(self) -> None:
        self.made: list[tuple[str, Document]] = []

    def note(self, params: Document, model: Any, **_event: Any) -> None:
        self.made.append((model.name, params))

    @property
    def indexes(self) -> set[str | None]:
        return {params.get("IndexName") for name, params in self.made if name == "Query"}


@pytest.fixture
def reads(aws: FakeAws) -> Iterator[Reads]:
    reads, events = Reads(), aws.modules["lists"].client.meta.events
    events.register("before-parameter-build.dynamodb", reads.note)
    yield reads
    events.unregister("before-parameter-build.dynamodb", reads.note)
    assert {name for name, _params in reads.made} <= {"Query", "BatchGetItem"}, "never a scan, never a write"
    assert reads.indexes <= NAMED_INDEXES
    for name, params in reads.made:
        if name == "Query":
            assert 0 < params["Limit"] <= 100
            assert params["ScanIndexForward"] is False


@pytest.fixture(autouse=True)
def _auditor(aws: FakeAws) -> None:
    aws.deploy(callers=AUDITORS)


def records(aws: FakeAws, caller: Document | None = None, **parameters: Any) -> list[Document]:
    answer = aws.get_list("/records", parameters, **(caller or {}))
    assert answer["statusCode"] == 200, answer
    found: list[Document] = answer["body"]["records"]
    return found


def operations(aws: FakeAws, caller: Document | None = None, **parameters: Any) -> list[str]:
    answer = aws.get_list("/operations", parameters, **(caller or {}))
    assert answer["statusCode"] == 200, answer
    return [document["operation_id"] for document in answer["body"]["operations"]]


def refused(aws: FakeAws, route: str = "/records", caller: Document | None = None, **parameters: Any) -> Document:
    answer = aws.get_list(route, parameters, **(caller or {}))
    return {"status": answer["statusCode"], **answer["body"]}


def accepted(aws: FakeAws, instance_id: str, key: str, operation: str = "create_snapshot") -> str:
    aws.create_instance("dev", instance_id)
    body = a_body(operation) | {"instance_id": instance_id}
    work = aws.admit(body, request_id=f"request-{instance_id}", caller=a_context(apiKeyId=key))
    return str(work["request"]["operation_id"])


def finished(aws: FakeAws, instance_id: str, key: str) -> str:
    aws.create_instance("dev", instance_id)
    body = a_body("modify_backup_window") | {"instance_id": instance_id}
    work = aws.admit(body, request_id=f"request-{instance_id}", caller=a_context(apiKeyId=key))
    aws.audit(aws.execute(aws.begin(work["start"])))
    return str(work["request"]["operation_id"])


def turned_down(aws: FakeAws, instance_id: str = "prod-1", key: str = "key-id-1") -> None:
    """Refuse a request of this moment."""
    aws.create_instance("prod", instance_id)
    body = a_body() | {"instance_id": instance_id}
    work = aws.admit(body, request_id=f"request-{instance_id}", caller=a_context(apiKeyId=key))
    work["request"]["requested_at"] = clock.to_text(clock.now())
    aws.answer(work, request_id=f"request-{instance_id}")


# Whose.


def test_callers_see_their_own_and_auditors_all(aws: FakeAws, reads: Reads) -> None:
    mine, other = finished(aws, "dev-1", "key-id-1"), accepted(aws, "dev-2", "key-2")
    assert operations(aws) == [mine]
    assert operations(aws, OTHER) == [other]
    assert operations(aws, AUDITOR) == [other, mine]
    assert {record["operation_id"] for record in records(aws)} == {mine}
    assert {record["operation_id"] for record in records(aws, OTHER)} == {other}
    assert len(records(aws, AUDITOR)) == 3


@pytest.mark.parametrize("route", ["/operations", "/records"])
def test_no_filter_shows_a_caller_what_is_not_theirs(aws: FakeAws, reads: Reads, route: str) -> None:
    """The key that is read is the caller's own, whatever is asked."""
    other = accepted(aws, "dev-2", "key-2")
    turned_down(aws, "prod-2", "key-2")
    asked: list[Document] = [
        {"instance_id": "dev-2"},
        {"instance_id": "prod-2"},
        {"instance_id": "-"},
        {"failed": "true"},
    ]
    asked += [{"environment": "production"}, {"status": "accepted"}, {"operation": "create_snapshot"}]
    asked += [{"finished": "false"}] if route == "/operations" else [{"event": "refused"}, {"operation_id": other}]
    for parameters in asked:
        body = aws.get_list(route, parameters)["body"]
        assert body[route.removeprefix("/")] == []
        assert "next" not in body
    assert reads.indexes == {"by_principal"}


def test_whether_an_operation_of_others_exists_does_not_show(aws: FakeAws, reads: Reads) -> None:
    other = accepted(aws, "dev-2", "key-2")
    known = _queries(aws, reads, other)
    assert known == _queries(aws, reads, "dev-2-create-snapshot-0000000000000000")


def _queries(aws: FakeAws, reads: Reads, operation_id: str) -> list[Document]:
    reads.made.clear()
    assert records(aws, operation_id=operation_id) == []
    return [params for name, params in reads.made if name == "Query"]


@pytest.mark.parametrize("route", ["/operations", "/records"])
def test_only_auditors_ask_for_another_principal(aws: FakeAws, route: str) -> None:
    finished(aws, "dev-1", "key-id-1")
    answer = refused(aws, route, OTHER, principal="apikey:key-id-1")
    assert (answer["status"], answer["code"]) == (403, "caller_not_permitted")
    assert answer["error"] == "Only auditors may ask for what other callers did"
    own = aws.get_list(route, {"principal": "apikey:key-id-1"})
    assert own["statusCode"] == 200
    name = route.removeprefix("/")
    assert own["body"][name] == aws.get_list(route, {"principal": "apikey:key-id-1"}, **AUDITOR)["body"][name] != []


@pytest.mark.parametrize("route", ["/operations", "/records"])
@pytest.mark.parametrize("caller", [{}, AUDITOR], ids=["caller", "auditor"])
def test_a_persons_name_is_no_principal(aws: FakeAws, reads: Reads, route: str, caller: Document) -> None:
    """Nobody is told that `bob` did nothing."""
    answer = refused(aws, route, caller, principal="bob")
    assert (answer["status"], answer["code"]) == (400, "invalid_parameter")
    assert "arn:aws:sts::<account>:assumed-role/<role>/<session>" in answer["error"]
    assert reads.made == []


@pytest.mark.parametrize("route", ["/operations", "/records", "/me"])
def test_nobody_and_foreign_tokens_see_nothing(aws: FakeAws, reads: Reads, route: str) -> None:
    assert refused(aws, route, {"apiKeyId": None})["code"] == "caller_not_permitted"
    aws.deploy(callers=CallerSettings(auditors=("group:audit",), user_pool_client_ids=("ours",)))
    claims = {"sub": "1", "iss": "https://issuer/pool", "cognito:username": "jane", "cognito:groups": "audit"}
    foreign = aws.get_list(route, {}, authentication="cognito", claims={**claims, "aud": "theirs"})
    assert (foreign["statusCode"], foreign["body"]["code"]) == (403, "caller_not_permitted")
    ours = aws.get_list(route, {}, authentication="cognito", claims={**claims, "aud": "ours"})
    assert ours["statusCode"] == 200
    assert {params.get("IndexName") for name, params in reads.made} <= {"by_day"}


def test_one_person_in_two_ways_is_two_callers_and_the_empty_list_says_so(aws: FakeAws) -> None:
    finished(aws, "dev-1", "key-id-1")
    body = aws.get_list("/records", {}, authentication="iam", userArn=f"arn:aws:iam::{ACCOUNT}:user/john.doe")["body"]
    assert body["records"] == []
    assert "through another API, is another caller" in body["note"]
    assert "key-id-1" not in str(body)


# Which.


def test_records_are_as_stored_with_their_json_parsed(aws: FakeAws) -> None:
    finished(aws, "dev-1", "key-id-1")
    stored = [
        {
            name: json.loads(text) if name in ("parameters", "user_identity", "result") else text
            for name, text in item.items()
        }
        for item in aws.records()
    ]
    assert records(aws) == stored[::-1]


def test_operations_are_the_documents_of_get(aws: FakeAws) -> None:
    operation_id = finished(aws, "dev-1", "key-id-1")
    assert aws.get_list("/operations")["body"]["operations"] == [aws.status(operation_id)["body"]]


def test_the_questions_of_an_auditor(aws: FakeAws, reads: Reads) -> None:
    done, running = finished(aws, "dev-1", "key-id-1"), accepted(aws, "dev-2", "key-2", "reboot_instance")
    turned_down(aws)

    def by(**parameters: Any) -> tuple[list[str], str | None]:
        reads.made.clear()
        events = [record["event"] for record in records(aws, AUDITOR, **parameters)]
        (index,) = reads.indexes
        return events, index

    assert by(instance_id="dev-1") == (["completed", "accepted"], None)
    assert by(instance_id="dev-1", event="completed") == (["completed"], None)
    assert by(principal="apikey:key-2") == (["accepted"], "by_principal")
    assert by(failed="true") == (["refused"], "failed")
    assert by(event="refused", environment="production") == (["refused"], "failed")
    assert by(failed="false", operation="reboot_instance") == (["accepted"], "by_day")
    assert by(operation_id=done) == (["completed", "accepted"], None)
    assert by(operation_id=running) == (["accepted"], None)
    assert by(operation_id="no-such-operation") == ([], "by_day")
    assert by(status="403") == (["refused"], "by_day")
    reads.made.clear()
    assert operations(aws, AUDITOR, finished="false") == [running]
    assert reads.indexes == {"unfinished"}
    assert operations(aws, AUDITOR, finished="true") == [done]
    assert operations(aws, AUDITOR, status="accepted") == [running]
    assert operations(aws, AUDITOR, instance_id="dev-1") == [done]
    assert operations(aws, AUDITOR, failed="true") == []
    assert operations(aws, OTHER, finished="false") == [running]


def test_one_operation_is_found_at_once_on_a_busy_instance(aws: FakeAws, reads: Reads) -> None:
    """Also long afterwards: what came before and after it is not read."""
    operation_id = finished(aws, "dev-1", "key-id-1")
    for number in range(300):
        moment = clock.now() + timedelta(hours=number - 150)
        aws.put_record(record_at(moment, number, instance_id="dev-1"))
    for caller in (AUDITOR, {}):
        assert [record["event"] for record in records(aws, caller, operation_id=operation_id)] == [
            "completed",
            "accepted",
        ]
    body = aws.get_list("/records", {"operation_id": operation_id, "to": "2999-01-01"}, **AUDITOR)["body"]
    assert len(body["records"]) == 2


def test_one_operation_that_ended_late_has_its_last_record(aws: FakeAws) -> None:
    aws.create_instance()
    operation_id = never_taken(aws, "reboot_instance")
    with aws.calls.answering(restarted):
        settled(aws, operation_id)
    assert [record["event"] for record in records(aws, operation_id=operation_id)] == ["final", "completed", "accepted"]


def test_a_time_out_may_be_two_failures_of_one_operation_or_one_that_succeeded(aws: FakeAws) -> None:
    aws.create_instance()
    succeeded = never_taken(aws, "reboot_instance")
    with aws.calls.answering(restarted):
        settled(aws, succeeded)
    assert [record["event"] for record in records(aws, AUDITOR, failed="true")] == ["completed"]
    let_lock_end(aws)
    failed_twice = never_taken(aws, "create_snapshot", "request-2")
    work = watched(aws, failed_twice)
    work["progress"] = failed("RDS could not do it", EndCode.SNAPSHOT_FAILED).to_document()
    aws.call("audit", {"machine": "LATE_WATCH", "work": work})
    found = records(aws, AUDITOR, failed="true", operation="create_snapshot")
    assert [record["event"] for record in found] == ["final", "completed"]
    assert {record["operation_id"] for record in found} == {failed_twice}
    assert (found[0]["result"]["final_status"], found[0]["success"]) == ("failed", False)
    completed = records(aws, AUDITOR, failed="true", event="completed")
    assert {record["operation_id"] for record in completed} == {succeeded, failed_twice}
    assert {record["event"] for record in completed} == {"completed"}


def test_an_open_operation_is_no_longer_open_when_it_has_ended(aws: FakeAws) -> None:
    aws.create_instance()
    work = aws.execute(aws.accept("modify_backup_window"))
    assert operations(aws, AUDITOR, finished="false") == [work["request"]["operation_id"]]
    aws.audit(work)
    answer = aws.get_list("/operations", {"finished": "false"}, **AUDITOR)["body"]
    assert answer["operations"] == []
    assert answer["note"].startswith("Nothing fits.")


def test_attempts_without_an_instance_have_a_partition_of_their_own(aws: FakeAws, reads: Reads) -> None:
    aws.answer(aws.admit({"operation": "reboot_instance"}))
    assert [record["instance_id"] for record in records(aws, AUDITOR, instance_id="-")] == ["-"]
    assert reads.indexes == {None}
    assert [record["instance_id"] for record in records(aws, instance_id="-")] == ["-"]
    assert records(aws, OTHER, instance_id="-") == []


def test_a_range_cuts_to_the_millisecond(aws: FakeAws) -> None:
    moments = [clock.now() - timedelta(days=days) for days in (0, 1, 2, 40)]
    for moment in moments:
        aws.put_record(record_at(moment))
    texts = [clock.to_text(moment) for moment in moments]
    for filters in ({}, {"instance_id": "dev-postgres-01"}, {"principal": "apikey:x"}, {"failed": "true"}):
        for caller in (AUDITOR, {"apiKeyId": "x"}):
            found = records(aws, caller, **filters, **{"from": texts[2], "to": texts[1]})
            assert [record["timestamp"] for record in found] == texts[1:3]
            assert len(records(aws, caller, **filters)) == 4


def record_at(moment: Any, number: int = 0, **more: Any) -> Document:
    request = a_request(caller={"userId": "apikey:x", "principal": "apikey:x"}, operation_id=f"op-{number}", **more)
    verdict = Verdict(Environment.PRODUCTION, "tag Environment=prod")
    return audit_record(request, Event.REFUSED, {"success": False, "status": 403}, moment, verdict)


# Pages.


def walk(aws: FakeAws, sizes: list[int], caller: Document, **parameters: Any) -> list[str]:
    found: list[str] = []
    token: Document = {}
    for size in [*sizes, *[3] * 200]:
        body = aws.get_list("/records", {**parameters, **token, "limit": str(size)}, **caller)["body"]
        found += [record["audit_id"] for record in body["records"]]
        if "next" not in body:
            return found
        token = {"next": body["next"]}
    raise AssertionError("it never ends")


@pytest.mark.parametrize(
    "parameters",
    [
        {},
        {"instance_id": "dev-1"},
        {"principal": "apikey:x"},
        {"failed": "true"},
        {"event": "refused", "status": "403"},
    ],
)
def test_the_same_records_whatever_the_page_size(aws: FakeAws, reads: Reads, parameters: Document) -> None:
    """Many at the same millisecond, over days and months."""
    now = clock.now()
    for number in range(60):
        aws.put_record(record_at(now - timedelta(days=number % 7 * 9), number, instance_id=f"dev-{number % 2}"))
    for caller in (AUDITOR, {"apiKeyId": "x"}):
        whole = walk(aws, [100], caller, **parameters)
        assert len(whole) == len(set(whole)) == (30 if "instance_id" in parameters else 60)
        assert [name.split("#")[1] for name in whole] == sorted((name.split("#")[1] for name in whole), reverse=True)
        for sizes in ([1, 2, 3], [7] * 20, [59, 1]):
            assert sorted(walk(aws, sizes, caller, **parameters)) == sorted(whole)


def test_a_page_examines_at_most_200_records_and_may_be_empty(aws: FakeAws, reads: Reads) -> None:
    now = clock.now()
    for number in range(230):
        aws.put_record(record_at(now - timedelta(seconds=number), number))
    body = aws.get_list("/records", {"event": "accepted", "instance_id": "dev-postgres-01"}, **AUDITOR)["body"]
    assert sum(params["Limit"] for _name, params in reads.made) == 200
    assert body["records"] == []
    assert body["note"] == "Nothing among the items that this page examined. Go on with next."
    rest = aws.get_list(
        "/records", {"event": "accepted", "instance_id": "dev-postgres-01", "next": body["next"]}, **AUDITOR
    )["body"]
    assert rest["records"] == []
    assert rest["note"].startswith("Nothing fits.")


def test_a_token_is_good_for_one_list_of_one_caller(aws: FakeAws) -> None:
    for number in range(5):
        aws.put_record(record_at(clock.now() - timedelta(seconds=number), number))
    mine: Document = {"apiKeyId": "x"}
    token = aws.get_list("/records", {"limit": "2"}, **mine)["body"]["next"]
    assert len(records(aws, mine, next=token)) == 3
    carried: list[tuple[str, Document, Document]] = [
        ("/records", OTHER, {}),
        ("/records", AUDITOR, {}),
        ("/records", AUDITOR, {"principal": "apikey:x"}),
        ("/operations", mine, {}),
        ("/records", mine, {"failed": "true"}),
        ("/records", mine, {"from": "2020-01-01"}),
    ]
    for route, caller, parameters in carried:
        answer = refused(aws, route, caller, next=token, **parameters)
        assert (answer["status"], answer["code"]) == (400, "invalid_parameter"), (route, caller, parameters)
        assert answer["error"].startswith("next is not a token of this list")
    for forged in (token[:-1], token[::-1], token + "A", "=HYPERLINK(1)", "%2F..%2F", "a" * 2_048):
        assert refused(aws, caller=mine, next=forged)["status"] == 400


# /me.


def test_me_without_permissions_in_the_settings(aws: FakeAws, reads: Reads) -> None:
    assert aws.get_list("/me")["body"] == {
        "userId": "apikey:key-id-1",
        "principal": "apikey:key-id-1",
        "authentication": "api_key",
        "auditor": False,
        "permissions": [
            {
                "operations": ["create_snapshot", "reboot_instance", "modify_backup_window"],
                "environments": ["development", "test", "staging", "poc", "sandbox"],
            }
        ],
        "places": [{"account_id": ACCOUNT, "region": REGION}],
        "version": VERSION,
    }
    assert aws.get_list("/me", {}, **AUDITOR)["body"]["auditor"] is True
    assert reads.made == []


def test_me_with_permissions_in_the_settings(aws: FakeAws) -> None:
    grants: Any = {
        "apikey:key-id-1": {"operations": ["reboot_instance"], "environments": ["test", "poc"]},
        "group:dba": {},
    }
    aws.deploy(callers=CallerSettings(grants), targets=MANY_TARGETS)
    body = aws.get_list("/me")["body"]
    assert body["permissions"] == [{"operations": ["reboot_instance"], "environments": ["test", "poc"]}]
    assert len(body["places"]) == len(MANY_TARGETS.places)
    assert aws.get_list("/me", {}, **OTHER)["body"]["permissions"] == []


def test_me_takes_no_parameters_for_others(aws: FakeAws) -> None:
    assert aws.get_list("/me", {"principal": "apikey:key-2"})["body"]["principal"] == "apikey:key-id-1"


# Attacks and logs.


def test_an_id_that_is_a_formula_or_a_path_finds_nothing_and_is_not_echoed(aws: FakeAws, reads: Reads) -> None:
    accepted(aws, "dev-1", "key-id-1")
    for text in ("=cmd|' /C calc'!A0", "../../operations", "a/b", "lock#x", "key#x", "unnamed#" + "0" * 32, "é" * 80):
        answer = aws.get_list("/records", {"operation_id": text}, **AUDITOR)
        assert (answer["statusCode"], answer["body"]["records"]) == (200, [])
        assert text not in str(answer)
    keys = [params["RequestItems"] for name, params in reads.made if name == "BatchGetItem"]
    assert "lock#" not in str(keys)
    assert "key#" not in str(keys)


def test_an_operation_whose_item_has_gone_is_left_out(aws: FakeAws) -> None:
    gone, here = accepted(aws, "dev-1", "key-id-1"), accepted(aws, "dev-2", "key-id-1")
    aws.drop(gone)
    assert operations(aws) == [here]
    assert [record["operation_id"] for record in records(aws, operation_id=gone)] == [gone]


def test_an_auditors_query_leaves_a_line_without_what_they_typed(aws: FakeAws, log: io.StringIO) -> None:
    finished(aws, "dev-1", "key-id-1")
    records(aws, AUDITOR, principal="apikey:key-id-1", **{"from": "2026-01-01"})
    (line,) = lines(log, message="auditor's query")
    assert (
        line.items()
        >= {
            "state": "Lists",
            "requested_by": "apikey:auditor",
            "route": "/records",
            "key": "by_principal",
            "filters": ["principal"],
            "from": "2026-01-01T00:00:00.000Z",
            "about": "apikey:key-id-1",
            "found": 2,
            "examined": 2,
        }.items()
    )
    records(
        aws, AUDITOR, principal=f"arn:aws:iam::{ACCOUNT}:user/Mustermann", operation_id="=cmd()", instance_id="dev-1"
    )
    records(aws)
    assert "Mustermann" not in log.getvalue()
    assert "cmd" not in log.getvalue()
    assert len(lines(log, message="auditor's query")) == 2


@pytest.mark.parametrize("action", ["Query", "BatchGetItem"])
def test_a_table_that_cannot_be_read_is_an_error_and_never_an_empty_list(aws: FakeAws, action: str) -> None:
    accepted(aws, "dev-1", "key-id-1")
    with (
        aws.calls.refusing("lists", "dynamodb", action, "AccessDeniedException"),
        pytest.raises(Exception, match="could not be read"),
    ):
        aws.get_list("/operations")
