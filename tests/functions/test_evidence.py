"""`rds-ops verify` and `export` on what Publish and Digest have made: what is tampered with is found and named."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any, Literal

import boto3
import pytest
from botocore.session import Session

from rds_operations.archive.record_object import object_body, object_key
from rds_operations.aws.dynamodb import to_attributes
from rds_operations.aws.signing_key import SigningKey
from rds_operations.model import clock
from rds_operations.model.documents import Item
from rds_operations.records.audit_record import Event, audit_record
from rds_operations.records.record_hash import record_hash
from rds_operations.steps import archive_gaps
from rds_ops.archive import formats, sources
from rds_ops.archive.findings import Findings
from rds_ops.archive.records import COLUMNS, records
from rds_ops.archive.sources import Names, Sources
from rds_ops.archive.verification import verify
from rds_ops.commands.evidence import _csv_lines
from tests.builders import a_request
from tests.functions.archive import HOUR, REFUSED, Archive, a_record
from tests.functions.fake_aws import ARCHIVE_BUCKET, AUDIT_TABLE, OPERATION_MACHINE, OPERATIONS_TABLE, FakeAws

NAMES = Names(ARCHIVE_BUCKET, AUDIT_TABLE, OPERATIONS_TABLE, OPERATION_MACHINE, "")
Tamper = Callable[["Case"], None]


class Case:
    """Three records in the table and in the archive, each in an hour of its own, whose digests are made."""

    def __init__(self, archive: Archive) -> None:
        self.archive = archive
        self.now = clock.now() + 4 * HOUR
        self.start = clock.now() - 2 * HOUR
        self.records = [a_record(number, clock.now() - HOUR) for number in range(3)]
        for record in self.records:
            self.add(record)
        archive.digest(self.now)

    def add(self, record: Item) -> None:
        self.archive.put(record)
        assert self.archive.publish(record) == []

    def verified(self, now: datetime | None = None) -> Findings:
        return verify(self.sources(), self.start, now or self.now, now or self.now, lambda _sentence: None)

    def told(self, now: datetime | None = None) -> list[tuple[str, str]]:
        return [(fault.what, fault.name) for fault in self.verified(now).in_order()]

    def sources(self) -> Sources:
        return Sources("", "", "RdsOperations")

    def replace(self, key: str, body: bytes) -> None:
        self.archive.s3.put_object(Bucket=ARCHIVE_BUCKET, Key=key, Body=body)

    def delete(self, key: str, version: str = "") -> None:
        named = {"VersionId": version} if version else {}
        self.archive.s3.delete_object(Bucket=ARCHIVE_BUCKET, Key=key, **named)  # type: ignore[arg-type]

    def version(self, key: str) -> str:
        (found,) = self.archive.s3.list_object_versions(Bucket=ARCHIVE_BUCKET, Prefix=key)["Versions"]
        return found["VersionId"]

    def remove_record(self, record: Item) -> None:
        key = {"instance_id": {"S": str(record["instance_id"])}, "audit_id": {"S": str(record["audit_id"])}}
        self.archive.aws.dynamodb.delete_item(TableName=AUDIT_TABLE, Key=key)

    @property
    def listing(self) -> str:
        """The digest that lists the records."""
        (key,) = [key for key in self.archive.names("digests/") if b"record_hash" in self.archive.read(key)]
        return key


@pytest.fixture(scope="module")
def session() -> Session:
    """It reads the service models once."""
    return Session()


@pytest.fixture(autouse=True)
def _quick(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    """The stack's outputs are read on the local cloud: moto's CloudFormation takes many packages."""
    monkeypatch.setattr(sources, "Session", lambda profile: session)
    monkeypatch.setattr(Sources, "_named", lambda _self, _stack: NAMES)
    monkeypatch.setattr(archive_gaps, "_DAYS_AT_FIRST", 2)  # all ninety are looked at in test_archive.py


@pytest.fixture
def case(aws: FakeAws) -> Case:
    return Case(Archive(aws))


def test_what_nobody_has_touched_is_proven(case: Case) -> None:
    findings = case.verified()
    assert findings.in_order() == []
    assert findings.counts["records in the table"] == findings.counts["records in the archive"] == 3
    assert findings.counts["objects"] == 3
    document = findings.document("a", "b", 20)
    assert (document["proven"], document["faults"]) == (True, 0)


def changed(case: Case) -> None:
    case.archive.put({**case.records[1], "success": True})


def changed_with_its_hash(case: Case) -> None:
    record = {**case.records[1], "success": True}
    case.archive.put({**record, "hash": record_hash(record)})


def removed(case: Case) -> None:
    case.remove_record(case.records[1])


def added(case: Case) -> None:
    """Into the table, as old as the others; the archive has never had it."""
    case.archive.put(a_record(9, clock.now() - HOUR))


def object_replaced(case: Case) -> None:
    record = {**case.records[1], "success": True}
    case.replace(object_key(record), object_body({**record, "hash": record_hash(record)}))


def object_hidden(case: Case) -> None:
    case.delete(object_key(case.records[1]))


def object_gone(case: Case) -> None:
    key = object_key(case.records[1])
    case.delete(key, case.version(key))


def object_added(case: Case) -> None:
    """It has S3's own time, at which the digest of that hour was not made yet: so by a digest that does not list it."""
    record = a_record(9, clock.now() - HOUR)
    case.archive.put(record)
    case.replace(object_key(record), object_body(record))


def pack_changed(case: Case) -> None:
    (key,) = case.archive.names("packs/")
    case.replace(key, b"")


def pack_gone(case: Case) -> None:
    (key,) = case.archive.names("packs/")
    case.delete(key, case.version(key))


def digest_gone(case: Case) -> None:
    case.delete(case.listing, case.version(case.listing))


def digest_between_gone(case: Case) -> None:
    key = sorted(case.archive.names("digests/"))[1]
    case.delete(key, case.version(key))


def digest_hidden(case: Case) -> None:
    case.delete(case.listing)


def digests_reordered(case: Case) -> None:
    one, other = sorted(case.archive.names("digests/"))[1:3]
    bodies = case.archive.read(one), case.archive.read(other)
    case.replace(one, bodies[1])
    case.replace(other, bodies[0])


def digest_rewritten(case: Case) -> None:
    """Leave a record out of its digest, as whoever wants to hide it must."""
    document = json.loads(case.archive.read(case.listing))
    document["objects"] = document["objects"][:1]
    case.replace(case.listing, json.dumps(document).encode())


@pytest.mark.parametrize(
    ("tamper", "what", "of"),
    [
        (changed, "the record in the table does not have its own hash", "record"),
        (changed_with_its_hash, "the record in the table is not the one in the archive", "record"),
        (removed, "the table does not have this record any more", "record"),
        (added, "the archive does not have this record", "another record"),
        (object_replaced, "the object was changed", "object"),
        (object_replaced, "the object was replaced", "object"),
        (object_hidden, "the object was deleted", "object"),
        (object_hidden, "the object is missing", "object"),
        (object_gone, "the object is missing", "object"),
        (object_added, "no digest lists the object", "another object"),
        (pack_changed, "the pack was changed", "pack"),
        (pack_gone, "the pack is missing", "pack"),
        (digest_gone, "the digest before is missing", "digest"),
        (digest_between_gone, "a digest is missing before", "digest"),
        (digest_hidden, "the digest was deleted", "digest"),
        (digests_reordered, "the digest is not the one of its time", "digest"),
        (digest_rewritten, "the digest does not follow the one before", "digest after"),
        (digest_rewritten, "no digest lists the object", "object"),
    ],
)
def test_what_is_tampered_with_is_found_and_named(case: Case, tamper: Tamper, what: str, of: str) -> None:
    keys = sorted(case.archive.names("digests/"))
    listing = case.listing
    names = {
        "record": {str(case.records[1]["audit_id"])},
        "object": {object_key(record) for record in case.records},
        "pack": set(case.archive.names("packs/")),
        "digest": set(keys),
        "digest after": {keys[keys.index(listing) + 1]},
    }
    tamper(case)
    told = case.told()
    found = [name for said, name in told if said == what]
    assert found, told
    if of in names:
        assert set(found) <= names[of]
    else:
        assert all("operation-9" in name or name.startswith("records/") for name in found)


@pytest.mark.parametrize("tamper", [changed, changed_with_its_hash])
def test_it_says_what_a_changed_record_was(case: Case, tamper: Tamper) -> None:
    tamper(case)
    (fault,) = case.verified().in_order()
    assert "success was False, is True" in fault.details
    assert "instance_id" not in fault.details


def test_it_names_the_document_of_an_attribute_that_was_changed(case: Case) -> None:
    identity = json.loads(str(case.records[1]["user_identity"]))
    case.archive.put({**case.records[1], "user_identity": json.dumps({**identity, "userId": "bob"})})
    (fault,) = case.verified().in_order()
    assert fault.details == f"user_identity.userId was {identity['userId']}, is bob"


def test_it_names_the_object_that_has_a_removed_record(case: Case) -> None:
    removed(case)
    (fault,) = case.verified().in_order()
    assert fault.details == f"the archive has it: {object_key(case.records[1])}"


def test_it_tells_the_newest_digest_to_keep(case: Case) -> None:
    newest = case.verified().document("a", "b", 20)["newest_digest"]
    key = max(case.archive.names("digests/"))
    assert newest == {"key": key, "sha256": formats.sha256(case.archive.read(key)), "is_signed": False}


def test_it_tells_whether_objects_can_be_deleted(case: Case) -> None:
    assert case.verified().document("a", "b", 20)["retention"] == ""


@pytest.mark.parametrize("unit", ["Days", "Years"])
def test_it_tells_how_long_objects_cannot_be_deleted(aws: FakeAws, unit: Literal["Days", "Years"]) -> None:
    Archive(aws).s3.put_object_lock_configuration(
        Bucket=ARCHIVE_BUCKET,
        ObjectLockConfiguration={
            "ObjectLockEnabled": "Enabled",
            "Rule": {"DefaultRetention": {"Mode": "GOVERNANCE", unit: 3}},  # type: ignore[misc]
        },
    )
    findings = verify(Sources("", "", "RdsOperations"), clock.now() - HOUR, clock.now(), clock.now(), print)
    assert findings.document("a", "b", 20)["retention"] == f"governance, 3 {unit.lower()}"


def test_a_record_past_its_ninety_days_is_expected_in_the_archive_only(case: Case) -> None:
    later = case.now + timedelta(days=91)
    for record in case.records:
        case.remove_record(record)
    told = [fault for fault in case.told(later) if fault[0] != "no digest has come since"]
    assert told == []
    assert case.verified(later).counts["records past their 90 days"] == 3


def test_the_first_fault_in_time_comes_first(case: Case) -> None:
    old = audit_record(a_request(operation_id="older"), Event.REFUSED, REFUSED, clock.now() - 1.5 * HOUR)
    case.archive.put(old)
    removed(case)
    first, *_ = case.verified().in_order()
    assert first.name == old["audit_id"]
    assert first.sentence().startswith(str(old["timestamp"]))


def test_without_digests_for_hours_it_says_so(case: Case) -> None:
    assert ("no digest has come since", max(case.archive.names("digests/"))) in case.told(case.now + 5 * HOUR)


def test_before_the_first_digest_is_due_its_want_is_no_fault_and_later_it_is(aws: FakeAws) -> None:
    archive, now = Archive(aws), clock.now()
    record = a_record(0, now)
    archive.put(record)
    archive.publish(record)
    for later, told in ((timedelta(minutes=5), []), (timedelta(hours=3), ["there is no digest"])):
        findings = verify(Sources("", "", "any"), now - HOUR, now + later, now + later, lambda _sentence: None)
        assert [fault.what for fault in findings.in_order()] == told


def test_what_is_fresh_is_no_fault(case: Case) -> None:
    """What came after the newest digest waits for the next one."""
    now = clock.now()
    for key in case.archive.names("digests/"):
        case.delete(key, case.version(key))
    for key in case.archive.names("packs/"):
        case.delete(key, case.version(key))
    case.archive.digest(now)
    case.archive.put(a_record(8, now))
    findings = verify(case.sources(), now - 4 * HOUR, now, now, lambda _sentence: None)
    assert findings.in_order() == []
    assert findings.counts["records in no digest yet"] == 3
    assert findings.counts["records on their way"] == 1


def test_signed_digests_hold_and_another_signature_does_not(aws: FakeAws, monkeypatch: pytest.MonkeyPatch) -> None:
    kms = boto3.client("kms")
    ours, theirs = (
        kms.create_key(KeySpec="ECC_NIST_P256", KeyUsage="SIGN_VERIFY")["KeyMetadata"]["Arn"] for _ in range(2)
    )
    module = aws.modules["digest"]
    monkeypatch.setattr(module, "digester", _signing(module.digester, SigningKey(kms, ours)))
    monkeypatch.setattr(Sources, "_named", lambda _self, _stack: NAMES._replace(signing_key=ours))
    case = Case(Archive(aws))
    assert case.told() == []
    key, body = case.listing, case.archive.read(case.listing)
    forged = body.replace(b'"repaired":[]', b'"repaired":[""]')
    for signer, signed, what in (
        (theirs, forged, "the digest is signed by another key"),
        (ours, body, "the digest's signature is wrong"),
    ):
        metadata = SigningKey(kms, signer).signature(signed)
        case.archive.s3.put_object(Bucket=ARCHIVE_BUCKET, Key=key, Body=forged, Metadata=metadata)
        assert (what, key) in case.told()


def _signing(digester: Any, key: SigningKey) -> Any:
    return type(digester)(digester.archive, digester.gaps, key, digester.length)


def test_an_operation_without_its_end_its_item_or_its_execution_is_named(case: Case) -> None:
    lost = audit_record(a_request(operation_id="lost"), Event.ACCEPTED, {"success": True}, clock.now() - HOUR)
    case.add(lost)
    case.archive.aws.states.start_execution(stateMachineArn=OPERATION_MACHINE, name="unheard-of", input="{}")
    case.archive.aws.states.stop_execution(
        executionArn=f"{OPERATION_MACHINE.replace(':stateMachine:', ':execution:')}:unheard-of"
    )
    told = case.told(case.now + timedelta(days=2))
    assert ("rds_operations does not have the operation", "lost") in told
    assert ("the operation has no record of its end", "lost") in told
    assert ("the execution has no record", "unheard-of") in told


def exported(case: Case, differing: list[str] | None = None) -> Iterator[Item]:
    tell = differing.append if differing is not None else lambda _name: None
    return records(case.sources(), case.start, case.now, case.now, tell)


def test_the_export_has_each_record_once_from_table_and_archive(case: Case) -> None:
    only_in_table, only_in_archive = a_record(5, clock.now() - HOUR), a_record(6, clock.now() - HOUR)
    case.archive.put(only_in_table)
    case.archive.publish(only_in_archive)
    found = list(exported(case))
    expected = [*case.records, only_in_table, only_in_archive]
    assert sorted(str(item["audit_id"]) for item in found) == sorted(str(item["audit_id"]) for item in expected)
    assert [item["timestamp"] for item in found] == sorted(item["timestamp"] for item in found)


def test_of_a_changed_record_the_archives_is_exported(case: Case) -> None:
    changed_with_its_hash(case)
    found = {item["audit_id"]: item for item in exported(case)}
    assert found[case.records[1]["audit_id"]]["success"] is False


@pytest.mark.parametrize("tamper", [changed, changed_with_its_hash, removed])
def test_the_export_names_what_the_table_has_not_as_the_archive(case: Case, tamper: Tamper) -> None:
    differing: list[str] = []
    list(exported(case, differing))
    assert differing == []
    tamper(case)
    list(exported(case, differing))
    assert differing == [case.records[1]["audit_id"]]


@pytest.mark.parametrize("attribute", ["audit_id", "hash", "timestamp", "ttl"])
@pytest.mark.parametrize("value", [None, "=1", [], 10**30])
def test_an_object_that_is_no_record_does_not_stop_the_export(case: Case, attribute: str, value: Any) -> None:
    alien = {**case.records[0], "audit_id": "alien", attribute: value}
    case.replace(f"records/day={case.records[0]['day']}/alien.json", json.dumps(alien).encode())
    assert {record["audit_id"] for record in case.records} <= {record["audit_id"] for record in exported(case)}
    assert "no digest lists the object" in [fault.what for fault in case.verified().in_order()]


def test_no_cell_of_the_csv_is_a_formula(case: Case) -> None:
    hostile = audit_record(
        a_request(operation_id="x"), Event.REFUSED, {**REFUSED, "error": "x"}, clock.now() - HOUR
    ) | {"environment_source": "=HYPERLINK(1)", "instance_id": "-"}
    case.archive.put({**hostile, "hash": record_hash(hostile)})
    lines = list(_csv_lines(exported(case)))
    header, *rows = csv.reader(io.StringIO("".join(lines)))
    assert header == list(COLUMNS)
    assert len(rows) == 4
    assert not [cell for row in rows for cell in row if cell.startswith(("=", "+", "-", "@", "\t", "\r"))]
    assert any("'=HYPERLINK(1)" in row for row in rows)


def test_this_programs_formats_are_the_services(case: Case) -> None:
    for record in case.records:
        assert formats.record_hash(record) == record_hash(record) == record["hash"]
        assert formats.object_key(record) == object_key(record)
        assert formats.record_in(object_body(record)) == record
    assert to_attributes(case.records[0])["ttl"]["N"].isdecimal()
