"""The one place that decides, by a live read: may this be done to this database, for this caller, now?

Classify asks before the answer and when the operation begins, Execute right before acting; each with a read of its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from rds_operations.model.refusals import Refusal
from rds_operations.model.request import OperationRequest
from rds_operations.rules.authorization import not_permitted
from rds_operations.rules.classification import Verdict
from rds_operations.rules.eligibility import contradiction, gate, not_ready, replaced, unsupported
from rds_operations.settings.callers import CallerSettings
from rds_operations.settings.gate import GateSettings

if TYPE_CHECKING:
    from mypy_boto3_rds.type_defs import DBInstanceTypeDef


@dataclass(frozen=True)
class LiveInstance:
    """The instance as DescribeDBInstances shows it, and its environment with all that it replicates."""

    instance: DBInstanceTypeDef
    verdict: Verdict


@dataclass(frozen=True)
class Decision:
    """`refusal` is a no for good, `not_ready` one for now; neither is a yes. `instance` as it was seen."""

    verdict: Verdict
    instance: DBInstanceTypeDef
    refusal: Refusal | None = None
    not_ready: Refusal | None = None

    @property
    def resource_id(self) -> str:
        return self.instance.get("DbiResourceId", "")

    @property
    def against(self) -> Refusal | None:
        return self.refusal or self.not_ready


def decide(request: OperationRequest, found: LiveInstance, settings: GateSettings, callers: CallerSettings) -> Decision:
    """Ask in this order: whether it is still the instance that was accepted, the environment, the caller's permission
    for it, whether the operation fits, what is in the way.
    """
    verdict = found.verdict
    refusal = (
        replaced(request, found.instance)
        or gate(request.instance_id, verdict, settings.tag_name_to_use)
        or not_permitted(callers, request, verdict.environment)
        or unsupported(request, found.instance)
        or contradiction(request, verdict, settings)
    )
    return Decision(verdict, found.instance, refusal, None if refusal else not_ready(request, found.instance))
