"""Prints each JSONata expression that histories evaluate, with what it was given and gave: a JSON object a line.

HISTORIES=60 SEED=1. At most a few of each expression, and each only once.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import sys
from collections import Counter
from typing import Any

from tests.simulation.functions import copy, install

_PRODUCT = copy()
install(_PRODUCT)

from tests.simulation import definitions  # noqa: E402 - the product must be on the path first
from tests.simulation.history import product, run  # noqa: E402

_MOST_OF_ONE = 40
_evaluate = definitions._evaluate
_times: Counter[str] = Counter()
_met: dict[str, None] = {}


def main() -> None:
    definitions._evaluate = _noting
    loaded, seed = product(_PRODUCT), int(os.environ.get("SEED", "1"))
    with contextlib.redirect_stdout(io.StringIO()):
        for number in range(int(os.environ.get("HISTORIES", "60"))):
            run(loaded, seed + number)
    sys.stdout.write("".join(f"{line}\n" for line in _met))


def _noting(expression: str, states: dict[str, Any]) -> Any:
    given = json.dumps(states)
    value = _evaluate(expression, states)
    if _times[expression] < _MOST_OF_ONE:
        line = json.dumps({"expression": expression, "states": json.loads(given), "value": value})
        if line not in _met:
            _met[line] = None
            _times[expression] += 1
    return value


if __name__ == "__main__":
    main()
