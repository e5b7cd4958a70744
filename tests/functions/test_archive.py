"""Publish and Digest through their handlers, on S3 and DynamoDB in memory: what is archived, repaired and found."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from rds_operations.archive.digest_file import Period, sha256
from rds_operations.archive.record_object import object_body, object_key
from rds_operations.aws.dynamodb import from_attributes
from rds_operations.model import clock
from rds_operations.model.errors import ArchiveUnavailable
from rds_operations.records.audit_record import Event, audit_record
from tests.builders import a_request
from tests.functions.archive import HOUR, REFUSED, Archive, a_record
from tests.functions.calls import Call, error
from tests.functions.fake_aws import AUDIT_TABLE, Document, FakeAws


@pytest.fixture
def archive(aws: FakeAws) -> Archive:
    return Archive(aws)


@pytest.fixture
def sent(aws: FakeAws) -> Iterator[list[Document]]:
    """Return the entries that Publish and Digest send."""
    found: list[Document] = []

    def note(params: Document, **_event: Any) -> None:
        found.extend(params["Entries"])

    clients = [aws.modules["publish"].publisher._bus._client, aws.modules["digest"].publisher._bus._client]
    for client in clients:
        client.meta.events.register("provide-client-params.eventbridge.PutEvents", note)
    yield found
    for client in clients:
        client.meta.events.unregister("provide-client-params.eventbridge.PutEvents", note)


def test_a_record_becomes_an_event_then_an_object(archive: Archive, sent: list[Document]) -> None:
    record = a_record()
    assert archive.publish(record) == []
    assert archive.read(object_key(record)) == object_body(record)
    (entry,) = sent
    assert (entry["Source"], entry["DetailType"]) == ("rds-operations", "Operation refused")
    assert json.loads(entry["Detail"])["id"] == record["audit_id"]
    assert [call.action for call in archive.aws.calls.made if call.state == "publish"] == ["PutEvents", "PutObject"]


def test_a_record_that_comes_twice_is_one_object(archive: Archive, sent: list[Document]) -> None:
    record = a_record()
    archive.publish(record)
    assert archive.publish(record, record) == []
    assert archive.names() == [object_key(record)]
    assert len(sent) == 3, "an event may come again"


def test_a_batch_of_many_is_sent_ten_by_ten(archive: Archive, sent: list[Document]) -> None:
    records = [a_record(number) for number in range(23)]
    assert archive.publish(*records) == []
    assert len(archive.names()) == len(sent) == 23


def test_what_s3_refuses_is_named_and_the_others_are_done(archive: Archive, sent: list[Document]) -> None:
    records = [a_record(number) for number in range(3)]
    refused = object_key(records[1])

    def refuse(call: Call) -> Any:
        return error("SlowDown", 503) if call.path.endswith(refused.rpartition("/")[2]) else None

    with archive.aws.calls.answering(refuse):
        assert archive.publish(*records) == [1]
    assert archive.names() == sorted([object_key(records[0]), object_key(records[2])])


def test_without_an_event_there_is_no_object(archive: Archive) -> None:
    with archive.aws.calls.refusing("publish", "events", "PutEvents", "InternalException", 500):
        assert archive.publish(a_record(), a_record(1)) == [0, 1]
    assert archive.names() == []


def test_a_record_that_cannot_be_read_keeps_no_other_waiting(archive: Archive, sent: list[Document]) -> None:
    broken = {**a_record(), "user_identity": "no JSON"}
    assert archive.publish(broken, a_record(1)) == [0]
    assert len(archive.names()) == len(sent) == 1


def test_each_hour_that_is_over_has_a_digest_that_names_the_one_before(archive: Archive) -> None:
    record = a_record()
    archive.publish(record)
    now = clock.now()
    assert archive.digest(now + 3 * HOUR)["written"] >= 2
    first, *others = archive.digests()
    keys = sorted(archive.names("digests/"))
    assert first["previous"] is None
    for before, key, digest in zip([first, *others], keys, others, strict=False):
        assert digest["previous"] == {"key": key, "sha256": sha256(archive.read(key))}
        assert digest["from"] == before["to"]
    listed = [item for digest in archive.digests() for item in digest["objects"]]
    assert listed == [{"key": object_key(record), "sha256": sha256(object_body(record)), "record_hash": record["hash"]}]
    (pack,) = [digest["pack"] for digest in archive.digests() if digest["pack"]]
    assert gzip.decompress(archive.read(pack["key"])) == object_body(record)
    assert sha256(archive.read(pack["key"])) == pack["sha256"]


def test_an_hour_that_is_not_over_has_none(archive: Archive) -> None:
    archive.publish(a_record())
    this = Period.around(clock.now(), HOUR)
    archive.digest(this.end + timedelta(minutes=4))
    assert this.digest_key not in archive.names()
    archive.digest(this.end + timedelta(minutes=6))
    assert this.digest_key in archive.names()


def test_the_next_run_goes_on_where_the_last_has_ended(archive: Archive) -> None:
    now = clock.now()
    archive.digest(now + 2 * HOUR)
    before = archive.names("digests/")
    assert archive.digest(now + 2 * HOUR)["written"] == 0
    assert archive.digest(now + 5 * HOUR)["written"] == 3
    assert len(archive.names("digests/")) == len(before) + 3
    starts = [digest["from"] for digest in archive.digests()]
    assert starts == sorted(set(starts))


def test_what_the_stream_has_lost_is_published(archive: Archive, sent: list[Document]) -> None:
    now = clock.now()
    lost, fresh = a_record(0, now - HOUR), a_record(1, now)
    archive.put(lost)
    archive.put(fresh)
    counted = archive.digest(now)
    assert counted["repaired"] == 1, "the other may still be on its way"
    assert archive.names("records/") == [object_key(lost)]
    assert [json.loads(entry["Detail"])["id"] for entry in sent] == [lost["audit_id"]]
    archive.digest(now + 3 * HOUR)
    listed = [item["key"] for digest in archive.digests() for item in digest["objects"]]
    assert object_key(lost) in listed


def test_the_first_run_archives_what_was_there_before(archive: Archive, sent: list[Document]) -> None:
    old = a_record(0, clock.now() - timedelta(days=80))
    archive.put(old)
    assert archive.digest(clock.now())["repaired"] == 1
    assert archive.names("records/") == [object_key(old)]


def test_a_changed_record_and_a_deleted_one_are_found_and_stay_as_they_were(
    archive: Archive, sent: list[Document]
) -> None:
    now = clock.now()
    changed, deleted, forged = (a_record(number, now - HOUR) for number in range(3))
    for record in (changed, deleted, forged):
        archive.put(record)
        archive.publish(record)
    assert archive.digest(now + 2 * HOUR)["mismatched"] == 0
    rehashed = audit_record(
        a_request(operation_id="operation-0"),
        Event.REFUSED,
        {**REFUSED, "error": "Yes."},
        clock.from_text(str(changed["timestamp"])),
    )
    assert rehashed["audit_id"] == changed["audit_id"]
    archive.put(rehashed)
    archive.put({**forged, "success": True})
    key = {"instance_id": {"S": str(deleted["instance_id"])}, "audit_id": {"S": str(deleted["audit_id"])}}
    archive.aws.dynamodb.delete_item(TableName=AUDIT_TABLE, Key=key)
    assert archive.digest(now + 4 * HOUR)["mismatched"] == 3
    (told,) = [digest["mismatched"] for digest in archive.digests() if digest["mismatched"]]
    assert {item["audit_id"]: item["what"] for item in told} == {
        changed["audit_id"]: "the record in the table is not the one in the archive",
        forged["audit_id"]: "the record in the table does not have its own hash",
        deleted["audit_id"]: "the table has this record no more",
    }
    assert archive.read(object_key(changed)) == object_body(changed)


def test_a_run_that_s3_fails_is_no_run_and_the_next_makes_good(archive: Archive, sent: list[Document]) -> None:
    now = clock.now()
    archive.publish(a_record(0, now))

    def refuse(call: Call) -> Any:
        return error("SlowDown", 503) if call.action == "PutObject" and "/digests/" in call.path else None

    with archive.aws.calls.answering(refuse), pytest.raises(ArchiveUnavailable):
        archive.digest(now + 2 * HOUR)
    assert archive.digest(now + 2 * HOUR)["written"] > 0
    assert sum(len(digest["objects"]) for digest in archive.digests()) == 1


def test_the_handler_says_what_it_did(archive: Archive) -> None:
    assert archive.aws.call("digest", {}).keys() == {"written", "repaired", "mismatched"}


def test_the_table_gives_back_the_very_record(archive: Archive) -> None:
    record = a_record()
    archive.put(record)
    (found,) = archive.aws.dynamodb.scan(TableName=AUDIT_TABLE)["Items"]
    assert object_body(from_attributes(found)) == object_body(record)
