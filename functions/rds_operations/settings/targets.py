"""Which accounts and Regions the deployment serves: a list that a request can choose from, and never add to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from rds_operations.model.place import Place
from rds_operations.model.refusals import Code, Refusal
from rds_operations.model.request import OperationRequest
from rds_operations.settings import packaged

READING_ROLE = "rds-operations-reading"
ACTING_ROLE = "rds-operations-acting"
"""The names of the two roles in every account but the service's own."""
_MOST_LISTED = 5
"""Places in a refusal: forty accounts would fill the screen."""


@dataclass(frozen=True)
class Account:
    """`external_id` is the account's own: it keeps the service from being talked into somebody else's account.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/confused-deputy.html
    """

    external_id: str
    regions: tuple[str, ...]


@dataclass(frozen=True)
class Targets:
    """`home` is where the service runs; `regions` are further ones of its account; `accounts` those besides its own."""

    home: Place
    regions: tuple[str, ...] = ()
    accounts: Mapping[str, Account] = field(default_factory=dict)

    @classmethod
    def from_document(cls, home: Place, document: Mapping[str, Any]) -> Targets:
        accounts = {
            account_id: Account(account["external_id"], tuple(account["regions"]))
            for account_id, account in document.get("accounts", {}).items()
        }
        return cls(home, tuple(document.get("regions", ())), accounts)

    @classmethod
    def packaged(cls, home: Place) -> Targets:
        return cls.from_document(home, packaged.section("targets"))

    @property
    def places(self) -> list[Place]:
        """List all of them, home first."""
        regions = [self.home.region, *(region for region in self.regions if region != self.home.region)]
        own = [Place(self.home.account_id, region) for region in regions]
        others = [Place(account, region) for account, item in self.accounts.items() for region in item.regions]
        return list(dict.fromkeys(own + others))

    def fitting(self, account_id: str, region: str) -> list[Place]:
        """List the places that a request leaves open: an empty `account_id` or `region` was not asked for."""
        return [place for place in self.places if account_id in ("", place.account_id) and region in ("", place.region)]

    def place_of(self, request: OperationRequest) -> Place:
        """Return where the request's instance is; home where it does not say."""
        return Place(request.account_id or self.home.account_id, request.region or self.home.region)

    def is_home(self, place: Place) -> bool:
        """Tell whether the functions' own roles can read there."""
        return place.account_id == self.home.account_id


def not_operated(targets: Targets, account_id: str, region: str) -> Refusal:
    asked = [f"{name} '{value}'" for name, value in (("account_id", account_id), ("region", region)) if value]
    places = list(map(str, targets.places))
    left = len(places) - _MOST_LISTED
    more = f"; and {left} more, which the service owner can name" if left > 0 else ""
    known = "; ".join(places[:_MOST_LISTED]) + more
    return Refusal(400, Code.NOT_OPERATED, f"This service does not manage {' with '.join(asked)}. Allowed: {known}")
