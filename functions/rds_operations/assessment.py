"""Classify: may this caller have this operation on this instance, wherever it is?"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING, Any

from rds_operations.access import Access
from rds_operations.admissibility import gate, impossible, not_found, obstacle
from rds_operations.callers import CallerSettings, not_permitted
from rds_operations.classification import Verdict
from rds_operations.faults import AccountRefused, RdsRefused
from rds_operations.gate_settings import GateSettings
from rds_operations.inspection import verdict_with_sources
from rds_operations.inventory import Inventory
from rds_operations.lookup import locate
from rds_operations.order import Order
from rds_operations.place import Place
from rds_operations.refusals import Code, Refusal

if TYPE_CHECKING:
    from mypy_boto3_rds.type_defs import DBInstanceTypeDef

_DENIED = ("AccessDenied", "AccessDeniedException")


@dataclass(frozen=True)
class Assessment:
    """The order with the place where its instance was found; `refusal` is a no for good, `obstacle` one for now."""

    order: Order
    verdict: Verdict | None = None
    refusal: Refusal | None = None
    obstacle: Refusal | None = None

    def to_document(self) -> dict[str, Any]:
        parts = {"order": self.order, "verdict": self.verdict, "refusal": self.refusal, "obstacle": self.obstacle}
        document = {name: part.to_document() for name, part in parts.items() if part}
        return document | ({"reply": self.refusal.reply()} if self.refusal else {})


@dataclass(frozen=True)
class Assessor:
    """What an assessment is made from."""

    access: Access
    inventory: Inventory
    gate: GateSettings
    callers: CallerSettings

    def assess(self, order: Order) -> Assessment:
        """Raises what reading RDS and the inventory raises, but for an account that is out of reach: that is a no."""
        if refusal := self._not_permitted(order):
            return Assessment(order, refusal=refusal)

        @cache  # where the request leaves open which place is meant, the look that finds the instance is the look at it
        def look(place: Place) -> DBInstanceTypeDef | None:
            return self._look(place, order.instance_id)

        try:
            place = locate(order, self.access.targets, self.inventory, lambda place: look(place) is not None)
            if isinstance(place, Refusal):
                return Assessment(order, refusal=place)
            instance = look(place) if place else None
        except AccountRefused as refused:
            return Assessment(order, refusal=Refusal(403, Code.ACCOUNT_NOT_REACHABLE, f"{refused}."))
        if place is None or instance is None:
            return Assessment(order, refusal=not_found(order.instance_id, self._named(order)))
        return self._judge(replace(order, account_id=place.account_id, region=place.region), instance)

    def _judge(self, order: Order, instance: DBInstanceTypeDef) -> Assessment:
        verdict = verdict_with_sources(self.access, instance, self.gate)
        refusal = gate(order.instance_id, verdict) or self._not_permitted(order, verdict) or impossible(order, instance)
        if refusal:
            return Assessment(order, verdict, refusal)
        return Assessment(order, verdict, obstacle=obstacle(order, instance))

    def _look(self, place: Place, instance_id: str) -> DBInstanceTypeDef | None:
        try:
            return self.access.reading(place).instance(instance_id)
        except RdsRefused as refused:
            if refused.code in _DENIED and not self.access.targets.is_home(place):
                raise AccountRefused(
                    f"Account {place.account_id} does not let this service read RDS: {refused}"
                ) from refused
            raise

    def _not_permitted(self, order: Order, verdict: Verdict | None = None) -> Refusal | None:
        """Of an order from ADMISSION. OPERATION does not know its caller here: for one that ADMISSION did not start,
        Execute asks again.
        """
        if not order.request_id:
            return None
        return not_permitted(self.callers, order, verdict.environment if verdict else None)

    def _named(self, order: Order) -> str:
        """The place that the request itself has named."""
        names = {"account": order.account_id, "Region": order.region}
        named = ", ".join(f"{name} {value}" for name, value in names.items() if value)
        return f" in {named}" if named and order.request_id else ""
