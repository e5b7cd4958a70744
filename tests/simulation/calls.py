"""Takes every call of the product to AWS at one place in botocore, below all clients.

Models a call's fate on its way (`fates`), botocore's own repetitions, and the time it takes.
https://docs.aws.amazon.com/boto3/latest/guide/retries.html
A transaction that a client repeats has one effect: botocore gives every call its own token.
https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html
"""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cache, partialmethod
from types import SimpleNamespace
from typing import Any

from botocore.client import BaseClient, ClientCreator
from botocore.exceptions import EndpointConnectionError, ReadTimeoutError
from botocore.validate import ParamValidator

from rds_operations.aws.rds_clients import RdsClients
from tests.simulation.awserror import AwsError
from tests.simulation.dice import Dice
from tests.simulation.dynamodb import cancelled
from tests.simulation.fates import Fate

Document = dict[str, Any]
Effect = Callable[[Dice], Document]
_THROTTLED = {"rds": "Throttling", "sts": "Throttling"}
_VALIDATOR = ParamValidator()
_CHECKED: set[tuple[object, ...]] = set()


@dataclass(frozen=True)
class Call:
    client: Any
    action: str
    params: Document

    @property
    def service(self) -> str:
        return str(self.client.meta.service_model.service_name)

    @property
    def attempts(self) -> int:
        return int(self.client.meta.config.retries["total_max_attempts"])

    @property
    def patience(self) -> float:
        return float(self.client.meta.config.read_timeout)

    @property
    def name(self) -> str:
        return f"{self.service}.{self.action}"


TAKE: ContextVar[Callable[[Call], Document]] = ContextVar("take")
"""Takes the running function's calls: each greenlet has its own context."""


def take_all_calls() -> None:
    """Stop all clients from sending. A repeated client is a copy, because making one takes longer than a call."""
    BaseClient._make_api_call = _make_api_call  # type: ignore[attr-defined]
    make = partialmethod(_create_client, ClientCreator.create_client, {})
    ClientCreator.create_client = make  # type: ignore[method-assign, assignment]
    BaseClient.get_paginator = cache(BaseClient.get_paginator)  # type: ignore[method-assign]
    RdsClients._actor = partialmethod(_new_actor, RdsClients._actor)  # type: ignore[method-assign, assignment]


def _new_actor(rds_clients: Any, make: Callable[..., Any], *arguments: Any) -> Any:
    """Make one for each operation: here invocations run side by side in one process, on Lambda they do not."""
    rds_clients._actors.clear()
    return make(rds_clients, *arguments)


def _create_client(
    creator: Any, make: Callable[..., Any], made: Document, *, credentials: Any, client_config: Any, **more: Any
) -> Any:
    """Return a copy. Copies differ only in their credentials, by which `sessions` knows them."""
    key = f"{more['service_name']} {more['region_name']} {client_config.read_timeout} {client_config.retries}"
    if key not in made:
        made[key] = make(creator, credentials=credentials, client_config=client_config, **more)
    client = object.__new__(type(made[key]))
    client.__dict__.update(made[key].__dict__, _request_signer=SimpleNamespace(_credentials=credentials))
    return client


def _make_api_call(client: Any, operation_name: str, api_params: Document) -> Document:
    _check(client, operation_name, api_params)
    try:
        answer: Document = TAKE.get()(Call(client, operation_name, api_params))
    except AwsError as error:
        raise _client_error(client, operation_name, error) from error
    return answer


def _check(client: Any, operation_name: str, params: Document) -> None:
    """Check as botocore does, but calls of one form once: it takes a tenth of a history's time."""
    kind = (operation_name, *((name, type(value)) for name, value in params.items()))
    if kind not in _CHECKED:
        shape = client.meta.service_model.operation_model(operation_name).input_shape
        problems = _VALIDATOR.validate(params, shape)
        assert not problems.has_errors(), problems.generate_report()
        _CHECKED.add(kind)


def _client_error(client: Any, operation_name: str, error: AwsError) -> Exception:
    parsed = {
        "Error": {"Code": error.code, "Message": error.message},
        "ResponseMetadata": {"HTTPStatusCode": error.status},
        **error.more,
    }
    made: Exception = client.exceptions.from_code(error.code)(parsed, operation_name)
    return made


def carry_out(
    call: Call, fate: Fate, dice: Dice, effect: Effect, sleep: Callable[[float], None], later: Any
) -> Document:
    """Let a call have its fate. Raises what the client would raise; the caller handles being killed.

    `later` runs something after some seconds, whatever becomes of the function.
    """
    once = _Once(call, effect)
    delay = dice.between(0.004, 0.05)
    sleep(delay if fate is not Fate.SLOW else dice.between(0.2, call.patience * 0.95))
    if fate in (Fate.FINE, Fate.SLOW):
        answer = once(dice)
        sleep(delay)
        return answer
    if fate is Fate.SENT_TWICE and call.attempts > 1:
        once.try_it(dice)
        sleep(call.patience + _pause(1, dice))
        return once(dice)
    if fate in (Fate.BROKEN_AFTER, Fate.LOST_AFTER, Fate.SENT_TWICE):
        for _attempt in range(call.attempts):
            once.try_it(dice)
    raise _error(call, fate, dice, once, sleep, later)


def _error(call: Call, fate: Fate, dice: Dice, once: _Once, sleep: Callable[[float], None], later: Any) -> Exception:
    if fate is Fate.CONFLICT and call.action == "TransactWriteItems":
        return cancelled(["TransactionConflict"] + ["None"] * (len(call.params["TransactItems"]) - 1))
    if fate is Fate.CONFLICT and call.action in ("UpdateItem", "PutItem"):
        return AwsError("TransactionConflictException")
    sleep(sum(_pause(number, dice) for number in range(1, call.attempts)))
    if fate in (Fate.CONFLICT, Fate.THROTTLED):
        return AwsError(_THROTTLED.get(call.service, "ThrottlingException"), "Rate exceeded")
    if fate in (Fate.BROKEN_BEFORE, Fate.BROKEN_AFTER):
        return AwsError("InternalFailure", status=500)
    if fate is Fate.UNREACHED:
        sleep(dice.between(0.1, 1) * call.attempts)
        return EndpointConnectionError(endpoint_url="https://simulated")
    if fate is Fate.LATE:
        later(call.patience * call.attempts + dice.between(0.1, 6), lambda: once.try_it(dice))
    sleep(call.patience * call.attempts)
    return ReadTimeoutError(endpoint_url="https://simulated")


def _pause(number: int, dice: Dice) -> float:
    """Return the seconds that a client waits after an attempt in standard mode: up to 1, 2 or 4."""
    return float(dice.chance() * 2 ** (number - 1))


class _Once:
    """Repeat a call's effect with each repetition, but a transaction's only once."""

    def __init__(self, call: Call, effect: Effect) -> None:
        self._is_transaction = call.action == "TransactWriteItems"
        self._effect = effect
        self._answer: Document | None = None

    def __call__(self, dice: Dice) -> Document:
        if self._answer is None or not self._is_transaction:
            self._answer = self._effect(dice)
        return self._answer

    def try_it(self, dice: Dice) -> None:
        try:
            self(dice)
        except AwsError:
            return
