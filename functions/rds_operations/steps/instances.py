"""Instances: GET /instances and GET /instances/{instance_id}. Whom the permissions do not name sees none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from rds_operations.model.documents import Document
from rds_operations.model.errors import Retryable, TableUnavailable
from rds_operations.model.identifiers import INSTANCE_ID_LENGTH, rds_identifier
from rds_operations.model.refusals import Code, Refusal
from rds_operations.model.request import OperationRequest
from rds_operations.rules.authorization import not_a_viewer
from rds_operations.rules.eligibility import not_found
from rds_operations.rules.instance_query import chosen_place, instance_query
from rds_operations.settings.callers import CallerSettings
from rds_operations.settings.targets import Targets, not_operated
from rds_operations.steps.instance_list import InstanceList
from rds_operations.steps.instance_page import InstancePage
from rds_operations.steps.proxy_response import proxy_response

Caller = Mapping[str, Any]
Parameters = Mapping[str, Sequence[str]]


@dataclass(frozen=True)
class Instances:
    list: InstanceList
    page: InstancePage
    callers: CallerSettings
    targets: Targets
    allowed_origin: str

    def response(self, instance_id: str | None, parameters: Parameters, caller: Caller, now: datetime) -> Document:
        """Return the Lambda proxy response. `parameters` are those of the query string, each with all its values."""
        try:
            answer = not_a_viewer(self.callers, caller) or self._answer(instance_id, parameters, caller, now)
        except (Retryable, TableUnavailable) as error:
            answer = Refusal(503, Code.TRY_AGAIN, f"The instance could not be read: {type(error).__name__}. Try again.")
        if not isinstance(answer, Refusal):
            return proxy_response(200, answer, self.allowed_origin)
        wait = {"Retry-After": "2"} if answer.status == 503 else {}
        return proxy_response(answer.status, answer.body, self.allowed_origin, wait)

    def _answer(
        self, instance_id: str | None, parameters: Parameters, caller: Caller, now: datetime
    ) -> Document | Refusal:
        if instance_id is None:
            query = instance_query(parameters)
            return query if isinstance(query, Refusal) else self.list.document(query, _asked("", "", "", caller))
        place = chosen_place(parameters)
        if isinstance(place, Refusal):
            return place
        if not self.targets.fitting(*place):
            return not_operated(self.targets, *place)
        name = rds_identifier(instance_id, INSTANCE_ID_LENGTH)
        if name is None:
            return not_found(instance_id[:INSTANCE_ID_LENGTH])
        return self.page.document(_asked(name, *place, caller), now)


def _asked(instance_id: str, account_id: str, region: str, caller: Caller) -> OperationRequest:
    """Make a request that asks for nothing yet. Its id says that it came through the API, with a known caller."""
    return OperationRequest(
        operation_id="",
        instance_id=instance_id,
        account_id=account_id,
        region=region,
        caller=dict(caller),
        request_id=str(caller.get("extendedRequestId", "")) or "GET",
    )
