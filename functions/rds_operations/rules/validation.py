"""Validate: is this a request at all? No AWS call is needed to answer."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable
from typing import Any, NamedTuple, cast

from rds_operations.model.identifiers import INSTANCE_ID_LENGTH, rds_identifier
from rds_operations.model.place import is_account, is_region
from rds_operations.model.refusals import Code, Refusal, bad_request, invalid_parameter
from rds_operations.operations import ALLOWED, OPERATIONS
from rds_operations.operations.base import Operation

LARGEST_BODY = 32_768
"""Characters. Escaped for two layers of JSON this stays below the 262,144 bytes that Step Functions takes."""

NO_OBJECT = "The request body must be a JSON object with operation, instance_id and parameters"
DRY_RUN = "dry_run"
_KEYS = ("operation", "instance_id", "parameters", "account_id", "region", DRY_RUN)
_IDEMPOTENCY_KEY = re.compile(r"[\x21-\x7e]{1,255}", re.ASCII)


class ParsedRequest(NamedTuple):
    """A valid one: normalised, its parameters complete. `account_id` and `region` are empty where none was chosen."""

    operation: Operation
    instance_id: str
    parameters: dict[str, Any]
    account_id: str = ""
    region: str = ""


class _TwiceError(ValueError):
    """A key comes twice; parsers differ in which one counts."""


def parse_json(text: str) -> Any:
    """Return the value, or a `Refusal` of text that is no JSON, is nested too deeply, or has a key twice."""
    try:
        return json.loads(text, object_pairs_hook=_unique, parse_constant=_no_number)
    except _TwiceError as error:
        return bad_request(f"The request body has the key {quoted(error.args[0])} twice")
    except (ValueError, RecursionError):
        return bad_request(NO_OBJECT)


def parse_request(text: str) -> ParsedRequest | Refusal:
    body = parse_json(text)
    return body if isinstance(body, Refusal) else parse_body(body)


def parse_body(body: Any) -> ParsedRequest | Refusal:
    if not isinstance(body, dict):
        return bad_request(NO_OBJECT)
    if unknown := _unknown(body, _KEYS):
        return bad_request(f"Unknown {unknown} in the request body. Allowed: {', '.join(_KEYS)}")
    operation = _operation(body.get("operation"))
    if isinstance(operation, Refusal):
        return operation
    parts = (
        _instance_id(body.get("instance_id")),
        _parameters(operation, body.get("parameters")),
        _account_id(body),
        _region(body),
    )
    refusal = next((part for part in parts if isinstance(part, Refusal)), None) or _unclear_dry_run(body)
    return refusal or ParsedRequest(operation, *cast("tuple[str, dict[str, Any], str, str]", parts))


def sound_parts(body: Any) -> tuple[str, str]:
    """Return the operation and instance id of a refused request for its record, each empty unless it is sound."""
    if not isinstance(body, dict):
        return "", ""
    operation, instance_id = _operation(body.get("operation")), _instance_id(body.get("instance_id"))
    return (
        "" if isinstance(operation, Refusal) else operation.name,
        "" if isinstance(instance_id, Refusal) else instance_id,
    )


def sound_place(body: Any) -> tuple[str, str]:
    """Return the account and Region that a refused request asked for, each empty unless it is sound."""
    if not isinstance(body, dict):
        return "", ""
    account_id, region = _account_id(body), _region(body)
    return (
        "" if isinstance(account_id, Refusal) else account_id,
        "" if isinstance(region, Refusal) else region,
    )


def is_dry_run(body: Any) -> bool:
    """Tell whether a request, valid or not, asks what would be answered and for nothing else."""
    return isinstance(body, dict) and body.get(DRY_RUN) is True


def too_large(length: int) -> Refusal | None:
    if length <= LARGEST_BODY:
        return None
    text = f"The request body has {length} characters; at most {LARGEST_BODY} are allowed"
    return Refusal(413, Code.REQUEST_TOO_LARGE, text)


def idempotency_digest(header: str | None, principal: str) -> str | Refusal:
    """Digest a caller's `Idempotency-Key`: bound to the caller, unreadable; empty without the header.

    An empty header is no key: whoever sends one believes they have a key, and would act twice. A mapping template may
    make `{}` of an empty text.
    """
    if header is None:
        return ""
    if header == "{}" or not _IDEMPOTENCY_KEY.fullmatch(header):
        return bad_request("Invalid Idempotency-Key. Use 1 to 255 printable ASCII characters without spaces")
    return hashlib.sha256(f"{principal}\0{header}".encode()).hexdigest()


def _operation(value: Any) -> Operation | Refusal:
    if value is None or value == "":
        return bad_request("operation is required", Code.MISSING_PARAMETER)
    if not isinstance(value, str):
        return invalid_parameter("operation must be a string")
    if value not in OPERATIONS:
        return bad_request(f"Operation {quoted(value)} not allowed. Allowed: {ALLOWED}", Code.OPERATION_NOT_ALLOWED)
    return OPERATIONS[value]


def _instance_id(value: Any) -> str | Refusal:
    if value is None or value == "":
        return bad_request("instance_id is required", Code.MISSING_PARAMETER)
    return (rds_identifier(value, INSTANCE_ID_LENGTH) if isinstance(value, str) else None) or invalid_parameter(
        "Invalid instance_id. Use 1 to 63 letters, digits and single hyphens, "
        "starting with a letter and not ending with a hyphen"
    )


def _account_id(body: dict[str, Any]) -> str | Refusal:
    return _chosen(body, "account_id", is_account, "It is a string of 12 digits")


def _region(body: dict[str, Any]) -> str | Refusal:
    return _chosen(body, "region", is_region, "It is a string such as eu-west-1")


def _unclear_dry_run(body: dict[str, Any]) -> Refusal | None:
    """Refuse all but a JSON boolean: a text that was taken for no would act."""
    return None if isinstance(body.get(DRY_RUN, False), bool) else invalid_parameter("dry_run must be true or false")


def _chosen(body: dict[str, Any], name: str, is_sound: Callable[[str], bool], hint: str) -> str | Refusal:
    value = body.get(name)
    if value is None:
        return ""
    if isinstance(value, str) and is_sound(value):
        return value
    return invalid_parameter(f"Invalid {name}. {hint}")


def _parameters(operation: Operation, given: Any) -> dict[str, Any] | Refusal:
    given = {} if given is None else given
    if not isinstance(given, dict):
        return invalid_parameter("parameters must be a JSON object")
    names = [parameter.name for parameter in operation.parameters]
    if unknown := _unknown(given, names):
        allowed = ", ".join(names) or "none"
        return invalid_parameter(f"Unknown {unknown} in parameters of {operation.name}. Allowed: {allowed}")
    parsed: dict[str, Any] = {}
    for parameter in operation.parameters:
        value = given.get(parameter.name)
        if value is None or (value == "" and parameter.required):
            if parameter.required:
                return bad_request(f"{parameter.name} is required", Code.MISSING_PARAMETER)
            parsed[parameter.name] = parameter.default
            continue
        result = parameter.parse(value)
        if isinstance(result, Refusal):
            return result
        parsed[parameter.name] = result
    return parsed


def _unknown(given: dict[str, Any], allowed: list[str] | tuple[str, ...]) -> str:
    """Name the keys that are not allowed: a typo must not pass quietly."""
    keys = [quoted(key) for key in given if key not in allowed]
    return f"{'key' if len(keys) == 1 else 'keys'} {', '.join(keys[:5])}" if keys else ""


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise _TwiceError(key)
        found[key] = value
    return found


def _no_number(name: str) -> Any:
    """NaN and Infinity, which Python would take."""
    raise ValueError(name)


def quoted(text: str) -> str:
    """Quote a caller's word for an error text: short, printable, on one line."""
    shown = "".join(character if character.isprintable() else "?" for character in text[:64])
    return f"'{shown}'"
