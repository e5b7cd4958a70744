"""Writes the tables of README.md that follow from the code: `make docs`. A test holds the file against them."""

import json
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "functions")]

from rds_operations.operations import OPERATIONS
from rds_operations.operations.operation import Parameter

README = ROOT / "README.md"
_BEGIN, _END = "<!-- operations -->\n", "<!-- end of operations -->"


def described(parameter: Parameter) -> str:
    default = "required" if parameter.required else f"default `{json.dumps(parameter.default)}`"
    return f"`{parameter.name}` ({default}): {parameter.summary}"


def operations_table() -> str:
    rows = ["| operation | parameters | Execute needs | Poll needs |", "|---|---|---|---|"]
    for operation in OPERATIONS.values():
        parameters = "<br>".join(map(described, operation.parameters)) or "none"
        needs = [" ".join(f"`{p.action}`" for p in given) for given in (operation.acts_with, operation.watches_with)]
        rows.append(f"| `{operation.name}` | {parameters} | {needs[0]} | {needs[1] or 'nothing: it is not polled'} |")
    return "\n".join(rows) + "\n"


def rendered(text: str) -> str:
    before, _, rest = text.partition(_BEGIN)
    _, _, after = rest.partition(_END)
    return f"{before}{_BEGIN}{operations_table()}{_END}{after}"


if __name__ == "__main__":
    README.write_text(rendered(README.read_text()))
