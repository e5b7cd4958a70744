"""The way from a record to its event and its object breaks. The operation does not feel it; each object comes, once."""

from __future__ import annotations

import json
import time
from typing import Any

from rds_operations.archive.record_object import object_key
from rds_operations.aws.dynamodb import to_attributes
from tests.workflow.faults.case import Case, Row
from tests.workflow.faults.checks import assert_as_expected, parametrized
from tests.workflow.faults.conftest import Seen
from tests.workflow.faults.expected import DONE
from tests.workflow.service import Document, reboot_of, window_of

WHERE = "Archive"
SLOW: Document = {"effect": "refuse", "code": "SlowDown", "status": 503}
A_WHILE = 4.0


def put(**effect: Any) -> Document:
    return {"point": "s3:PutObject", "caller": "publish", **effect}


def plain(record: Document) -> Document:
    return {name: value if isinstance(value, bool | str) else int(value) for name, value in record.items()}


def send_again(case: Case) -> None:
    """Hand the records to Publish once more, as a stream may."""
    changes = [
        {"dynamodb": {"SequenceNumber": str(number), "NewImage": to_attributes(plain(record))}}
        for number, record in enumerate(case.service.records(case.instance))
    ]
    answer = case.service.aws("lambda").invoke(
        FunctionName="rds-operations-publish", Payload=json.dumps({"Records": changes}).encode()
    )
    assert json.loads(answer["Payload"].read()) == {"batchItemFailures": []}


def lose_then_digest(case: Case) -> None:
    """Take the objects away as if the stream had lost them, and let Digest run."""
    s3, bucket = case.service.aws("s3"), case.service.outputs["archive_bucket"]
    records = case.service.records(case.instance)
    for record in records:
        case.eventually(lambda record=record: case.service.archived(record), "the object")  # type: ignore[misc]
        for version in s3.list_object_versions(Bucket=bucket, Prefix=object_key(record))["Versions"]:
            s3.delete_object(Bucket=bucket, Key=version["Key"], VersionId=version["VersionId"])

    def repaired() -> bool:
        case.service.digest()
        return all(map(case.service.archived, records))

    time.sleep(A_WHILE)
    case.eventually(repaired, "the repair")


STRUCK: dict[str, Any] = {"during": Case.wait_for_faults}
BUS: Document = {"point": "events:PutEvents", "caller": "publish"}
ROWS = [
    Row(WHERE, "S3 refuses the object for a while", reboot_of, (put(**SLOW, lasts=A_WHILE),), DONE, **STRUCK),
    Row(WHERE, "S3 takes the object, its answer is lost", window_of, (put(effect="lose", times=1),), DONE, **STRUCK),
    Row(WHERE, "Publish is killed before it writes", reboot_of, (put(effect="crash_before", times=1),), DONE, **STRUCK),
    Row(WHERE, "Publish is killed after that", window_of, (put(effect="crash_after", times=1),), DONE, **STRUCK),
    Row(WHERE, "EventBridge refuses for a while", reboot_of, ({**BUS, **SLOW, "lasts": A_WHILE},), DONE, **STRUCK),
    Row(WHERE, "EventBridge's answer is lost", window_of, ({**BUS, "effect": "lose", "times": 1},), DONE, **STRUCK),
    Row(WHERE, "the stream brings a record twice", reboot_of, (), DONE, after=send_again),
    Row(WHERE, "the stream brings a record never", window_of, (), DONE, after=lose_then_digest, alone=True),
    Row(
        WHERE,
        "S3 refuses the object of a refusal for a while",
        reboot_of,
        (put(**SLOW, lasts=A_WHILE),),
        {"answer": 403, "execution": "none", "outcome": "production_instance", "records": ("refused by admission",)},
        tags={"Environment": "prod"},
        **STRUCK,
    ),
]


@parametrized(ROWS)
def test_archive(row: Row, seen: Seen) -> None:
    assert_as_expected(row, seen(row))
