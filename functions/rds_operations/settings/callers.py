"""The permissions of callers, as a deployment has set them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from rds_operations.settings import packaged

Grant = Mapping[str, list[str]]
"""`operations` and `environments`; what is left out is all of them."""


@dataclass(frozen=True)
class CallerSettings:
    """`permissions` by principal: `arn:aws:iam::<account>:role/<name>`, `group:<name>`, `apikey:<id>`, or
    `states:StartExecution` for OPERATION started without ADMISSION. Without any, every caller may do everything the
    gate allows. `auditors`, named likewise, see everybody's operations. `user_pool_client_ids`: whose tokens count
    beside those of the stack's own applications: API Gateway takes those of every app client of the pool. None for all.
    """

    permissions: Mapping[str, Grant] = field(default_factory=dict)
    auditors: tuple[str, ...] = ()
    user_pool_client_ids: tuple[str, ...] | None = None

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> CallerSettings:
        clients = document.get("user_pool_client_ids")
        return cls(
            document.get("permissions", {}),
            tuple(document.get("auditors", ())),
            None if clients is None else tuple(clients),
        )

    @classmethod
    def packaged(cls) -> CallerSettings:
        return cls.from_document(packaged.section("callers"))
