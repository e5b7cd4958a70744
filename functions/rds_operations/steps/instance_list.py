"""GET /instances: what the inventory knows, and what its caller may do with each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from rds_operations.aws.inventory_table import Inventory, Seen
from rds_operations.model.documents import Document
from rds_operations.model.identifiers import INSTANCE_ID_LENGTH, rds_identifier
from rds_operations.model.place import Place
from rds_operations.model.refusals import Refusal
from rds_operations.model.request import OperationRequest
from rds_operations.records.next_token import not_of_this_list, sealed, unsealed
from rds_operations.rules.eligibility import is_ready
from rds_operations.rules.identity import principal_of
from rds_operations.rules.instance_answers import answer_document, listed_answers
from rds_operations.rules.instance_query import InstanceQuery
from rds_operations.settings.callers import CallerSettings
from rds_operations.settings.gate import GateSettings
from rds_operations.settings.targets import Targets, not_operated

MOST_EXAMINED = 200
"""Instances that a page reads, whether they fit or not."""
_NOTHING = "Nothing fits. A new instance is listed within 15 minutes; GET /instances/{instance_id} finds it at once."
_GO_ON = "Nothing among the instances that this page examined. Go on with next."


@dataclass(frozen=True)
class InstanceList:
    inventory: Inventory
    targets: Targets
    gate: GateSettings
    callers: CallerSettings

    def document(self, query: InstanceQuery, asked: OperationRequest) -> Document | Refusal:
        """List a page, by place and name. Raises `TableUnavailable`."""
        places = self.targets.fitting(query.account_id, query.region)
        if not places:
            return not_operated(self.targets, query.account_id, query.region)
        bound = ["/instances", *query.filters, principal_of(asked.caller)]
        start = unsealed(query.next, bound) if query.next else ""
        if isinstance(start, Refusal):
            return start
        if start and not _is_position(start, places):
            return not_of_this_list()
        listed_at = self.inventory.listed_at()
        found: list[Document] = []
        following = ""
        for position, seen in self._examined(places, start):
            if seen and not seen.gone and query.fits(document := self._document(seen, asked, listed_at)):
                found.append(document)
            if seen is None or len(found) == query.limit:
                following = position
                break
        return _page(found, sealed(following, bound) if following else "", _places(places, listed_at))

    def _examined(self, places: Sequence[Place], start: str) -> Iterator[tuple[str, Seen | None]]:
        """Go through the places from a position. The last of a page that has read enough comes without an instance."""
        first, _, after = start.rpartition("/")
        examined = 0
        for place in places[[str(place) for place in places].index(first) if start else 0 :]:
            more = True
            while more:
                seen, more = self.inventory.page(place, after, MOST_EXAMINED - examined)
                for each in seen:
                    yield f"{place}/{each.instance_id}", each
                    after = each.instance_id
                examined += len(seen)
                if examined >= MOST_EXAMINED:
                    yield f"{place}/{after}", None
                    return
            after = ""

    def _document(self, seen: Seen, asked: OperationRequest, listed_at: Mapping[Place, str]) -> Document:
        named = replace(asked, instance_id=seen.instance_id)
        said = listed_answers(named, seen.verdict, seen.unsupported, self.gate, self.callers)
        return {
            "instance_id": seen.instance_id,
            "account_id": seen.place.account_id,
            "region": seen.place.region,
            "engine": seen.engine,
            "instance_class": seen.instance_class,
            "status": seen.status,
            "multi_az": seen.multi_az,
            "environment": seen.verdict.environment.value,
            "environment_source": seen.verdict.source,
            "allowed": any(refusal is None for refusal in said.values()),
            "operations": {name: _answer(name, refusal, seen.status) for name, refusal in said.items()},
            "seen_at": listed_at.get(seen.place, seen.last_seen),
        }


def _answer(operation: str, refusal: Refusal | None, status: str) -> Document:
    """Say of what is allowed whether the status that was seen lets it begin."""
    return answer_document(refusal) | ({} if refusal else {"ready": is_ready(operation, status)})


def _is_position(text: str, places: Sequence[Place]) -> bool:
    """Tell whether a page could end there: somebody may have made the token themselves."""
    place, _, name = text.rpartition("/")
    return place in map(str, places) and rds_identifier(name, INSTANCE_ID_LENGTH) == name


def _places(places: Sequence[Place], listed_at: Mapping[Place, str]) -> list[Document]:
    """Say when each place was listed last: null for one that never was, as one that cannot be reached."""
    return [
        {"account_id": place.account_id, "region": place.region, "seen_at": listed_at.get(place)} for place in places
    ]


def _page(found: list[Document], token: str, places: list[Document]) -> Document:
    page: Document = {"instances": found, "places": places}
    page |= {"next": token} if token else {}
    return page if found else page | {"note": _GO_ON if token else _NOTHING}
