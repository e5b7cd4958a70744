"""The JSON object that flows from state to state. Each state adds keys to it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, NamedTuple, TypedDict, cast

from rds_operations.model.documents import Document
from rds_operations.model.progress import Progress
from rds_operations.model.request import OperationRequest
from rds_operations.rules.classification import UNCLASSIFIED, Verdict


class By(NamedTuple):
    """A state that adds a key, and what the key then says. docs/how-it-works.md is made from these."""

    state: str
    says: str


class StateDocument(TypedDict, total=False):
    """Step Functions hands it to each function; a state's `Output` merges what the function returns into it."""

    request: Annotated[
        Document,
        By("Validate", "what was asked for, normalised, and by whom"),
        By("Classify", "and the account, Region and `DbiResourceId` of its instance"),
        By("Execute", "and the instance on record"),
    ]
    refusal: Annotated[
        Document,
        By("Validate", "a no for good: status, code and text"),
        By("Classify", "a no for good: status, code and text"),
        By("Admit", "a no: status, code and text"),
        By("Execute", "a no at the last moment: status, code and text"),
    ]
    verdict: Annotated[
        Document,
        By("Classify", "the environment, and what decided it"),
        By("Execute", "the environment right before it acted"),
    ]
    not_ready: Annotated[Document, By("Classify", "a no for now: status, code and text")]
    warnings: Annotated[list[str], By("Classify", "of a dry run: what the operation would meet in RDS")]
    reply: Annotated[
        Document,
        By("Validate", "the HTTP response, beside `refusal`"),
        By("Classify", "the HTTP response: of a `refusal`, or of a request that was accepted before"),
        By("Admit", "the HTTP response"),
        By("Set deadline", "and that the wait was granted"),
        By("Result", "the HTTP response, once the operation has ended"),
        By("Audit", "the HTTP response, in ADMISSION"),
    ]
    wait: Annotated[int, By("Validate", "for how many seconds the caller waits for the end, from the header `Prefer`")]
    wait_until: Annotated[int, By("Set deadline", "when it is answered at the latest, in milliseconds since 1970")]
    ended: Annotated[bool, By("Read", "whether the operation has ended")]
    start: Annotated[Document, By("Admit", "`name` and `input` of OPERATION, unless that has begun")]
    retried: Annotated[bool, By("Admit", "beside `refusal`: an attempt before this one may still open the request")]
    progress: Annotated[
        Document,
        By("Execute", "how far the operation is"),
        By("Poll", "how far the operation is"),
    ]
    since: Annotated[str, By("Execute", "when it acted, in ISO 8601")]
    polls: Annotated[int, By("Execute", "0, set by the state"), By("Poll", "one more, set by the state")]
    error: Annotated[Document, By("a Catch", "`Error` and `Cause` of the Task that failed")]


def as_state_document(document: Mapping[str, Any]) -> StateDocument:
    return cast("StateDocument", document)


def request_in(work: StateDocument) -> OperationRequest | None:
    """Return Validate's request; None where Validate itself broke."""
    return OperationRequest.from_document(work["request"]) if "request" in work else None


def verdict_in(work: StateDocument) -> Verdict:
    """Return the newest verdict, or `UNCLASSIFIED`."""
    return Verdict.from_document(work["verdict"]) if "verdict" in work else UNCLASSIFIED


def progress_in(work: StateDocument) -> Progress | None:
    """Return the newest progress; None where Execute did not come to an answer."""
    return Progress.from_document(work["progress"]) if "progress" in work else None
