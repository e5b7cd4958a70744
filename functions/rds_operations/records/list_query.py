"""What a caller asks of a list: the query string of `GET /operations` and `GET /records`, checked."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from enum import StrEnum

from rds_operations.model import clock
from rds_operations.model.identifiers import INSTANCE_ID_LENGTH, rds_identifier
from rds_operations.model.refusals import Refusal, bad_request, invalid_parameter
from rds_operations.operations import OPERATIONS
from rds_operations.records.audit_record import NO_INSTANCE, Event
from rds_operations.rules.classification import Environment
from rds_operations.rules.identity import PRINCIPAL_FORMS, is_principal
from rds_operations.rules.validation import quoted

EARLIEST, LATEST = "0001-01-01T00:00:00.000Z", "9999-12-31T23:59:59.999Z"
MOST, USUAL = 100, 25
"""Items of a page: at most, and where `limit` does not say."""
_LONGEST = 2_048
"""Characters of a value: a principal may be an ARN, and a token is shorter."""
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)


class Route(StrEnum):
    OPERATIONS = "/operations"
    RECORDS = "/records"


@dataclass(frozen=True)
class ListQuery:
    """`filters` by name, without those that were not given. `first` and `last` belong to the range; texts as records
    have them. `next` is a token that was not looked into yet.
    """

    route: Route
    filters: Mapping[str, str]
    first: str = EARLIEST
    last: str = LATEST
    limit: int = USUAL
    next: str = ""


def list_query(route: Route, parameters: Mapping[str, Sequence[str]]) -> ListQuery | Refusal:
    """Read the query string, each name with all its values. Nothing is guessed: what is not understood is a 400."""
    checks = _CHECKS[route]
    if unknown := [quoted(name) for name in parameters if name not in checks]:
        return bad_request(f"Unknown query parameter {', '.join(unknown[:5])}. Allowed: {', '.join(checks)}")
    given: dict[str, str] = {}
    for name, values in parameters.items():
        value = _sound(checks[name], values)
        if value is None:
            return _REFUSALS[name]
        given[name] = value
    first, last = given.pop("from", EARLIEST), given.pop("to", LATEST)
    if first > last:
        return invalid_parameter("from must not be after to")
    limit, token = int(given.pop("limit", str(USUAL))), given.pop("next", "")
    return ListQuery(route, given, first, last, limit, token)


Check = Callable[[str], str | None]
"""Returns the value as it is compared, or None for one that cannot be meant."""


def _sound(check: Check, values: Sequence[str]) -> str | None:
    return check(values[0]) if len(values) == 1 and 0 < len(values[0]) <= _LONGEST else None


def _instance_id(text: str) -> str | None:
    return text if text == NO_INSTANCE else rds_identifier(text, INSTANCE_ID_LENGTH)


def _one_of(words: Sequence[str]) -> Check:
    return lambda text: text if text in words else None


def _any_text(text: str) -> str | None:
    return text if text.isprintable() else None


def _principal(text: str) -> str | None:
    """Refuse what no record can have: an empty list would say that this person did nothing."""
    return text if is_principal(text) else None


def _limit(text: str) -> str | None:
    return text if re.fullmatch("[1-9][0-9]{0,2}", text, re.ASCII) and int(text) <= MOST else None


def _first(text: str) -> str | None:
    return _moment(text, time.min)


def _last(text: str) -> str | None:
    return _moment(text, time.max)


def _moment(text: str, of_day: time) -> str | None:
    """Read ISO 8601. A day alone stands for its first moment, or its last; a time without an offset is UTC."""
    try:
        if _DAY.fullmatch(text):
            return clock.to_text(datetime.combine(date.fromisoformat(text), of_day, UTC))
        moment = datetime.fromisoformat(text)
        return clock.to_text(moment if moment.tzinfo else moment.replace(tzinfo=UTC))
    except (ValueError, OverflowError):
        return None


_EVENTS = [event.value for event in Event]
_ENVIRONMENTS = [environment.value for environment in Environment]
_OPERATIONS = [*OPERATIONS, NO_INSTANCE]
_BOOLEANS = ["true", "false"]
_COMMON: dict[str, Check] = {
    "instance_id": _instance_id,
    "operation": _one_of(_OPERATIONS),
    "environment": _one_of(_ENVIRONMENTS),
    "status": _any_text,
    "failed": _one_of(_BOOLEANS),
    "principal": _principal,
    "from": _first,
    "to": _last,
    "limit": _limit,
    "next": _any_text,
}
_CHECKS: dict[Route, dict[str, Check]] = {
    Route.OPERATIONS: {**_COMMON, "finished": _one_of(_BOOLEANS)},
    Route.RECORDS: {**_COMMON, "event": _one_of(_EVENTS), "operation_id": _any_text},
}
PARAMETERS = {route: list(checks) for route, checks in _CHECKS.items()}
_TIME = "such as 2026-11-25 or 2026-11-25T10:30:00Z. In a URL, + is written %2B"
_REFUSALS = {
    "instance_id": invalid_parameter("instance_id must be the name of an instance, or - for attempts that named none"),
    "operation": invalid_parameter(f"operation must be one of {', '.join(_OPERATIONS)}"),
    "environment": invalid_parameter(f"environment must be one of {', '.join(_ENVIRONMENTS)}"),
    "event": invalid_parameter(f"event must be one of {', '.join(_EVENTS)}"),
    "failed": invalid_parameter("failed must be true or false"),
    "finished": invalid_parameter("finished must be true or false"),
    "from": invalid_parameter("from must be an ISO 8601 date or time, " + _TIME),
    "to": invalid_parameter("to must be an ISO 8601 date or time, " + _TIME),
    "limit": invalid_parameter("limit must be a whole number from 1 to 100"),
    "status": invalid_parameter("status must be one text of printable characters"),
    "principal": invalid_parameter(f"principal must be as records have it: one of {', '.join(PRINCIPAL_FORMS)}"),
    "operation_id": invalid_parameter("operation_id must be one text of printable characters"),
    "next": invalid_parameter("next must be one text of printable characters"),
}
