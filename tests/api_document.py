"""docs/openapi.json for the tests: its operations, schemas and examples."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema_rs

Document = dict[str, Any]
PATH = Path(__file__).parents[1] / "docs" / "openapi.json"
START, FOLLOW = "/operations", "/operations/{operation_id}"
INSTANCE = "/instances/{instance_id}"
LISTS = ("/operations", "/records", "/instances", "/me")


@cache
def document() -> Document:
    found: Document = json.loads(PATH.read_text())
    return found


def at(pointer: str) -> Any:
    """Return what a reference (`#/components/...`) stands for."""
    found: Any = document()
    for part in pointer.removeprefix("#/").split("/"):
        found = found[part.replace("~1", "/").replace("~0", "~")]
    return found


def component(name: str) -> Document:
    found: Document = at(f"#/components/schemas/{name}")
    return found


def resolved(item: Document) -> Document:
    found: Document = at(item["$ref"]) if "$ref" in item else item
    return found


def responses(path: str, method: str) -> dict[str, Document]:
    given = document()["paths"][path][method]["responses"]
    return {status: resolved(response) for status, response in given.items()}


def body_schema(response: Document) -> Document:
    found: Document = response["content"]["application/json"]["schema"]
    return found


def problems(schema: Document, value: Any) -> list[str]:
    """Return what is wrong with a value, in words. Formats count."""
    return [f"{error.instance_path}: {error.message}" for error in _validator(json.dumps(schema)).iter_errors(value)]


def examples() -> Iterator[tuple[Document, Any]]:
    """Yield every example of a body, with its schema."""
    yield from _examples(document())


def requests() -> list[Document]:
    media = document()["paths"][START]["post"]["requestBody"]["content"]["application/json"]
    return [example["value"] for example in media["examples"].values()]


@cache
def _validator(schema: str) -> jsonschema_rs.Draft202012Validator:
    whole = {**json.loads(schema), "components": document()["components"]}
    return jsonschema_rs.Draft202012Validator(whole, validate_formats=True)


def _examples(node: Any) -> Iterator[tuple[Document, Any]]:
    if isinstance(node, list):
        for item in node:
            yield from _examples(item)
    if not isinstance(node, dict):
        return
    if "schema" in node:
        if "example" in node:
            yield node["schema"], node["example"]
        for example in node.get("examples", {}).values():
            yield node["schema"], example["value"]
    for item in node.values():
        yield from _examples(item)
