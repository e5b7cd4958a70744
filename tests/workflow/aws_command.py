"""The part of the AWS CLI that the runbook needs, on botocore alone: the CLI itself pins a botocore of its own.

Options are an operation's parameters in kebab case, read by their shapes; `--query` is JMESPath, `--output text` is
tab-separated. https://docs.aws.amazon.com/cli/latest/userguide/cli-usage-parameters.html
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import boto3
import jmespath  # type: ignore[import-untyped]
from botocore import xform_name

Shape = Any
_OF_THE_CLI = ("query", "output", "cli-binary-format")


def main(arguments: Sequence[str]) -> int:
    service, operation, *rest = arguments
    client = boto3.client(service)  # type: ignore[call-overload]
    given, outfile = _options(rest)
    method = xform_name(operation.replace("-", "_"))
    shape = client.meta.service_model.operation_model(client.meta.method_to_api_mapping[method]).input_shape
    names = {xform_name(name).replace("_", "-"): name for name in shape.members}
    unknown = set(given) - set(names) - set(_OF_THE_CLI)
    if unknown:
        print(f"Unknown options: {', '.join(sorted(unknown))}", file=sys.stderr)
        return 252
    parameters = {
        names[name]: _value(shape.members[names[name]], texts) for name, texts in given.items() if name in names
    }
    answer = getattr(client, method)(**parameters)
    answer.pop("ResponseMetadata", None)
    if outfile:
        Path(outfile).write_bytes(answer.pop("Payload").read())
    _print(answer, given)
    return 0


def _options(rest: list[str]) -> tuple[dict[str, list[str]], str]:
    """Return each option's texts, and the file of `lambda invoke`, which has no option."""
    given: dict[str, list[str]] = {}
    outfile = rest.pop() if rest and rest[-1] == "/dev/stdout" else ""
    for text in rest:
        if text.startswith("--"):
            texts = given.setdefault(text.removeprefix("--"), [])
        else:
            texts.append(text)
    return given, outfile


def _value(shape: Shape, texts: list[str]) -> Any:
    if shape.type_name == "list":
        return [_one(shape.member, text) for text in texts]
    (text,) = texts
    return _one(shape, text)


def _one(shape: Shape, text: str) -> Any:
    if shape.type_name == "structure":
        return dict(pair.split("=", 1) for pair in text.split(","))
    if shape.type_name in ("integer", "long"):
        return int(text)
    return text.encode() if shape.type_name == "blob" else text


def _print(answer: Any, given: dict[str, list[str]]) -> None:
    if "query" in given:
        answer = jmespath.search(given["query"][0], answer)
    if given.get("output") != ["text"]:
        print(json.dumps(answer, default=str, indent=2))
        return
    rows = answer if isinstance(answer, list) else [answer]
    if rows and isinstance(rows[0], list):
        print("\n".join("\t".join(map(_text, row)) for row in rows))
    else:
        print("\t".join(map(_text, rows)))


def _text(value: Any) -> str:
    return "None" if value is None else str(value)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
