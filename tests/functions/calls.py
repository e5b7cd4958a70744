"""Records the functions' calls to AWS in order, and lets a test answer in AWS's place."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from types import SimpleNamespace
from typing import Any, Literal

from botocore.credentials import RefreshableCredentials
from botocore.session import Session
from moto.core.models import botocore_stubber

from rds_operations.model import clock

Document = dict[str, Any]
Answer = tuple[Any, Document]
"""An HTTP response and the parsed document, as botocore takes them from a `before-call` handler."""
OWN_KEY = "testing"


@dataclass(frozen=True)
class Call:
    """Describe a call. `hand` is "own" for the function's credentials, "reading" for another account's role, "acting"
    for an operation's session.

    `params` are as sent, where the protocol sends names and values (RDS and STS); `path` is that of S3's object.
    """

    state: str
    service: str
    action: str
    hand: Literal["own", "reading", "acting"]
    region: str = ""
    params: Mapping[str, Any] = field(default_factory=dict)
    path: str = ""

    @property
    def step(self) -> tuple[str, str, str]:
        return self.service, self.action, self.hand


class Calls:
    """Record the calls of all clients that are made later from a watched session."""

    def __init__(self) -> None:
        self.made: list[Call] = []
        self.state = ""
        self.sessions_last: timedelta | None = None
        """How long STS lets credentials live, if not as long as asked."""
        self._answerers: list[Callable[[Call], Answer | None]] = []
        self._senders: list[Callable[[Any], None]] = []

    def watch(self, session: Session) -> Session:
        handlers: dict[str, Any] = {
            "before-call": self._before_call,
            "after-call.sts.AssumeRole": self._after_assume_role,
            "before-send.rds": self._before_send,
            "before-send": botocore_stubber,  # moto's own, which sessions older than moto's import lack
        }
        for event, handler in handlers.items():
            session.unregister(event, handler)  # registered twice, it would act twice
            session.register(event, handler)
        return session

    def watching(self, make: Callable[[Session], Session]) -> Callable[[Session], Session]:
        return lambda beside: self.watch(make(beside))

    def of(self, state: str, service: str) -> list[Call]:
        return [call for call in self.made if (call.state, call.service) == (state, service)]

    @contextmanager
    def answering(self, answer: Callable[[Call], Answer | None]) -> Iterator[None]:
        """Answer calls with what `answer` returns; None lets the call go on."""
        self._answerers.append(answer)
        try:
            yield
        finally:
            self._answerers.remove(answer)

    @contextmanager
    def refusing(self, state: str, service: str, action: str, code: str, status: int = 400) -> Iterator[None]:
        """Answer such calls of one function with an error; an empty `action` means every one."""

        def refuse(call: Call) -> Answer | None:
            return error(code, status) if (call.state, call.service) == (state, service) and fits(call) else None

        def fits(call: Call) -> bool:
            return action in ("", call.action)

        with self.answering(refuse):
            yield

    @contextmanager
    def acting(self) -> Iterator[Script]:
        """Answer all RDS calls of operations' sessions from a script, which must be used up."""
        script = Script()
        with self.answering(script.answer):
            yield script
        assert not script.lines, f"never asked for: {script.lines}"

    @contextmanager
    def sending(self, sent: Callable[[Any], None]) -> Iterator[None]:
        """Let `sent` see every request to RDS as it leaves, and lose it."""
        self._senders.append(sent)
        try:
            yield
        finally:
            self._senders.remove(sent)

    def _before_call(self, model: Any, params: Document, request_signer: Any, **_event: Any) -> Answer | None:
        sent = params["body"] if isinstance(params["body"], dict) else {}
        hand = _hand(request_signer._credentials)
        call = Call(
            self.state,
            model.service_model.service_name,
            model.name,
            hand,
            request_signer.region_name,
            sent,
            params["url_path"],
        )
        self.made.append(call)
        return next((answer for answerer in self._answerers if (answer := answerer(call))), None)

    def _after_assume_role(self, parsed: Document, **_event: Any) -> None:
        if self.sessions_last is not None and "Credentials" in parsed:
            parsed["Credentials"]["Expiration"] = clock.now() + self.sessions_last

    def _before_send(self, request: Any, **_event: Any) -> None:
        for sent in self._senders:
            sent(request)


class Script:
    def __init__(self) -> None:
        self.lines: deque[tuple[str, Answer]] = deque()

    def refuse(self, action: str, code: str, message: str = "no", status: int = 400) -> None:
        self.lines.append((action, error(code, status, message)))

    def say(self, action: str, document: Document) -> None:
        self.lines.append((action, (SimpleNamespace(status_code=200), document)))

    def answer(self, call: Call) -> Answer | None:
        if (call.service, call.hand) != ("rds", "acting"):
            return None
        assert self.lines, f"{call.action} was not expected"
        action, answer = self.lines.popleft()
        assert call.action == action
        return answer


def error(code: str, status: int = 400, message: str = "refused") -> Answer:
    body = {"Error": {"Code": code, "Message": message}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return SimpleNamespace(status_code=status), body


def _hand(credentials: Any) -> Literal["own", "reading", "acting"]:
    if isinstance(credentials, RefreshableCredentials):
        return "reading"
    return "own" if credentials.access_key == OWN_KEY else "acting"
