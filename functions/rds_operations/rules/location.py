"""Finds the place of an instance, when the request leaves it open."""

from __future__ import annotations

from collections.abc import Callable

from rds_operations.model.place import Place
from rds_operations.model.refusals import Code, Refusal, conflict
from rds_operations.model.request import OperationRequest
from rds_operations.settings.targets import Targets


def locate(
    request: OperationRequest, targets: Targets, listed: Callable[[str], list[Place]], is_there: Callable[[Place], bool]
) -> Place | Refusal | None:
    """Return the one place that has the instance; a refusal where several have it; None where none has.

    The inventory knows the other accounts as of its last listing. The service's own account is read live
    (`is_there`), so that what is new there is found, and not mistaken for a namesake elsewhere.
    """
    open_places = targets.fitting(request.account_id, request.region)
    if len(open_places) == 1:
        return open_places[0]
    there = listed(request.instance_id)
    found = [place for place in open_places if (is_there(place) if targets.is_home(place) else place in there)]
    if len(found) > 1:
        return _ambiguous(request, found)
    return found[0] if found else None


def _ambiguous(request: OperationRequest, found: list[Place]) -> Refusal:
    places = "; ".join(map(str, found))
    return conflict(
        f"Instance {request.instance_id} is in more than one place: {places}. "
        "Send account_id and region to choose one.",
        Code.INSTANCE_AMBIGUOUS,
    )
