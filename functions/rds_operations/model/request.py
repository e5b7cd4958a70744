"""One valid request, normalised, with its id and its caller. It travels through every state."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True)
class OperationRequest:
    """Also the stub of a refused request, which keeps of the request only what is known to be sound.

    `requested_at` ISO 8601; `request_id` the name of ADMISSION's execution; `idempotency_key` a digest, empty
    without the header; `execution_arn` of OPERATION, empty where ADMISSION does not know it yet. `account_id` and
    `region` as they were asked for, and from Classify on as the instance was found. `resource_id` of that instance
    (its `DbiResourceId`): another instance may get its name, but not this. A `dry_run` asks what would be
    answered; only ADMISSION knows it.
    """

    operation_id: str
    operation: str = ""
    instance_id: str = ""
    parameters: dict[str, Any] = field(default_factory=dict)
    account_id: str = ""
    region: str = ""
    caller: dict[str, Any] = field(default_factory=dict)
    requested_at: str = ""
    request_id: str = ""
    execution_arn: str = ""
    idempotency_key: str = ""
    resource_id: str = ""
    dry_run: bool = False

    @classmethod
    def from_document(cls, document: dict[str, Any]) -> OperationRequest:
        """Read a document of any version of the service: a deploy may come between two states of an execution."""
        return cls(**{name: document[name] for name in cls.__dataclass_fields__ if name in document})

    def to_document(self) -> dict[str, Any]:
        return asdict(self)

    @property
    def body(self) -> dict[str, Any]:
        """Make the request body that asks for exactly this: the input of OPERATION."""
        own = {"operation": self.operation, "instance_id": self.instance_id, "parameters": self.parameters}
        where = {"account_id": self.account_id, "region": self.region}
        return own | {name: value for name, value in where.items() if value}

    @property
    def fingerprint(self) -> str:
        """Return a digest that is equal for equivalent requests, however they were written."""
        return hashlib.sha256(json.dumps(self.body, sort_keys=True).encode()).hexdigest()
