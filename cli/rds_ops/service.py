"""The service as a client sees it. Whatever can be repeated without harm is, before an error is told."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterator, Mapping
from difflib import get_close_matches
from functools import cached_property
from itertools import islice
from typing import Any
from urllib.parse import quote, urlencode

from rds_ops import __version__
from rds_ops.advice import checked, refusal
from rds_ops.credentials import Authenticate, authentication
from rds_ops.failures import ExitCode, Failure, Unreachable
from rds_ops.settings import Settings
from rds_ops.transport import Answer, Request, send

Document = dict[str, Any]
TRIES = 5
PAGE = 100
"""The largest page of a list."""
_TIMEOUT_SECONDS = 35.0  # API Gateway gives up after 29
_PAUSES = (1.0, 2.0, 4.0, 8.0)
_PAGES_OF_NAMES = 10
_LONGEST_PAUSE_SECONDS = 30.0
_REPEATED = (429, 500, 502, 503, 504)


class Service:
    """Call one deployment. `say` tells the person at the terminal that something is repeated."""

    def __init__(
        self,
        settings: Settings,
        say: Callable[[str], None],
        *,
        tries: int = TRIES,
        timeout: float = _TIMEOUT_SECONDS,
    ) -> None:
        self._settings = settings
        self._say = say
        self._tries = tries
        self._timeout = timeout

    @cached_property
    def _authenticate(self) -> Authenticate:
        return authentication(self._settings)

    def me(self) -> Document:
        return self.get("/me")

    def operation(self, operation_id: str) -> Answer:
        """Return the answer, whose Retry-After says when to look again."""
        return self.answer("GET", f"/operations/{_name(operation_id, 'an operation')}")

    def instance(self, name: str, place: Mapping[str, str]) -> Document:
        return self.get(f"/instances/{_name(name, 'an instance')}", place, name)

    def get(self, path: str, query: Mapping[str, str] | None = None, instance: str = "") -> Document:
        return checked(self.answer("GET", path, query=query, instance=instance).body)

    def post(self, body: Document, key: str = "") -> Answer:
        """Send a request for an operation. With a key, or as a dry run, it can be repeated and never acts twice."""
        headers = {"Idempotency-Key": key} if key else {}
        return self.answer("POST", "/operations", body=body, headers=headers, instance=str(body["instance_id"]))

    def pages(self, path: str, query: Mapping[str, str]) -> Iterator[Document]:
        """Yield page after page. One may be empty and still have a `next`."""
        wanted = dict(query)
        while True:
            page = self.get(path, wanted)
            yield page
            if not page.get("next"):
                return
            wanted["next"] = str(page["next"])

    def answer(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        body: Document | None = None,
        headers: Mapping[str, str] | None = None,
        instance: str = "",
    ) -> Answer:
        """Return the success, or raise the refusal. A lost answer, 429 and 5xx are repeated, as Retry-After says."""
        request = self._request(method, path, query or {}, body, headers or {})
        for number in range(1, self._tries + 1):
            last = number == self._tries
            try:
                answer = self._sent(request)
            except Unreachable as lost:
                if last or not lost.sent:
                    raise
                self._repeat(number, lost.sentence, None)
                continue
            if answer.status in (200, 202):
                return answer
            if last or answer.status not in _REPEATED:
                break
            self._repeat(number, refusal(answer).sentence, answer.retry_after)
        refused = refusal(answer, instance)
        if instance and isinstance(answer.body, dict) and answer.body.get("code") == "instance_not_found":
            refused.advice = f"{self._did_you_mean(instance)}{refused.advice}"
        raise refused

    def _did_you_mean(self, instance: str) -> str:
        """Ask for names that are like this one."""
        try:
            pages = islice(self.pages("/instances", {"limit": str(PAGE)}), _PAGES_OF_NAMES)
            names = {str(item.get("instance_id")) for page in pages for item in page.get("instances") or []}
        except Failure:
            return ""
        alike = get_close_matches(instance.lower(), names, n=2, cutoff=0.8)
        return f"Did you mean {' or '.join(alike)}? " if alike else ""

    def _sent(self, request: Request) -> Answer:
        """Sign anew each time: a signature is good for minutes."""
        headers = {**request.headers, **self._authenticate(request)}
        return send(Request(request.method, request.url, headers, request.body), self._timeout)

    def _repeat(self, number: int, why: str, wanted: float | None) -> None:
        seconds = min(wanted if wanted is not None else _PAUSES[number - 1], _LONGEST_PAUSE_SECONDS)
        self._say(f"{why} Asking again in {seconds:g} s ({number + 1} of {self._tries}).")
        time.sleep(seconds)

    def _request(
        self, method: str, path: str, query: Mapping[str, str], body: Document | None, headers: Mapping[str, str]
    ) -> Request:
        url = self._settings.api + path + (f"?{urlencode(query, quote_via=quote)}" if query else "")
        sent = {"Accept": "application/json", "User-Agent": f"rds-ops/{__version__}", **headers}
        if body is None:
            return Request(method, url, sent)
        return Request(method, url, {**sent, "Content-Type": "application/json"}, json.dumps(body).encode())


def _name(text: str, what: str) -> str:
    """Return it as a part of a path. Anything else than a name would be another route."""
    if re.fullmatch(r"[A-Za-z0-9-]+", text):
        return text
    raise Failure(
        ExitCode.USAGE, f"{text!r} cannot be the name of {what}.", "Names have letters, digits and hyphens alone."
    )
