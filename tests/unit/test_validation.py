"""Every request that is refused without a look at AWS, with its exact words."""

from typing import Any

import pytest
from hypothesis import example, given

from rds_operations.identifiers import INSTANCE_ID_LENGTH, rds_identifier
from rds_operations.operations import OPERATIONS
from rds_operations.refusals import Code, Refusal
from rds_operations.validation import LARGEST_BODY, idempotency_digest, parse_body, sound_parts, too_large
from tests.unit.builders import COMPLETE, GIVEN, INSTANCE_ID, a_request, json_values, near_requests

BODY_TEXT = "The request body must be a JSON object with operation, instance_id and parameters"
INSTANCE_TEXT = (
    "Invalid instance_id. Use 1 to 63 letters, digits and single hyphens, "
    "starting with a letter and not ending with a hyphen"
)
SNAPSHOT_TEXT = INSTANCE_TEXT.replace("instance_id", "snapshot_id").replace("63", "255")
NOT_ALLOWED = "not allowed. Allowed: create_snapshot, reboot_instance, modify_backup_window"
KEYS = "in the request body. Allowed: operation, instance_id, parameters"


def refusal_of(body: Any) -> Refusal:
    result = parse_body(body)
    assert isinstance(result, Refusal), result
    assert result.status == 400
    return result


def parameters_of(body: Any) -> dict[str, Any]:
    result = parse_body(body)
    assert not isinstance(result, Refusal), result
    return result[2]


@pytest.mark.parametrize("operation", OPERATIONS)
def test_the_least_request_becomes_a_complete_one(operation: str) -> None:
    body = {"operation": operation, "instance_id": INSTANCE_ID.upper(), "parameters": GIVEN[operation]}
    assert parse_body(body) == (OPERATIONS[operation], INSTANCE_ID, COMPLETE[operation])


@pytest.mark.parametrize(
    ("body", "code", "error"),
    [
        (None, Code.INVALID_REQUEST, BODY_TEXT),
        ([], Code.INVALID_REQUEST, BODY_TEXT),
        ("text", Code.INVALID_REQUEST, BODY_TEXT),
        (7, Code.INVALID_REQUEST, BODY_TEXT),
        ({}, Code.MISSING_PARAMETER, "operation is required"),
        (a_request() | {"operation": None}, Code.MISSING_PARAMETER, "operation is required"),
        (a_request() | {"operation": ""}, Code.MISSING_PARAMETER, "operation is required"),
        (a_request("delete_instance"), Code.OPERATION_NOT_ALLOWED, f"Operation 'delete_instance' {NOT_ALLOWED}"),
        (a_request("Create_Snapshot"), Code.OPERATION_NOT_ALLOWED, f"Operation 'Create_Snapshot' {NOT_ALLOWED}"),
        (a_request("create_snapshot "), Code.OPERATION_NOT_ALLOWED, f"Operation 'create_snapshot ' {NOT_ALLOWED}"),
        (a_request("a\r\nb\x1b[31m"), Code.OPERATION_NOT_ALLOWED, f"Operation 'a??b?[31m' {NOT_ALLOWED}"),
        (a_request("x" * 999), Code.OPERATION_NOT_ALLOWED, f"Operation '{'x' * 64}' {NOT_ALLOWED}"),
        (a_request() | {"operation": ["a"]}, Code.INVALID_PARAMETER, "operation must be a string"),
        ({"operation": "create_snapshot"}, Code.MISSING_PARAMETER, "instance_id is required"),
        (a_request() | {"instance_id": None}, Code.MISSING_PARAMETER, "instance_id is required"),
        (a_request() | {"instance_id": ""}, Code.MISSING_PARAMETER, "instance_id is required"),
        (a_request() | {"instance_id": "dev_01"}, Code.INVALID_PARAMETER, INSTANCE_TEXT),
        (a_request() | {"instance_id": "a" * 64}, Code.INVALID_PARAMETER, INSTANCE_TEXT),
        (a_request() | {"instance_id": 1}, Code.INVALID_PARAMETER, INSTANCE_TEXT),
        (a_request() | {"instance_id": "dev-01\n"}, Code.INVALID_PARAMETER, INSTANCE_TEXT),
        (a_request() | {"instanceid": "x"}, Code.INVALID_REQUEST, f"Unknown key 'instanceid' {KEYS}"),
        (a_request() | {"user": "x", "a": 1}, Code.INVALID_REQUEST, f"Unknown keys 'user', 'a' {KEYS}"),
        (a_request() | {"parameters": []}, Code.INVALID_PARAMETER, "parameters must be a JSON object"),
        (a_request() | {"parameters": ""}, Code.INVALID_PARAMETER, "parameters must be a JSON object"),
        (
            a_request("reboot_instance", force_failver=True),
            Code.INVALID_PARAMETER,
            "Unknown key 'force_failver' in parameters of reboot_instance. Allowed: force_failover",
        ),
        (
            a_request("create_snapshot", tag=[]),
            Code.INVALID_PARAMETER,
            "Unknown key 'tag' in parameters of create_snapshot. Allowed: snapshot_id, tags",
        ),
        (a_request() | {"parameters": None}, Code.MISSING_PARAMETER, "snapshot_id is required"),
        (a_request(snapshot_id=None), Code.MISSING_PARAMETER, "snapshot_id is required"),
        (a_request(snapshot_id=""), Code.MISSING_PARAMETER, "snapshot_id is required"),
        (a_request(snapshot_id="before--upgrade"), Code.INVALID_PARAMETER, SNAPSHOT_TEXT),
        (a_request(snapshot_id="rds:automated"), Code.INVALID_PARAMETER, SNAPSHOT_TEXT),
        (a_request(snapshot_id="s" * 256), Code.INVALID_PARAMETER, SNAPSHOT_TEXT),
        (a_request(snapshot_id=5), Code.INVALID_PARAMETER, SNAPSHOT_TEXT),
        (a_request("modify_backup_window", backup_window=None), Code.MISSING_PARAMETER, "backup_window is required"),
        (a_request("modify_backup_window", backup_window=""), Code.MISSING_PARAMETER, "backup_window is required"),
        (
            a_request("modify_backup_window", backup_window="3-4"),
            Code.INVALID_PARAMETER,
            "Invalid backup_window format. Use HH:MM-HH:MM",
        ),
    ],
)  # fmt: skip
def test_a_refused_body(body: Any, code: Code, error: str) -> None:
    assert refusal_of(body) == Refusal(400, code, error)


@pytest.mark.parametrize("value", ["true", "false", "", 0, 1, 1.0, [], {}])
@pytest.mark.parametrize(
    ("operation", "flag"), [("reboot_instance", "force_failover"), ("modify_backup_window", "apply_immediately")]
)
def test_nothing_but_a_json_boolean_is_a_flag(operation: str, flag: str, value: Any) -> None:
    assert refusal_of(a_request(operation, **{flag: value})).error == f"{flag} must be true or false"


def test_null_parameters_are_absent() -> None:
    assert parameters_of(a_request("reboot_instance", force_failover=None)) == {"force_failover": False}
    assert parameters_of(a_request("reboot_instance") | {"parameters": None}) == {"force_failover": False}
    assert parameters_of(a_request("modify_backup_window", apply_immediately=None))["apply_immediately"] is True
    assert parameters_of(a_request(tags=None))["tags"] == []


def test_of_many_unknown_keys_five_are_named() -> None:
    assert refusal_of({f"k{number}": 1 for number in range(1000)}).error == (
        f"Unknown keys 'k0', 'k1', 'k2', 'k3', 'k4' {KEYS}"
    )


def test_a_snapshot_id_is_lower_cased_as_rds_stores_it() -> None:
    assert parameters_of(a_request(snapshot_id="Before-Upgrade"))["snapshot_id"] == "before-upgrade"


TEXT_ONLY = "The Key and the Value of a tag must be strings"
PAIRS = 'Each tag must be {"Key": "...", "Value": "..."} with nothing else'
LENGTHS = "A tag's Key has 1 to 128 characters, its Value at most 256"
PREFIXES = "A tag's Key must not start with aws:, rds: or rds-operations:"
CHARACTERS = "A tag's Key and Value may have letters, digits, spaces and _ . : / = + - @"


def tag(key: Any = "Purpose", value: Any = "Pre-upgrade backup") -> dict[str, Any]:
    return {"Key": key, "Value": value}


@pytest.mark.parametrize(
    "tags",
    [
        [],
        [tag(), tag("CreatedBy", "john.doe")],
        [tag("K" * 128, "v" * 256)],
        [tag("Empty", "")],
        [tag("key", "a"), tag("Key", "b")],
        [tag("Größe / größer", "naïve 日本語 _.:/=+-@")],
        [tag("lawsuit:aws:", "rds:")],
        [tag(f"k{number}") for number in range(49)],
    ],
)
def test_tags_within_the_limits_of_rds_are_taken_as_they_are(tags: list[dict[str, str]]) -> None:
    assert parameters_of(a_request(tags=tags))["tags"] == tags


@pytest.mark.parametrize(
    ("tags", "error"),
    [
        ({"Purpose": "backup"}, 'tags must be a list of {"Key": "...", "Value": "..."}'),
        ("Purpose=backup", 'tags must be a list of {"Key": "...", "Value": "..."}'),
        (["Purpose"], PAIRS),
        ([None], PAIRS),
        ([{"Key": "a"}], PAIRS),
        ([{"key": "a", "value": "b"}], PAIRS),
        ([{**tag(), "Extra": "x"}], PAIRS),
        ([tag(1)], TEXT_ONLY),
        ([tag("a", None)], TEXT_ONLY),
        ([tag("a", ["b"])], TEXT_ONLY),
        ([tag("")], LENGTHS),
        ([tag("K" * 129)], LENGTHS),
        ([tag("a", "v" * 257)], LENGTHS),
        ([tag("aws:x")], PREFIXES),
        ([tag("AWS:x")], PREFIXES),
        ([tag("rds:x")], PREFIXES),
        ([tag("rds-operations:operation-id", "forged")], PREFIXES),
        ([tag("a", "line\nbreak")], CHARACTERS),
        ([tag("a\tb")], CHARACTERS),
        ([tag("a", "\x00")], CHARACTERS),
        ([tag("a", "bell\x07")], CHARACTERS),
        ([tag("a", "right-to-left \u202e")], CHARACTERS),
        ([tag("a", "🚀")], CHARACTERS),
        ([tag("🏷")], CHARACTERS),
        ([tag("a", "\ud83d")], CHARACTERS),
        ([tag("a", "<script>")], CHARACTERS),
        ([tag("a"), tag("b"), tag("a", "again")], "tags names the key 'a' more than once"),
        ([tag(f"k{number}") for number in range(50)], "tags has 50 entries; at most 49 are allowed"),
        ([tag(f"k{number}") for number in range(1000)], "tags has 1000 entries; at most 49 are allowed"),
    ],
)
def test_tags_outside_the_limits_are_refused(tags: Any, error: str) -> None:
    assert refusal_of(a_request(tags=tags)).error == error


@given(near_requests | json_values)
@example({"operation": "\ud800"})
@example({"\ud800\n": 1})
def test_any_json_is_refused_in_one_printable_line_or_becomes_a_complete_request(body: Any) -> None:
    result = parse_body(body)
    if isinstance(result, Refusal):
        assert result.status == 400
        assert result.error.isprintable()
        assert result.error.encode()
        assert len(result.error) < 600
    else:
        operation, instance_id, parameters = result
        assert operation is OPERATIONS[operation.name]
        assert rds_identifier(instance_id, INSTANCE_ID_LENGTH) == instance_id
        assert set(parameters) == {parameter.name for parameter in operation.parameters}
        assert parse_body({"operation": operation.name, "instance_id": instance_id, "parameters": parameters}) == result
    assert isinstance(sound_parts(body), tuple)


@pytest.mark.parametrize(
    ("body", "parts"),
    [
        (None, ("", "")),
        ({"operation": "drop", "instance_id": "DEV-01"}, ("", "dev-01")),
        ({"operation": "reboot_instance", "instance_id": "--"}, ("reboot_instance", "")),
        (a_request(snapshot_id=""), ("create_snapshot", INSTANCE_ID)),
    ],
)
def test_of_a_refused_request_only_the_sound_parts_are_kept(body: Any, parts: tuple[str, str]) -> None:
    assert sound_parts(body) == parts


def test_the_largest_body_passes_and_one_more_character_does_not() -> None:
    assert too_large(LARGEST_BODY) is None
    text = "The request body has 32769 characters; at most 32768 are allowed"
    assert too_large(LARGEST_BODY + 1) == Refusal(413, Code.REQUEST_TOO_LARGE, text)


def test_an_idempotency_key_is_kept_unreadable_and_bound_to_its_caller() -> None:
    mine, yours = idempotency_digest("my-key", "key-id-1"), idempotency_digest("my-key", "key-id-2")
    assert mine == idempotency_digest("my-key", "key-id-1") != yours
    assert isinstance(mine, str)
    assert len(mine) == 64
    assert "my-key" not in mine
    assert idempotency_digest("", "key-id-1") == ""


@pytest.mark.parametrize("header", [" ", "two words", "tab\t", "new\nline", "é", "x" * 256, "\x7f"])
def test_an_idempotency_key_that_is_not_one_printable_word_is_refused(header: str) -> None:
    text = "Invalid Idempotency-Key. Use 1 to 255 printable ASCII characters without spaces"
    assert idempotency_digest(header, "key-id-1") == Refusal(400, Code.INVALID_REQUEST, text)
