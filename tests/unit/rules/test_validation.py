"""Every request that is refused without AWS, with the exact words."""

import json
import re
import unicodedata
from dataclasses import replace
from itertools import product
from string import ascii_lowercase, digits
from typing import Any

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from rds_operations.model.identifiers import INSTANCE_ID_LENGTH, rds_identifier
from rds_operations.model.refusals import Code, Refusal
from rds_operations.operations import OPERATIONS
from rds_operations.rules.validation import (
    LARGEST_BODY,
    ParsedRequest,
    idempotency_digest,
    parse_body,
    parse_request,
    sound_parts,
    sound_place,
    too_large,
)
from tests.builders import (
    ACCOUNT,
    COMPLETE,
    GIVEN,
    INSTANCE_ID,
    REGION,
    a_body,
    json_values,
    near_requests,
    ordered,
    valid_requests,
)
from tests.operation_cases import CASES

BODY_TEXT = "The request body must be a JSON object with operation, instance_id and parameters"
INSTANCE_TEXT = (
    "Invalid instance_id. Use 1 to 63 letters, digits and single hyphens, "
    "starting with a letter and not ending with a hyphen"
)
SNAPSHOT_TEXT = INSTANCE_TEXT.replace("instance_id", "snapshot_id").replace("63", "255")
NOT_ALLOWED = f"not allowed. Allowed: {', '.join(CASES)}"
KEYS = "in the request body. Allowed: operation, instance_id, parameters, account_id, region, dry_run"


def refusal_of(body: Any) -> Refusal:
    result = parse_body(body)
    assert isinstance(result, Refusal), result
    assert result.status == 400
    return result


def parameters_of(body: Any) -> dict[str, Any]:
    result = parse_body(body)
    assert not isinstance(result, Refusal), result
    return result.parameters


@pytest.mark.parametrize("operation", OPERATIONS)
def test_the_least_request_becomes_a_complete_one(operation: str) -> None:
    body = {"operation": operation, "instance_id": INSTANCE_ID.upper(), "parameters": GIVEN[operation]}
    assert parse_body(body) == (OPERATIONS[operation], INSTANCE_ID, COMPLETE[operation], "", "")


@pytest.mark.parametrize(
    ("body", "code", "error"),
    [
        (None, Code.INVALID_REQUEST, BODY_TEXT),
        ([], Code.INVALID_REQUEST, BODY_TEXT),
        ("text", Code.INVALID_REQUEST, BODY_TEXT),
        (7, Code.INVALID_REQUEST, BODY_TEXT),
        ({}, Code.MISSING_PARAMETER, "operation is required"),
        (a_body() | {"operation": None}, Code.MISSING_PARAMETER, "operation is required"),
        (a_body() | {"operation": ""}, Code.MISSING_PARAMETER, "operation is required"),
        (a_body("delete_instance"), Code.OPERATION_NOT_ALLOWED, f"Operation 'delete_instance' {NOT_ALLOWED}"),
        (a_body("Create_Snapshot"), Code.OPERATION_NOT_ALLOWED, f"Operation 'Create_Snapshot' {NOT_ALLOWED}"),
        (a_body("create_snapshot "), Code.OPERATION_NOT_ALLOWED, f"Operation 'create_snapshot ' {NOT_ALLOWED}"),
        (a_body("a\r\nb\x1b[31m"), Code.OPERATION_NOT_ALLOWED, f"Operation 'a??b?[31m' {NOT_ALLOWED}"),
        (a_body("x" * 999), Code.OPERATION_NOT_ALLOWED, f"Operation '{'x' * 64}' {NOT_ALLOWED}"),
        (a_body() | {"operation": ["a"]}, Code.INVALID_PARAMETER, "operation must be a string"),
        ({"operation": "create_snapshot"}, Code.MISSING_PARAMETER, "instance_id is required"),
        (a_body() | {"instance_id": None}, Code.MISSING_PARAMETER, "instance_id is required"),
        (a_body() | {"instance_id": ""}, Code.MISSING_PARAMETER, "instance_id is required"),
        (a_body() | {"instance_id": "dev_01"}, Code.INVALID_PARAMETER, INSTANCE_TEXT),
        (a_body() | {"instance_id": "a" * 64}, Code.INVALID_PARAMETER, INSTANCE_TEXT),
        (a_body() | {"instance_id": 1}, Code.INVALID_PARAMETER, INSTANCE_TEXT),
        (a_body() | {"instance_id": "dev-01\n"}, Code.INVALID_PARAMETER, INSTANCE_TEXT),
        (a_body() | {"instanceid": "x"}, Code.INVALID_REQUEST, f"Unknown key 'instanceid' {KEYS}"),
        (a_body() | {"user": "x", "a": 1}, Code.INVALID_REQUEST, f"Unknown keys 'user', 'a' {KEYS}"),
        (a_body() | {"parameters": []}, Code.INVALID_PARAMETER, "parameters must be a JSON object"),
        (a_body() | {"parameters": ""}, Code.INVALID_PARAMETER, "parameters must be a JSON object"),
        (
            a_body("reboot_instance", force_failver=True),
            Code.INVALID_PARAMETER,
            "Unknown key 'force_failver' in parameters of reboot_instance. Allowed: force_failover",
        ),
        (
            a_body("create_snapshot", tag=[]),
            Code.INVALID_PARAMETER,
            "Unknown key 'tag' in parameters of create_snapshot. Allowed: snapshot_id, tags",
        ),
        (a_body() | {"parameters": None}, Code.MISSING_PARAMETER, "snapshot_id is required"),
        (a_body(snapshot_id=None), Code.MISSING_PARAMETER, "snapshot_id is required"),
        (a_body(snapshot_id=""), Code.MISSING_PARAMETER, "snapshot_id is required"),
        (a_body(snapshot_id="before--upgrade"), Code.INVALID_PARAMETER, SNAPSHOT_TEXT),
        (a_body(snapshot_id="rds:automated"), Code.INVALID_PARAMETER, SNAPSHOT_TEXT),
        (a_body(snapshot_id="s" * 256), Code.INVALID_PARAMETER, SNAPSHOT_TEXT),
        (a_body(snapshot_id=5), Code.INVALID_PARAMETER, SNAPSHOT_TEXT),
        (a_body("modify_backup_window", backup_window=None), Code.MISSING_PARAMETER, "backup_window is required"),
        (a_body("modify_backup_window", backup_window=""), Code.MISSING_PARAMETER, "backup_window is required"),
        (
            a_body("modify_backup_window", backup_window="3-4"),
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
    assert refusal_of(a_body(operation, **{flag: value})).error == f"{flag} must be true or false"


def test_null_parameters_are_absent() -> None:
    assert parameters_of(a_body("reboot_instance", force_failover=None)) == {"force_failover": False}
    assert parameters_of(a_body("reboot_instance") | {"parameters": None}) == {"force_failover": False}
    assert parameters_of(a_body("modify_backup_window", apply_immediately=None))["apply_immediately"] is True
    assert parameters_of(a_body(tags=None))["tags"] == []


ACCOUNT_TEXT = "Invalid account_id. It is a string of 12 digits"
REGION_TEXT = "Invalid region. It is a string such as eu-west-1"
OF_NO_TEXT: list[Any] = ["", 0, 1, 123456789012, 1.5, True, False, [], ["123456789012"], {}, {"a": 1}]


@pytest.mark.parametrize(
    "value",
    [
        *OF_NO_TEXT,
        "12345678901",
        "1234567890123",
        " 123456789012",
        "123456789012\n",
        "12345678901a",
        "1234-5678-9012",
        "-23456789012",
        "１２３４５６７８９０１２",
        "12345678901٢",
        "12345678901²",
        "arn:aws:iam::123456789012:root",
        "123456789012/dev",
        "*",
    ],
)
def test_an_account_id_is_a_string_of_twelve_ascii_digits(value: Any) -> None:
    assert refusal_of(a_body() | {"account_id": value}) == Refusal(400, Code.INVALID_PARAMETER, ACCOUNT_TEXT)


@pytest.mark.parametrize(
    "value",
    [
        *OF_NO_TEXT,
        "eu",
        "eu-west",
        "eu-west-",
        "eu-west-12",
        "EU-WEST-1",
        "eu-west-1 ",
        "eu-west-1\n",
        "eu_west_1",
        "e-west-1",
        "eu--west-1",
        "eu-west-1a",
        "eu-west-１",
        "eu-west-١",
        "éu-west-1",
        "eu-west-1.example.com",
        "eu-west-1/../",
        f"eu-{'w' * 21}-1",
        f"eu{'-w' * 11}-1",
        f"eu-{'w' * 32_000}-1",
        "*",
    ],
)
def test_a_region_is_spelled_as_aws_spells_it(value: Any) -> None:
    """Its name becomes part of an ARN and of a host name."""
    assert refusal_of(a_body() | {"region": value}) == Refusal(400, Code.INVALID_PARAMETER, REGION_TEXT)


@pytest.mark.parametrize("account_id", ["123456789012", "000000000000"])
@pytest.mark.parametrize("region", ["eu-west-1", "us-gov-west-1", "us-iso-east-1", "cn-northwest-1", "ap-southeast-7"])
def test_a_place_is_taken_as_it_was_asked_for(account_id: str, region: str) -> None:
    parsed = parse_body(a_body() | {"account_id": account_id, "region": region})
    assert isinstance(parsed, ParsedRequest)
    assert (parsed.account_id, parsed.region) == (account_id, region)


@pytest.mark.parametrize("chosen", [{"account_id": None}, {"region": None}, {"account_id": None, "region": None}])
def test_a_place_that_is_null_is_absent(chosen: dict[str, None]) -> None:
    assert parse_body(a_body() | chosen) == parse_body(a_body())


@pytest.mark.parametrize("name", ["account_id", "region"])
def test_a_place_is_no_parameter_of_an_operation(name: str) -> None:
    error = f"Unknown key '{name}' in parameters of create_snapshot. Allowed: snapshot_id, tags"
    assert refusal_of(a_body(**{name: "eu-west-1"})) == Refusal(400, Code.INVALID_PARAMETER, error)


@given(valid_requests)
def test_a_request_asks_for_what_its_body_asked_for(body: dict[str, Any]) -> None:
    """Also, OPERATION reads its input as the same request."""
    parsed = parse_body(body)
    assert isinstance(parsed, ParsedRequest)
    request = ordered(body)
    again = parse_body(request.body)
    assert isinstance(again, ParsedRequest)
    assert again == parsed._replace(account_id=parsed.account_id or ACCOUNT, region=parsed.region or REGION)
    open_to_all = replace(request, account_id="", region="").body
    assert open_to_all.keys() == {"operation", "instance_id", "parameters"}
    assert parse_body(open_to_all) == parsed._replace(account_id="", region="")


def test_of_many_unknown_keys_five_are_named() -> None:
    assert refusal_of({f"k{number}": 1 for number in range(1000)}).error == (
        f"Unknown keys 'k0', 'k1', 'k2', 'k3', 'k4' {KEYS}"
    )


def test_a_snapshot_id_is_lower_cased_as_rds_stores_it() -> None:
    assert parameters_of(a_body(snapshot_id="Before-Upgrade"))["snapshot_id"] == "before-upgrade"


TEXT_ONLY = "The Key and the Value of a tag must be strings"
PAIRS = 'Each tag must be {"Key": "...", "Value": "..."} with nothing else'
LENGTHS = "A tag's Key has 1 to 128 characters, its Value at most 256"
VALUES = "A tag's Value must not start with aws: or rds:"
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
        [tag("lawsuit:aws:", "an aws:thing")],
        # awsdocs/amazon-rds-user-guide#51: which characters count.
        [tag("環境", "検証\u3000東京")],
        [tag("no\u00a0break", "a\u2003b")],
        [tag(f"k{number}") for number in range(49)],
    ],
)
def test_tags_within_the_limits_of_rds_are_taken_as_they_are(tags: list[dict[str, str]]) -> None:
    assert parameters_of(a_body(tags=tags))["tags"] == tags


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
        # "A Value can't be prefixed with aws: or rds:" in RDS's Tag; cloud-custodian#6782 reports it for keys.
        ([tag("Origin", "aws:backup")], VALUES),
        ([tag("Origin", "RDS:x")], VALUES),
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
    assert refusal_of(a_body(tags=tags)).error == error


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
        operation, instance_id, parameters, account_id, region = result
        assert operation is OPERATIONS[operation.name]
        assert rds_identifier(instance_id, INSTANCE_ID_LENGTH) == instance_id
        assert set(parameters) == {parameter.name for parameter in operation.parameters}
        assert (account_id, region) == (body.get("account_id") or "", body.get("region") or "")
        assert account_id == "" or (len(account_id), account_id.isascii(), account_id.isdigit()) == (12, True, True)
        assert region == "" or set(region) <= set(ascii_lowercase + digits + "-")
        again = {"operation": operation.name, "instance_id": instance_id, "parameters": parameters}
        assert parse_body({**again, "account_id": account_id or None, "region": region or None}) == result
    assert isinstance(sound_parts(body), tuple)


@given(valid_requests)
def test_a_valid_request_is_taken_as_it_is_but_for_the_case_of_its_identifiers(body: dict[str, Any]) -> None:
    result = parse_request(json.dumps(body))
    assert not isinstance(result, Refusal)
    operation, instance_id, parameters, account_id, region = result
    assert (operation.name, instance_id) == (body["operation"], body["instance_id"].lower())
    assert (account_id, region) == (body.get("account_id") or "", body.get("region") or "")
    given_values = {name: value for name, value in body["parameters"].items() if value is not None}
    if "snapshot_id" in given_values:
        given_values["snapshot_id"] = given_values["snapshot_id"].lower()
    expected = COMPLETE[operation.name] | given_values
    assert parameters == expected
    assert {name: type(value) for name, value in parameters.items()} == {
        name: type(value) for name, value in expected.items()
    }


@given(valid_requests, st.text(max_size=6), st.sampled_from([None, "", "x", True, 0, [], {}]))
def test_a_key_that_nobody_asked_for_is_always_refused_even_if_it_says_nothing(
    body: dict[str, Any], key: str, value: Any
) -> None:
    assume(key not in (*body, "account_id", "region") and key not in COMPLETE[body["operation"]] and key not in tag())
    for placed in (body | {key: value}, body | {"parameters": body["parameters"] | {key: value}}):
        assert refusal_of(placed).error.startswith("Unknown key '")
    tagged = a_body(tags=[tag() | {key: value}])
    assert refusal_of(tagged).error == PAIRS


@given(valid_requests, st.sampled_from(["", " ", "\n"]))
def test_a_key_that_comes_twice_is_always_refused_even_with_the_same_value(body: dict[str, Any], space: str) -> None:
    text = json.dumps(body)
    for key in (*body, *body["parameters"]):
        value = json.dumps(body[key] if key in body else body["parameters"][key])
        once = f'"{key}": {value}'
        twice = parse_request(text.replace(once, f'{once},{space}"{key}"{space}: {value}', 1))
        assert twice == Refusal(400, Code.INVALID_REQUEST, f"The request body has the key '{key}' twice")


OF_ANOTHER_TYPE = [
    (operation, name, value)
    for operation, complete in COMPLETE.items()
    for name, default in complete.items()
    for value in ("true", "[]", '[{"Key": "a", "Value": "b"}]', True, 0, 1, 180, 3.0, [], ["snap-1"], {}, {"a": 1})
    if type(value) is not type(default)
]


@pytest.mark.parametrize(("operation", "name", "value"), OF_ANOTHER_TYPE)
def test_a_value_of_another_type_is_always_refused_and_never_coerced(operation: str, name: str, value: Any) -> None:
    refusal = refusal_of(a_body(operation, **{name: value}))
    assert refusal.code is Code.INVALID_PARAMETER
    assert name in refusal.error


@settings(max_examples=50)
@given(valid_requests, st.sampled_from(["operation", "instance_id", "parameters"]), json_values)
def test_a_part_of_another_type_is_always_refused_and_never_coerced(
    body: dict[str, Any], part: str, value: Any
) -> None:
    assume(value is not None and value != "" and type(value) is not type(body[part]))
    assert refusal_of(body | {part: value}).code is Code.INVALID_PARAMETER


def no_constant(name: str) -> Any:
    raise ValueError(name)


def is_json(text: str) -> bool:
    """Return whether the text is JSON, strictly without NaN, and not too deep to be read."""
    try:
        json.loads(text, parse_constant=no_constant)
    except (ValueError, RecursionError):
        return False
    return True


odd_texts = st.sampled_from(
    ["NaN", "-Infinity", "1e999", "9" * 5000, "tru", "'x'", "01", "\ufeff{}", "{},", r'"\ud800"']
)


@given(odd_texts | st.text('{}[]":,\\u0dtrue1e- ', max_size=24) | st.integers(0, 4000).map("[".__mul__))
def test_any_text_is_answered(text: str) -> None:
    for body in (text, f'{{"operation": "reboot_instance", "instance_id": {text}}}'):
        result = parse_request(body)
        if isinstance(result, Refusal):
            assert result.status == 400
        else:
            assert is_json(body)
            assert json.loads(body)["operation"] == result[0].name


def is_tag_of_rds(tag: dict[str, str]) -> bool:
    """Apply RDS's sentences on Tag: lengths, reserved prefixes, and ^([\\p{L}\\p{Z}\\p{N}_.:/=+\\-@]*)$."""
    characters = tag["Key"] + tag["Value"]
    return (
        1 <= len(tag["Key"]) <= 128
        and len(tag["Value"]) <= 256
        and not any(re.match("aws:|rds:", text, re.IGNORECASE) for text in tag.values())
        and all(unicodedata.category(shown)[0] in "LZN" or shown in "_.:/=+-@" for shown in characters)
    )


tag_texts = st.text(max_size=4) | st.text("aZ9_.:/=+-@ é日²Ⅳ\u0301\u3000\u2028<🚀", max_size=6)
reserved = st.sampled_from(["aws:", "AWS:", "rds:", "Rds:", "rds-operations:", "rds", "a"])


@given(
    st.builds("{}{}".format, reserved | st.just(""), tag_texts),
    st.builds("{}{}".format, reserved | st.just(""), tag_texts),
)
def test_a_tag_is_taken_if_rds_takes_it_but_for_the_services_own(key: str, value: str) -> None:
    result = parse_body(a_body(tags=[tag(key, value)]))
    own = key.lower().startswith("rds-operations:")
    assert (not isinstance(result, Refusal)) == (is_tag_of_rds(tag(key, value)) and not own)


@pytest.mark.parametrize(
    ("body", "parts"),
    [
        (None, ("", "")),
        ({"operation": "drop", "instance_id": "DEV-01"}, ("", "dev-01")),
        ({"operation": "reboot_instance", "instance_id": "--"}, ("reboot_instance", "")),
        (a_body(snapshot_id=""), ("create_snapshot", INSTANCE_ID)),
    ],
)
def test_of_a_refused_request_only_the_sound_parts_are_kept(body: Any, parts: tuple[str, str]) -> None:
    assert sound_parts(body) == parts


@pytest.mark.parametrize(
    ("body", "place"),
    [
        (None, ("", "")),
        ({"account_id": "999999999999", "region": "mars"}, ("999999999999", "")),
        ({"account_id": 999999999999, "region": "us-gov-west-1"}, ("", "us-gov-west-1")),
    ],
)
def test_of_a_refused_request_a_sound_place_is_kept(body: Any, place: tuple[str, str]) -> None:
    assert sound_place(body) == place


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
    assert idempotency_digest(None, "key-id-1") == ""


@pytest.mark.parametrize(
    "header", ["", " ", "   ", "\t", "\u3000", "two words", "tab\t", "new\nline", "é", "x" * 256, "\x7f"]
)
def test_an_idempotency_key_that_is_not_one_printable_word_is_refused(header: str) -> None:
    text = "Invalid Idempotency-Key. Use 1 to 255 printable ASCII characters without spaces"
    assert idempotency_digest(header, "key-id-1") == Refusal(400, Code.INVALID_REQUEST, text)


@given(st.text(max_size=4) | st.text("aZ0!~ \x7fé", max_size=6) | st.integers(250, 260).map("k".__mul__))
def test_an_idempotency_key_is_printable_ascii_of_a_documented_length(header: str) -> None:
    digest = idempotency_digest(header, "key-id-1")
    if 1 <= len(header) <= 255 and header.isascii() and header.isprintable() and " " not in header:
        assert isinstance(digest, str)
        assert re.fullmatch("[0-9a-f]{64}", digest)
    else:
        assert isinstance(digest, Refusal)


def test_no_caller_comes_upon_the_key_of_another() -> None:
    texts = ["".join(characters) for length in range(4) for characters in product("ab\0", repeat=length)]
    keys = [text for text in texts if text and "\0" not in text]
    pairs = list(product(texts, keys))
    assert len({idempotency_digest(key, caller) for caller, key in pairs}) == len(pairs)


@given(st.integers(0, 10**8))
def test_a_body_is_too_large_from_the_first_character_past_the_limit(length: int) -> None:
    refusal = too_large(length)
    assert (refusal is None) == (length in range(32_769))
    assert refusal is None or refusal.status == 413
