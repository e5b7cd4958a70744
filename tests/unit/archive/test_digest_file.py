"""The digest of a period: periods without gaps, the same bytes again, and a chain."""

from __future__ import annotations

import gzip
import json
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from rds_operations.archive.digest_file import Digest, Period, digest_of, hashes_in, sha256, start_in
from rds_operations.archive.record_object import object_body, object_key
from rds_operations.records.audit_record import Event, audit_record
from tests.builders import MOMENT, a_request

HOUR = timedelta(hours=1)
TEN = Period.around(datetime(2025, 11, 13, 10, 30, tzinfo=UTC), HOUR)
RECORD = audit_record(a_request(), Event.ACCEPTED, {"success": True}, MOMENT)
OBJECT = (object_key(RECORD), object_body(RECORD))
moments = st.datetimes(datetime(2020, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))


def test_a_digest_names_all_that_it_lists() -> None:
    digest = Digest(TEN, ("digests/before.json", b"before"), [OBJECT], ["repaired"], [{"audit_id": "a", "what": "b"}])
    assert json.loads(digest.body()) == {
        "version": "1",
        "from": "2025-11-13T10:00:00Z",
        "to": "2025-11-13T11:00:00Z",
        "previous": {"key": "digests/before.json", "sha256": sha256(b"before")},
        "objects": [{"key": OBJECT[0], "sha256": sha256(OBJECT[1]), "record_hash": RECORD["hash"]}],
        "pack": {"key": TEN.pack_key, "sha256": sha256(digest.pack()), "records": 1},
        "repaired": ["repaired"],
        "mismatched": [{"audit_id": "a", "what": "b"}],
    }
    assert gzip.decompress(digest.pack()) == OBJECT[1]
    assert hashes_in([digest.body()]) == {OBJECT[0]: RECORD["hash"]}


def test_the_same_objects_make_the_same_bytes() -> None:
    one, other = Digest(TEN, None, [OBJECT]), Digest(TEN, None, [OBJECT])
    assert (one.body(), one.pack()) == (other.body(), other.pack())


def test_an_hour_without_objects_has_a_digest_and_no_pack() -> None:
    document = json.loads(Digest(TEN, None, []).body())
    assert (document["objects"], document["pack"], document["previous"]) == ([], None, None)


def test_an_object_that_is_no_record_is_listed_without_its_hash() -> None:
    document = json.loads(Digest(TEN, None, [("records/x", b"no JSON"), ("records/y", b"[]")]).body())
    assert [item["record_hash"] for item in document["objects"]] == ["", ""]


@given(moments, st.sampled_from([20, 60, 3600]))
def test_every_moment_has_one_period_which_its_key_tells(moment: datetime, seconds: int) -> None:
    period = Period.around(moment, timedelta(seconds=seconds))
    assert period.has(moment)
    assert not period.following().has(moment)
    assert period.following().start == period.end
    assert start_in(period.digest_key) == period.start
    assert digest_of(period.pack_key) == period.digest_key
