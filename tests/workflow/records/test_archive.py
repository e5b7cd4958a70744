"""What others are told of a record, and what is kept of it, on the deployed service."""

from __future__ import annotations

import gzip
import itertools
import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import jsonschema_rs
import pytest

from local.cloud import ROOT
from rds_operations.archive.digest_file import sha256
from rds_operations.archive.record_object import object_body, object_key
from rds_operations.model.documents import Item
from tests.workflow.service import Document, Service, reboot_of

SCHEMA = jsonschema_rs.validator_for(json.loads((ROOT / "docs" / "event.schema.json").read_text()))
_PATIENCE_SECONDS = 60


@pytest.fixture
def told(service: Service) -> Iterator[Callable[[], list[Document]]]:
    """Listen to the service's events by a rule of one's own, and return all so far."""
    sqs, events = service.aws("sqs"), service.aws("events")
    url = sqs.create_queue(QueueName="told")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    policy = {"Effect": "Allow", "Principal": {"Service": "events.amazonaws.com"}, "Action": "sqs:SendMessage"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [{**policy, "Resource": arn}]})
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": document})
    events.put_rule(Name="told", EventPattern=json.dumps({"source": ["rds-operations"]}))
    events.put_targets(Rule="told", Targets=[{"Id": "queue", "Arn": arn}])
    found: list[Document] = []

    def all_so_far() -> list[Document]:
        while batch := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
            for message in batch:
                found.append(json.loads(message["Body"]))
                sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        return found

    yield all_so_far
    events.remove_targets(Rule="told", Ids=["queue"])
    events.delete_rule(Name="told")
    sqs.delete_queue(QueueUrl=url)


def eventually(condition: Callable[[], Any], otherwise: str) -> Any:
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while not (found := condition()):
        assert time.monotonic() < deadline, otherwise
        time.sleep(0.2)
    return found


def body_of(service: Service, key: str) -> bytes | None:
    s3 = service.aws("s3")
    try:
        found: bytes = s3.get_object(Bucket=service.outputs["archive_bucket"], Key=key)["Body"].read()
    except s3.exceptions.NoSuchKey:
        return None
    return found


def archived(service: Service, key: str) -> bytes:
    """Wait for an object."""
    found: bytes = eventually(lambda: body_of(service, key), f"{key} is missing")
    return found


def plain(record: Document) -> Item:
    """Return the record with whole numbers, which boto3's resources read as Decimal."""
    return {name: value if isinstance(value, bool | str) else int(value) for name, value in record.items()}


def versions(service: Service, prefix: str) -> list[Document]:
    pages = service.aws("s3").get_paginator("list_object_versions")
    found = pages.paginate(Bucket=service.outputs["archive_bucket"], Prefix=prefix)
    return [version for page in found for version in page.get("Versions", [])]


def digests(service: Service) -> list[tuple[str, bytes]]:
    keys = sorted(version["Key"] for version in versions(service, "digests/"))
    return [(key, body) for key in keys if (body := body_of(service, key))]


def test_each_record_is_an_event_and_an_object(service: Service, told: Callable[[], list[Document]]) -> None:
    instance = service.new_instance()
    operation = service.accepted(reboot_of(instance))
    service.result(operation)
    assert service.post(reboot_of(service.new_instance("any", {"Stage": "prod"}))).status == 403
    records = service.records(instance)
    assert len(records) == 2

    def of_this() -> list[Document]:
        return [event for event in told() if event["detail"]["instance_id"] == instance]

    eventually(lambda: len(of_this()) >= 2, "an event is missing")
    for record in records:
        assert archived(service, object_key(record)) == object_body(plain(record))
        assert len(versions(service, object_key(record))) == 1
    for event in of_this():
        SCHEMA.validate(event)
        assert event["detail"]["console_url"].endswith(f"/console/#/operations/{operation}")
    assert {event["detail-type"] for event in of_this()} == {"Operation accepted", "Operation ended"}
    assert eventually(
        lambda: [event for event in told() if event["detail-type"] == "Operation refused"], "a refusal is not told"
    )


def test_digests_follow_one_another_and_list_every_object(service: Service) -> None:
    """Digest runs by its own role, and its key of signing is the stack's where there is one."""
    name = service.new_instance("any", {"Stage": "prod"})
    assert service.post(reboot_of(name)).status == 403
    (record,) = service.records(name)
    key = object_key(record)
    body = archived(service, key)

    def listed() -> Document | None:
        service.digest()
        found = [item for _, body in digests(service) for item in json.loads(body)["objects"] if item["key"] == key]
        return found[0] if found else None

    item = eventually(listed, "no digest lists it")
    assert (item["sha256"], item["record_hash"]) == (sha256(body), record["hash"])
    chain = digests(service)
    for (before, bytes_before), (_, after) in itertools.pairwise(chain):
        document = json.loads(after)
        assert document["previous"] == {"key": before, "sha256": sha256(bytes_before)}
        assert document["from"] == json.loads(bytes_before)["to"]
    pack = next(json.loads(found)["pack"] for _, found in chain if key.encode() in found)
    packed = body_of(service, pack["key"])
    assert packed is not None
    assert sha256(packed) == pack["sha256"]
    assert body in gzip.decompress(packed).splitlines(keepends=True)
