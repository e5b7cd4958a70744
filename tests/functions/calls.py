"""Every call of the functions to AWS, in its order; and what a test answers in the place of AWS."""

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
"""As botocore takes one from a `before-call` handler: an HTTP response and the document parsed from it."""
OWN_KEY = "testing"


@dataclass(frozen=True)
class Call:
    """`hand`: with the function's own credentials, in a reading role of another account, or in an operation's session.

    `params` as they are sent, where the service's protocol sends names and values (RDS and STS do).
    """

    state: str
    service: str
    action: str
    hand: Literal["own", "reading", "acting"]
    region: str = ""
    params: Mapping[str, Any] = field(default_factory=dict)

    @property
    def step(self) -> tuple[str, str, str]:
        return self.service, self.action, self.hand


class Calls:
    """Of all clients that are made from a watched session, later than that."""

    def __init__(self) -> None:
        self.made: list[Call] = []
        self.state = ""
        """Whose calls they are now."""
        self.sessions_last: timedelta | None = None
        """How long STS lets a role's credentials live, if not for what was asked."""
        self._answerers: list[Callable[[Call], Answer | None]] = []
        self._senders: list[Callable[[Any], None]] = []

    def watch(self, session: Session) -> Session:
        handlers: dict[str, Any] = {
            "before-call": self._before_call,
            "after-call.sts.AssumeRole": self._after_assume_role,
            "before-send.rds": self._before_send,
            "before-send": botocore_stubber,  # moto's own: a session that is older than moto's import lacks it
        }
        for event, handler in handlers.items():
            session.unregister(event, handler)  # twice there, it would do everything twice
            session.register(event, handler)
        return session

    def watching(self, make: Callable[[Session], Session]) -> Callable[[Session], Session]:
        return lambda beside: self.watch(make(beside))

    def of(self, state: str, service: str) -> list[Call]:
        return [call for call in self.made if (call.state, call.service) == (state, service)]

    @contextmanager
    def answering(self, answer: Callable[[Call], Answer | None]) -> Iterator[None]:
        """What `answer` returns for a call, AWS seems to have said; where it returns None, the call goes on."""
        self._answerers.append(answer)
        try:
            yield
        finally:
            self._answerers.remove(answer)

    @contextmanager
    def refusing(self, state: str, service: str, action: str, code: str, status: int = 400) -> Iterator[None]:
        """Every such call of one function is answered with this error; an empty `action` means all."""

        def refuse(call: Call) -> Answer | None:
            return error(code, status) if (call.state, call.service) == (state, service) and fits(call) else None

        def fits(call: Call) -> bool:
            return action in ("", call.action)

        with self.answering(refuse):
            yield

    @contextmanager
    def acting(self) -> Iterator[Script]:
        """Within, every RDS call of an operation's session is answered from the script; all of it must be used."""
        script = Script()
        with self.answering(script.answer):
            yield script
        assert not script.lines, f"never asked for: {script.lines}"

    @contextmanager
    def sending(self, sent: Callable[[Any], None]) -> Iterator[None]:
        """Sees every request to RDS as it leaves, and can lose it."""
        self._senders.append(sent)
        try:
            yield
        finally:
            self._senders.remove(sent)

    def _before_call(self, model: Any, params: Document, request_signer: Any, **_event: Any) -> Answer | None:
        sent = params["body"] if isinstance(params["body"], dict) else {}
        hand = _hand(request_signer._credentials)
        call = Call(self.state, model.service_model.service_name, model.name, hand, request_signer.region_name, sent)
        self.made.append(call)
        return next((answer for answerer in self._answerers if (answer := answerer(call))), None)

    def _after_assume_role(self, parsed: Document, **_event: Any) -> None:
        if self.sessions_last is not None and "Credentials" in parsed:
            parsed["Credentials"]["Expiration"] = clock.now() + self.sessions_last

    def _before_send(self, request: Any, **_event: Any) -> None:
        for sent in self._senders:
            sent(request)


class Script:
    """What RDS says next, line by line."""

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
