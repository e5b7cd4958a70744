"""Expected refusals: what the service answers when the answer is no.

A refusal is data, never an exception: it travels through the workflow, a Choice state routes it, and it
never counts as a function error.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class Code(StrEnum):
    """Stable reason codes, for programs; the sentence beside them is for people."""

    INVALID_REQUEST = "invalid_request"
    OPERATION_NOT_ALLOWED = "operation_not_allowed"
    MISSING_PARAMETER = "missing_parameter"
    INVALID_PARAMETER = "invalid_parameter"
    NOT_OPERATED = "not_operated"
    REQUEST_TOO_LARGE = "request_too_large"
    INSTANCE_NOT_FOUND = "instance_not_found"
    CALLER_NOT_PERMITTED = "caller_not_permitted"
    ACCOUNT_NOT_REACHABLE = "account_not_reachable"
    PRODUCTION_INSTANCE = "production_instance"
    ENVIRONMENT_UNKNOWN = "environment_unknown"
    ENVIRONMENT_DISPUTED = "environment_disputed"
    NOT_SUPPORTED = "not_supported_by_instance"
    INSTANCE_AMBIGUOUS = "instance_ambiguous"
    INSTANCE_NOT_READY = "instance_not_ready"
    PENDING_CHANGES = "pending_changes"
    OPERATION_IN_PROGRESS = "operation_in_progress"
    IDEMPOTENCY_KEY_REUSED = "idempotency_key_reused"
    OPERATION_NOT_FOUND = "operation_not_found"
    TRY_AGAIN = "try_again"
    INTERNAL_ERROR = "internal_error"


_PARTS = {"status": int, "code": str, "error": str}
_BESIDE = {"environment_source": str, "hint": str}
"""What may stand beside them."""


@dataclass(frozen=True)
class Refusal:
    """An HTTP status, a stable code and one sentence that says what to do.

    `environment_source` is what decided the environment, where the gate refuses: `tag Stage=live`. `hint` is a second
    sentence, where the specification words the first.
    """

    status: int
    code: Code
    error: str
    environment_source: str = ""
    hint: str = ""

    @classmethod
    def from_document(cls, document: dict[str, Any]) -> Refusal:
        """Read a document. Raises `ValueError` for one that `to_document` cannot have made."""
        types = {name: type(value) for name, value in document.items()}
        if not _PARTS.items() <= types.items() <= (_PARTS | _BESIDE).items():
            raise ValueError("a refusal is a status, a code and a sentence, and what stands beside them")
        return cls(**{**document, "code": Code(document["code"])})

    def to_document(self) -> dict[str, Any]:
        return {"status": self.status, **self.body}

    def as_result(self) -> dict[str, Any]:
        """Make the `result` of a record `refused`, whoever writes it."""
        return {"success": False, **self.to_document()}

    def reply(self) -> dict[str, Any]:
        """Make the answer that carries it."""
        return reply(self.status, self.body)

    @property
    def body(self) -> dict[str, Any]:
        """Make the JSON object that callers get."""
        beside = {name: value for name in _BESIDE if (value := getattr(self, name))}
        return {"error": self.error, "code": self.code.value, **beside}


def reply(status: int, body: dict[str, Any], operation_id: str = "") -> dict[str, Any]:
    """Make the answer that the API's response mapping template reads.

    `body` is already serialised JSON. With an `operation_id`, the template adds the header Location.
    """
    answer: dict[str, Any] = {"statusCode": status, "body": json.dumps(body, ensure_ascii=False)}
    return answer | ({"operation_id": operation_id} if operation_id else {})


def bad_request(error: str, code: Code = Code.INVALID_REQUEST) -> Refusal:
    return Refusal(400, code, error)


def invalid_parameter(error: str) -> Refusal:
    return Refusal(400, Code.INVALID_PARAMETER, error)


def not_supported(error: str) -> Refusal:
    """Refuse a request that can never work on this instance."""
    return Refusal(400, Code.NOT_SUPPORTED, error)


def conflict(error: str, code: Code) -> Refusal:
    """Refuse a request that may work later."""
    return Refusal(409, code, error)
