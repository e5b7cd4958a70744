"""Faults that tests inject: what to break, for whom and how often; and which calls reached RDS.

They need a server that was started with FAULTS=1. `fault_points` applies them; tests control them by `/_local/faults`
and `/_local/calls`.
"""

from __future__ import annotations

import json
import re
import threading
import time
from dataclasses import asdict, dataclass, field
from typing import Any
from urllib.parse import parse_qs

FAULTS_PATH = "/_local/faults"
CALLS_PATH = "/_local/calls"
Document = dict[str, Any]


@dataclass
class Fault:
    """Describe a fault. `point` is an API action (`rds:CreateDBSnapshot`), a state (`operation:Wait`) or a function
    (`function:poll`).

    It strikes where the regular expression `matching` is found in the request or the state's input, and `caller`, in
    any case, in the role's name. It lets the first `skip` pass, then strikes `times` times (-1: always), until `lasts`
    seconds after its first strike (0: for ever).

    `fault_points` lists the values of `effect`. `seconds` belongs to `hang`; `code`, `status` and `message` to `refuse`
    and `fail`; `pattern` and `replacement` (in the answer's body) to `rewrite`.
    """

    point: str
    effect: str
    matching: str = ""
    caller: str = ""
    skip: int = 0
    times: int = -1
    lasts: float = 0
    seconds: float = 0
    code: str = ""
    status: int = 400
    message: str = "injected"
    pattern: str = ""
    replacement: str = ""
    strikes: int = 0
    _until: float = field(default=0, repr=False)

    def strikes_now(self, point: str, text: str, caller: str) -> bool:
        if point != self.point or not re.search(self.matching, text) or self.caller.lower() not in caller:
            return False
        if self.skip > 0:
            self.skip -= 1
            return False
        if self.times >= 0 and self.strikes >= self.times:
            return False
        self._until = self._until or time.monotonic() + self.lasts
        if self.lasts and time.monotonic() > self._until:
            return False
        self.strikes += 1
        return True


class Switchboard:
    """Hold all active faults, and the acting calls in order."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._faults: list[Fault] = []
        self._calls: list[Document] = []

    def strike(self, point: str, text: str, caller: str = "") -> Fault | None:
        with self._lock:
            return next((fault for fault in self._faults if fault.strikes_now(point, text, caller)), None)

    def is_on(self, fault: Fault) -> bool:
        with self._lock:
            return any(other is fault for other in self._faults)

    def note(self, point: str, text: str, performed: bool, *, by_function: bool) -> None:
        with self._lock:
            call = {"point": point, "text": text, "performed": performed, "by_function": by_function}
            self._calls.append(call)

    def answer(self, method: str, path: str, query: str, body: bytes) -> tuple[int, Document | list[Document]]:
        """Serve HTTP: POST a fault, DELETE those whose `matching` contains a text, GET the faults or the calls."""
        wanted = parse_qs(query).get("contains", [""])[0]
        with self._lock:
            if path == CALLS_PATH:
                return 200, [call for call in self._calls if wanted in call["text"]]
            if method == "POST":
                self._faults.append(Fault(**json.loads(body)))
            if method == "DELETE":
                self._faults = [fault for fault in self._faults if wanted not in fault.matching]
            return 200, [asdict(fault) for fault in self._faults if wanted in fault.matching]


SWITCHBOARD = Switchboard()
