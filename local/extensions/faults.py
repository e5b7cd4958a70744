"""Faults that a test injects: what to break, for whom, how often; and which calls reached RDS.

Part of the local cloud only, and there only where the server was started with FAULTS=1. `fault_points` puts this
between the functions and the cloud; `/_local/faults` and `/_local/calls` are its switches.
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
    """`point` is an API action (`rds:CreateDBSnapshot`), a state (`operation:Wait`) or a function (`function:poll`).

    It strikes where `matching` (a regular expression) is found in the request or the state's input, and `caller`, in
    any case, in the name of the role: not at the first `skip` times, then `times` times (-1: always), for `lasts`
    seconds from its first strike (0: for ever).

    What happens is `effect`, as `fault_points` lists them. `seconds` belongs to `hang`; `code`, `status` and
    `message` to `refuse` and `fail`; `pattern` and `replacement` (on the answer's body) to `rewrite`.
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
    """All faults that are on, and the acting calls that were made, in their order."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._faults: list[Fault] = []
        self._calls: list[Document] = []

    def strike(self, point: str, text: str, caller: str = "") -> Fault | None:
        """The first fault that strikes here and now."""
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
        """The switches, over HTTP: POST a fault, DELETE those that name a text, GET them or the calls."""
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
