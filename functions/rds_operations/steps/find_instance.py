"""Finds the instance that a request names, wherever it is, and reads it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from rds_operations.aws.inventory_table import Inventory
from rds_operations.aws.rds_clients import RdsClients
from rds_operations.model.errors import AccountUnreachable, RdsRejected
from rds_operations.model.place import Place
from rds_operations.model.refusals import Code, Refusal
from rds_operations.model.request import OperationRequest
from rds_operations.rules.eligibility import not_found
from rds_operations.rules.location import locate

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
"""Errors of RDS where a place is closed to the service, and the likely reason.

https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/CommonErrors.html
https://docs.aws.amazon.com/accounts/latest/reference/manage-acct-regions.html
"""


@dataclass(frozen=True)
class InstanceFinder:
    rds_clients: RdsClients
    inventory: Inventory

    def find(self, request: OperationRequest) -> tuple[Place, DBInstanceTypeDef] | Refusal:
        """Find it, or refuse. Raises what reading RDS and the table raises, but for an account that is out of reach:
        that is a refusal.
        """
        try:
            return self._find(request)
        except AccountUnreachable as error:
            return self._unreachable(request, error)

    def _find(self, request: OperationRequest) -> tuple[Place, DBInstanceTypeDef] | Refusal:
        """Where the request leaves the place open, the read that finds it also describes it."""
        seen: dict[Place, DBInstanceTypeDef | None] = {}

        def is_there(place: Place) -> bool:
            seen[place] = self._read(place, request.instance_id)
            return seen[place] is not None

        place = locate(request, self.rds_clients.targets, self.inventory.places, is_there)
        if isinstance(place, Refusal):
            return place
        if place and place not in seen:
            is_there(place)
        instance = seen[place] if place else None
        if place is None or instance is None:
            return not_found(request.instance_id, self._named(request), self._hint(request))
        return place, instance

    def _read(self, place: Place, instance_id: str) -> DBInstanceTypeDef | None:
        """Raise `AccountUnreachable` for a closed place. Where it is the deployment's own, the service is broken."""
        try:
            return self.rds_clients.reading(place).instance(instance_id)
        except RdsRejected as refused:
            if refused.code not in _CLOSED or place == self.rds_clients.targets.home:
                raise
            raise AccountUnreachable(
                f"Account {place.account_id} does not let this service read RDS in {place.region} ({refused}). "
                f"{_CLOSED[refused.code]}"
            ) from refused

    def _unreachable(self, request: OperationRequest, refused: AccountUnreachable) -> Refusal:
        """Refuse. A place that cannot be read may have an instance of this name, so the request must exclude it."""
        several = len(self.rds_clients.targets.fitting(request.account_id, request.region)) > 1
        advice = ". Send account_id and region if the instance is in another place" if several else ""
        return Refusal(403, Code.ACCOUNT_NOT_REACHABLE, f"{refused}{advice}.")

    def _hint(self, request: OperationRequest) -> str:
        """Say what finds an instance that the inventory of the other accounts does not have yet."""
        places = self.rds_clients.targets.fitting(request.account_id, request.region)
        if all(map(self.rds_clients.targets.is_home, places)):
            return ""
        return "If it was made in another account within the last 15 minutes, send account_id and region."

    def _named(self, request: OperationRequest) -> str:
        """Say which place the request itself named."""
        names = {"account": request.account_id, "Region": request.region}
        named = ", ".join(f"{name} {value}" for name, value in names.items() if value)
        return f" in {named}" if named and request.request_id else ""
