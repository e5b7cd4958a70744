"""The campaign: sends requests, judges each answer, waits for the accepted operations, and checks what changed."""

from __future__ import annotations

import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import requests

from local import demo_instances
from tests import api_document
from tests.api_document import FOLLOW, START
from tests.fuzz.attempt import Attempt
from tests.fuzz.attempts import attempts
from tests.fuzz.curl import curl
from tests.fuzz.dimensions import dimensions_of_callers
from tests.fuzz.judge import complaints
from tests.fuzz.world import World, accepted_of, changes_without_leave
from tests.load.warm_up import warm_up
from tests.workflow.callers import signed_in
from tests.workflow.service import Service

Document = dict[str, Any]
_SENDERS = 3
_WARM_UP_CLIENTS = (1, 2)  # with few cores, no more invocations of a function run at once
_WARM_UP_OPERATION = ("modify_backup_window",)  # it ends at once
_TIMEOUT_SECONDS = 60


@dataclass
class Report:
    """Hold the result. `violations` are sentences, each with the request as a curl line if one is to blame."""

    seed: int
    requests: int = 0
    answers: Counter[str] = field(default_factory=Counter)
    operations: Counter[str] = field(default_factory=Counter)
    violations: list[str] = field(default_factory=list)
    seconds: float = 0


class Campaign:
    def __init__(self, service: Service, report: Report) -> None:
        self._service = service
        self._report = report
        self._auditor = signed_in(service, "fuzz-auditor", "auditors")
        self._lock = threading.Lock()
        self._session = threading.local()
        self.accepted: list[tuple[bytes | None, Document]] = []

    def send(self, attempt: Attempt) -> None:
        path = self._path(attempt)
        url = self._service.outputs["cognito_api_url" if attempt.auditor else "api_url"] + path
        headers = attempt.headers | self._credentials(attempt)
        prepared = requests.Request(attempt.method, url, headers, data=attempt.body).prepare()
        prepared.url = url  # with its dots and percent signs, which requests would tidy up
        try:
            answer = self._own_session().send(prepared, timeout=_TIMEOUT_SECONDS, allow_redirects=False)
        except requests.RequestException as error:
            return self._note(attempt, path, "no answer", [f"no answer: {error!r}"])
        self._note(attempt, path, _counted(attempt, answer), complaints(attempt, answer))
        if attempt.path == START and answer.status_code in (200, 202) and "operation_id" in answer.json():
            with self._lock:
                self.accepted.append((attempt.body, answer.json()))
        return None

    def _credentials(self, attempt: Attempt) -> dict[str, str]:
        if attempt.auditor:
            return {"Authorization": f"Bearer {self._auditor.token}"}
        key = self._service.outputs["api_key"] if attempt.key is None else attempt.key
        return {"x-api-key": key} if key else {}

    def _path(self, attempt: Attempt) -> str:
        with self._lock:
            if attempt.follows < 0 or not self.accepted:
                return attempt.path
            last = len(self.accepted) - 1
            return f"/operations/{self.accepted[round(attempt.follows * last)][1]['operation_id']}"

    def _own_session(self) -> requests.Session:
        if not hasattr(self._session, "session"):
            self._session.session = requests.Session()
        session: requests.Session = self._session.session
        return session

    def _note(self, attempt: Attempt, path: str, counted: str, found: list[str]) -> None:
        with self._lock:
            self._report.requests += 1
            self._report.answers[counted] += 1
            self._report.violations += [f"{sentence}\n    {curl(attempt, path)}" for sentence in found]


def run(service: Service, number: int, seed: int) -> Report:
    """Run it on a cloud where nothing else runs."""
    report, begun = Report(seed), time.monotonic()
    demo_instances.create_all(service.cloud)
    list(warm_up(service, [service.new_instance() for _ in range(2)], _WARM_UP_CLIENTS, _WARM_UP_OPERATION))
    planned = attempts(number, seed)
    before = World.seen(service)
    campaign = Campaign(service, report)
    with ThreadPoolExecutor(_SENDERS) as pool:
        for sent in [pool.submit(campaign.send, attempt) for attempt in planned]:
            sent.result()
    accepted = accepted_of(campaign.accepted)
    schema = api_document.body_schema(api_document.responses(FOLLOW, "get")["200"])
    for item in accepted:
        service.execution(item.operation_id)
        result = service.result(item.operation_id)
        report.operations[f"{result['operation']} {result['status']}"] += 1
        report.violations += [f"{item.operation_id}: {problem}" for problem in api_document.problems(schema, result)]
    report.violations += changes_without_leave(before, World.seen(service), accepted)
    report.violations += dimensions_of_callers(service)
    report.seconds = time.monotonic() - begun
    return report


def _counted(attempt: Attempt, answer: requests.Response) -> str:
    try:
        code = answer.json().get("code", "")
    except (ValueError, AttributeError):
        code = ""
    return f"{attempt.method} {answer.status_code} {code}".strip()
