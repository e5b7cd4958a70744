"""The part of botocore's service models that the functions need.

Reading the whole models costs a cold start 53 ms of CPU and 14 MB. A call that is not in `CALLS` fails the synthesis.
"""

from __future__ import annotations

import ast
import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import botocore
from botocore import xform_name
from botocore.loaders import Loader

from rds_operations.operations import OPERATIONS
from stacks.operating_roles import LOOKS

Document = dict[str, Any]
DATA = Path(botocore.__file__).parent / "data"
_RDS = {permission.action for operation in OPERATIONS.values() for permission in operation.execute_permissions}
_RDS |= {permission.action for operation in OPERATIONS.values() for permission in operation.poll_permissions}
CALLS: dict[str, frozenset[str]] = {
    "dynamodb": frozenset({"BatchGetItem", "GetItem", "PutItem", "Query", "TransactWriteItems", "UpdateItem"}),
    "events": frozenset({"PutEvents"}),
    "kms": frozenset({"Sign"}),
    "rds": frozenset(action.removeprefix("rds:") for action in (*_RDS, *LOOKS)),
    "s3": frozenset({"GetObject", "ListObjectsV2", "PutObject"}),
    "sqs": frozenset({"DeleteMessage", "ReceiveMessage", "SendMessage"}),
    "stepfunctions": frozenset({"DescribeExecution", "ListExecutions", "StartExecution"}),
    "sts": frozenset({"AssumeRole"}),
}
"""What the functions call, by botocore's names."""
_COMMON = ("_retry", "partitions", "sdk-default-configuration")
_WORDS_FOR_PEOPLE = ("documentation", "documentationUrl")


def write_models(folder: Path) -> None:
    """Write the models as a folder that botocore's loader reads, for every partition."""
    prefixes = {_write_service(service, calls, folder) for service, calls in CALLS.items()}
    endpoints = _read(DATA / "endpoints.json")
    for partition in endpoints["partitions"]:
        partition["services"] = {name: item for name, item in partition["services"].items() if name in prefixes}
    _write(endpoints, folder / "endpoints.json")
    for name in _COMMON:
        _write(_read(DATA / f"{name}.json"), folder / f"{name}.json")


def check_calls(functions: Path) -> None:
    """Raise `RuntimeError` where the functions' source names a call of these services that `CALLS` has not."""
    known = {xform_name(call) for calls in CALLS.values() for call in calls}
    every = {xform_name(call) for service in CALLS for call in _read(_newest(service) / "service-2.json")["operations"]}
    for path in sorted(functions.rglob("*.py")):
        missing = sorted(set(_names_in(ast.parse(path.read_text()))) & every - known)
        if missing:
            raise RuntimeError(f"{path} calls {', '.join(missing)}: add it to CALLS in stacks/service_models.py")


def _names_in(module: ast.Module) -> Iterator[str]:
    """Yield the attributes of clients, and the names of their paginators."""
    for node in ast.walk(module):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name | ast.Attribute):
            receiver = node.value.attr if isinstance(node.value, ast.Attribute) else node.value.id
            if receiver.strip("_") in ("client", "sts", "tables", "queues", "states"):
                yield node.attr
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "get_paginator":
            yield from (str(argument.value) for argument in node.args if isinstance(argument, ast.Constant))


def _write_service(service: str, calls: frozenset[str], folder: Path) -> str:
    """Return the service's prefix in endpoints.json."""
    newest = _newest(service)
    model = json.loads(json.dumps(Loader().load_service_model(service, "service-2")))  # with botocore's own additions
    model["operations"] = {name: model["operations"][name] for name in sorted(calls)}
    needed = _reached(model)
    model["shapes"] = {name: shape for name, shape in model["shapes"].items() if name in needed}
    target = folder / service / newest.name
    model = _without_words(model)
    for parameter in model.get("clientContextParams", {}).values():
        parameter["documentation"] = ""  # botocore looks it up
    _write(model, target / "service-2.json")
    _write(_read(newest / "endpoint-rule-set-1.json"), target / "endpoint-rule-set-1.json")
    pages = _read(newest / "paginators-1.json")["pagination"]
    _write({"pagination": {name: page for name, page in pages.items() if name in calls}}, target / "paginators-1.json")
    return str(model["metadata"]["endpointPrefix"])


def _reached(model: Document) -> set[str]:
    """Return the shapes of the operations and their errors, and what these refer to."""
    found: set[str] = set()
    left = list(_references(model["operations"]))
    while left:
        name = left.pop()
        if name not in found:
            found.add(name)
            left += _references(model["shapes"][name])
    return found


def _references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(value.get("shape"), str):
            yield value["shape"]
        for item in value.values():
            yield from _references(item)
    elif isinstance(value, list):
        for item in value:
            yield from _references(item)


def _without_words(value: Any) -> Any:
    if isinstance(value, list):
        return [_without_words(item) for item in value]
    if not isinstance(value, dict):
        return value
    kept = {name: item for name, item in value.items() if name not in _WORDS_FOR_PEOPLE or not isinstance(item, str)}
    return {name: _without_words(item) for name, item in kept.items()}


def _newest(service: str) -> Path:
    return max(path for path in (DATA / service).iterdir() if path.is_dir())


def _read(path: Path) -> Any:
    packed = path.with_name(f"{path.name}.gz")
    return json.loads(gzip.decompress(packed.read_bytes()) if packed.exists() else path.read_bytes())


def _write(document: Any, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(document, separators=(",", ":")))
