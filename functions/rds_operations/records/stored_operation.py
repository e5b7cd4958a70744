"""An operation as it is on record in `rds_operations`."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from rds_operations.model import clock
from rds_operations.model.documents import Document, Item
from rds_operations.model.place import Place
from rds_operations.model.request import OperationRequest
from rds_operations.records.operation_item import Unfinished
from rds_operations.rules.classification import Environment, Verdict


@dataclass(frozen=True)
class StoredOperation:
    """`request` as it was accepted, with its caller; `verdict` of then. Moments are ISO 8601, empty until they come.

    `acting_at` is when Execute claimed it, `polled_at` when the last poll was written. `handed_over_at` is when a
    repetition of the request was given the right to start it. `result` and `error` are those of the outcome. `due_at`
    in epoch seconds. `percent` is -1 where RDS shows none.
    """

    request: OperationRequest
    verdict: Verdict
    fingerprint: str
    status: str
    started_at: str
    acting_at: str = ""
    handed_over_at: str = ""
    ended_at: str = ""
    result: Document = field(default_factory=dict)
    error: str = ""
    unfinished: str = ""
    due_at: int = 0
    polls: int = 0
    polled_at: str = ""
    percent: int = -1

    @classmethod
    def from_item(cls, item: Item) -> StoredOperation:
        """Read an item of any version of the service: attributes that came later may be missing."""
        text = _Texts(item)
        return cls(
            request=_request(text),
            verdict=Verdict(
                Environment(text["environment"]), text["environment_source"], text["environment_disagreement"]
            ),
            fingerprint=text["fingerprint"],
            status=text["status"],
            started_at=text["started_at"],
            acting_at=text["acting_at"],
            handed_over_at=text["handed_over_at"],
            ended_at=text["ended_at"],
            result=text.json("result"),
            error=text["error"],
            unfinished=text["unfinished"],
            due_at=int(item.get("due_at", 0)),
            polls=int(item.get("polls", 0)),
            polled_at=text["polled_at"],
            percent=int(item.get("percent", -1)),
        )

    @property
    def operation_id(self) -> str:
        return self.request.operation_id

    @property
    def has_started(self) -> bool:
        """Tell whether OPERATION has claimed it, or it is over: then there is nothing to start."""
        return bool(self.acting_at or self.ended_at)

    @property
    def ended_without_acting(self) -> bool:
        return bool(self.ended_at) and not self.acting_at

    @property
    def acting_since(self) -> datetime:
        """Return when the service acted; where it did not, when the operation was opened."""
        return clock.from_text(self.acting_at or self.started_at)

    @property
    def is_watched(self) -> bool:
        """Tell whether it has ended and its `final_status` is still to come."""
        return self.unfinished == Unfinished.WATCH.value

    def is_overdue(self, kind: Unfinished, now: datetime) -> bool:
        return self.unfinished == kind.value and self.due_at <= clock.to_epoch(now)

    def location_fields(self, home: Place) -> dict[str, str]:
        """Say where the instance is, unless it is in the service's own account and Region."""
        place = Place(self.request.account_id or home.account_id, self.request.region or home.region)
        return {} if place == home else {"account_id": place.account_id, "region": place.region}


class _Texts:
    """The attributes of an item as texts; empty where one is missing."""

    def __init__(self, item: Item) -> None:
        self._item = item

    def __getitem__(self, name: str) -> str:
        return str(self._item.get(name, ""))

    def json(self, name: str) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self[name] or "{}")
        return found


def _request(text: _Texts) -> OperationRequest:
    return OperationRequest(
        operation_id=text["operation_id"],
        operation=text["operation"],
        instance_id=text["instance_id"],
        parameters=text.json("parameters"),
        account_id=text["account_id"],
        region=text["region"],
        resource_id=text["resource_id"],
        caller=text.json("user_identity"),
        requested_at=text["requested_at"],
        request_id=text["request_id"],
        execution_arn=text["execution_arn"],
        idempotency_key=text["idempotency_key"],
    )
