"""Classify: may this caller have this operation on this instance, wherever it is?"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cache
from typing import TYPE_CHECKING

from rds_operations.aws.inventory_table import Inventory
from rds_operations.aws.live_instance import verdict_with_replication
from rds_operations.aws.operation_store import OperationStore
from rds_operations.aws.rds_clients import RdsClients
from rds_operations.model.documents import Document, Item
from rds_operations.model.faults import AccountRefused, RdsRefused
from rds_operations.model.place import Place
from rds_operations.model.refusals import Code, Refusal
from rds_operations.model.request import OperationRequest
from rds_operations.rules.authorization import not_permitted, of_another_application
from rds_operations.rules.classification import Verdict
from rds_operations.rules.decision import LiveInstance, decide
from rds_operations.rules.eligibility import not_found
from rds_operations.rules.location import locate
from rds_operations.settings.callers import CallerSettings
from rds_operations.settings.gate import GateSettings
from rds_operations.steps.admit import acceptance, accepted_by_key, has_started

if TYPE_CHECKING:
    from mypy_boto3_rds.type_defs import DBInstanceTypeDef

_DENIED = "A policy denies it, such as a service control policy"
_NOT_ENABLED = "The Region may not be enabled there"
_CLOSED = {
    "AccessDenied": _DENIED,
    "AccessDeniedException": _DENIED,
    "AuthFailure": _NOT_ENABLED,
    "InvalidClientTokenId": _NOT_ENABLED,
    "OptInRequired": _NOT_ENABLED,
    "UnrecognizedClientException": _NOT_ENABLED,
}
"""What RDS answers where a place is closed to the service, and the likely reason.

https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/CommonErrors.html
https://docs.aws.amazon.com/accounts/latest/reference/manage-acct-regions.html
"""


@dataclass(frozen=True)
class Classified:
    """The request with the place where its instance was found; `refusal` is a no for good, `obstacle` one for now.

    `earlier` is the answer of the operation that the same request with the same key was accepted as before. With
    nothing beside the request Admit answers: that operation has not begun, and whoever hands it over must write.
    """

    request: OperationRequest
    verdict: Verdict | None = None
    refusal: Refusal | None = None
    obstacle: Refusal | None = None
    earlier: Document = field(default_factory=dict)

    def to_document(self) -> Document:
        parts = {"request": self.request, "verdict": self.verdict, "refusal": self.refusal, "obstacle": self.obstacle}
        document: Document = {name: part.to_document() for name, part in parts.items() if part}
        return document | ({"reply": self.refusal.reply()} if self.refusal else {}) | self.earlier


@dataclass(frozen=True)
class Classifier:
    """What an assessment is made from."""

    rds_clients: RdsClients
    inventory: Inventory
    store: OperationStore
    gate: GateSettings
    callers: CallerSettings

    def classify_request(self, request: OperationRequest) -> Classified:
        """Raises what reading RDS and the tables raises, but for an account that is out of reach: that is a no.

        The key comes before the permission and the instance: what was accepted stays so, whatever becomes of them.
        """
        if refusal := of_another_application(self.callers, request.caller):
            return Classified(request, refusal=refusal)
        if earlier := accepted_by_key(self.store, request):
            return self._repeated(request, earlier)
        return self._assessed(request)

    def _assessed(self, request: OperationRequest) -> Classified:
        if refusal := not_permitted(self._callers(request), request):
            return Classified(request, refusal=refusal)

        @cache  # where the request leaves open which place is meant, the look that finds the instance is the look at it
        def poll(place: Place) -> DBInstanceTypeDef | None:
            return self._look(place, request.instance_id)

        try:
            place = locate(
                request, self.rds_clients.targets, self.inventory.places, lambda place: poll(place) is not None
            )
            if isinstance(place, Refusal):
                return Classified(request, refusal=place)
            instance = poll(place) if place else None
        except AccountRefused as refused:
            return Classified(request, refusal=self._unreachable(request, refused))
        if place is None or instance is None:
            return Classified(request, refusal=not_found(request.instance_id, self._named(request)))
        return self._decided(replace(request, account_id=place.account_id, region=place.region), instance)

    def _repeated(self, request: OperationRequest, earlier: Item | Refusal) -> Classified:
        if isinstance(earlier, Refusal):
            return Classified(request, refusal=earlier)
        return Classified(
            request, earlier=acceptance(earlier, request, self.store.home) if has_started(earlier) else {}
        )

    def _decided(self, request: OperationRequest, instance: DBInstanceTypeDef) -> Classified:
        found = LiveInstance(instance, verdict_with_replication(self.rds_clients, instance, self.gate))
        decision = decide(request, found, self.gate, self._callers(request))
        request = replace(request, resource_id=instance.get("DbiResourceId", ""))
        return Classified(request, decision.verdict, decision.refusal, decision.obstacle)

    def _look(self, place: Place, instance_id: str) -> DBInstanceTypeDef | None:
        """Raises `AccountRefused` for a closed place, other than the deployment's own: there the service is broken."""
        try:
            return self.rds_clients.reading(place).instance(instance_id)
        except RdsRefused as refused:
            if refused.code not in _CLOSED or place == self.rds_clients.targets.home:
                raise
            raise AccountRefused(
                f"Account {place.account_id} does not let this service read RDS in {place.region} ({refused}). "
                f"{_CLOSED[refused.code]}"
            ) from refused

    def _unreachable(self, request: OperationRequest, refused: AccountRefused) -> Refusal:
        """What cannot be looked at may have a namesake: so the request must say that it means none there."""
        several = len(self.rds_clients.targets.fitting(request.account_id, request.region)) > 1
        advice = ". Send account_id and region if the instance is in another place" if several else ""
        return Refusal(403, Code.ACCOUNT_NOT_REACHABLE, f"{refused}{advice}.")

    def _callers(self, request: OperationRequest) -> CallerSettings:
        """What ADMISSION's requests are held to. OPERATION does not know its caller here: Execute asks for the one on
        record.
        """
        return self.callers if request.request_id else CallerSettings()

    def _named(self, request: OperationRequest) -> str:
        """The place that the request itself has named."""
        names = {"account": request.account_id, "Region": request.region}
        named = ", ".join(f"{name} {value}" for name, value in names.items() if value)
        return f" in {named}" if named and request.request_id else ""
