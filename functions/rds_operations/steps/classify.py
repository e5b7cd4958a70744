"""Classify: may this caller have this operation on this instance, wherever it is?"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from rds_operations.aws.inventory_table import Inventory
from rds_operations.aws.live_instance import verdict_with_replication
from rds_operations.aws.operation_store import OperationStore
from rds_operations.aws.rds_clients import RdsClients
from rds_operations.model.place import Place
from rds_operations.model.refusals import Refusal
from rds_operations.model.request import OperationRequest
from rds_operations.operations import OPERATIONS
from rds_operations.records.state_document import StateDocument
from rds_operations.records.stored_operation import StoredOperation
from rds_operations.rules.authorization import not_permitted, of_another_application
from rds_operations.rules.classification import Verdict
from rds_operations.rules.decision import LiveInstance, decide
from rds_operations.settings.callers import CallerSettings
from rds_operations.settings.gate import GateSettings
from rds_operations.steps.admit import acceptance, accepted_by_key, dry_repetition
from rds_operations.steps.find_instance import InstanceFinder

if TYPE_CHECKING:
    from mypy_boto3_rds.type_defs import DBInstanceTypeDef


@dataclass(frozen=True)
class Classified:
    """The request with the place where its instance was found; `refusal` is a no for good, `not_ready` one for now.

    `earlier` is the answer of the operation that the same request with the same key was accepted as before. With
    nothing beside the request Admit answers: that operation has not begun, and whoever hands it over must write.
    """

    request: OperationRequest
    verdict: Verdict | None = None
    refusal: Refusal | None = None
    not_ready: Refusal | None = None
    warnings: tuple[str, ...] = ()
    earlier: StateDocument = field(default_factory=StateDocument)

    def to_document(self) -> StateDocument:
        document: StateDocument = {"request": self.request.to_document()}
        if self.verdict:
            document["verdict"] = self.verdict.to_document()
        if self.refusal:
            document |= {"refusal": self.refusal.to_document(), "reply": self.refusal.reply()}
        if self.not_ready:
            document["not_ready"] = self.not_ready.to_document()
        if self.warnings:
            document["warnings"] = list(self.warnings)
        return {**document, **self.earlier}


@dataclass(frozen=True)
class Classifier:
    rds_clients: RdsClients
    inventory: Inventory
    store: OperationStore
    gate: GateSettings
    callers: CallerSettings

    def classify_request(self, request: OperationRequest) -> Classified:
        """Raise what reading RDS and the tables raises, but for an account that is out of reach: that is a no.

        The key comes before the permission and the instance: what was accepted stays so, whatever becomes of them.
        """
        if refusal := of_another_application(self.callers, request.caller):
            return Classified(request, refusal=refusal)
        if earlier := accepted_by_key(self.store, request):
            return self._repeated(request, earlier)
        if refusal := not_permitted(self._callers(request), request):
            return Classified(request, refusal=refusal)
        found = InstanceFinder(self.rds_clients, self.inventory).find(request)
        return Classified(request, refusal=found) if isinstance(found, Refusal) else self._decided(request, *found)

    def _repeated(self, request: OperationRequest, earlier: StoredOperation | Refusal) -> Classified:
        if isinstance(earlier, Refusal):
            return Classified(request, refusal=earlier)
        if request.dry_run:
            return Classified(request, earlier={"reply": dry_repetition(earlier)})
        if earlier.has_started:
            return Classified(request, earlier=acceptance(earlier, request, self.store.home))
        return Classified(request)

    def _decided(self, request: OperationRequest, place: Place, instance: DBInstanceTypeDef) -> Classified:
        request = replace(request, account_id=place.account_id, region=place.region)
        found = LiveInstance(instance, verdict_with_replication(self.rds_clients, instance, self.gate))
        decision = decide(request, found, self.gate, self._callers(request))
        request = replace(request, resource_id=instance.get("DbiResourceId", ""))
        warnings = () if decision.refusal else self._warnings(request, place)
        return Classified(request, decision.verdict, decision.refusal, decision.not_ready, warnings)

    def _warnings(self, request: OperationRequest, place: Place) -> tuple[str, ...]:
        if not request.dry_run:
            return ()
        return tuple(OPERATIONS[request.operation].warnings(self.rds_clients.reading(place), request))

    def _callers(self, request: OperationRequest) -> CallerSettings:
        """Return the permissions for ADMISSION's requests. OPERATION does not know its caller here: Execute reads
        the one on record.
        """
        return self.callers if request.request_id else CallerSettings()
