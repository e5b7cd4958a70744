"""Lambda: runs the real handlers, which wait inside their calls.

Models functions that run late, are killed at any call, or reach their own time-out during a call; and asynchronous
invocations, which are repeated twice, after one and two minutes.
https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html
https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from tests.simulation.awserror import AwsError
from tests.simulation.calls import TAKE, Call, Effect, carry_out
from tests.simulation.deployment import TIMEOUTS
from tests.simulation.dice import Dice
from tests.simulation.fates import Fate
from tests.simulation.world import Signal, World

Document = dict[str, Any]
_FIRST_REPETITION = 60.0


class Killed(BaseException):
    """End a function's process. `error` is Step Functions' name for it."""

    def __init__(self, error: str) -> None:
        self.error = error


@dataclass(frozen=True)
class Failure:
    error: str
    cause: str


@dataclass
class Invocation:
    """Describe an invocation. `who` is unique; `looks` has the function's last read of each instance."""

    function: str
    who: str
    event: Document
    deadline: float
    looks: dict[Any, Document | None] = field(default_factory=dict)
    made: dict[str, int] = field(default_factory=dict)
    sessions: dict[int, str] = field(default_factory=dict)

    @property
    def operation_id(self) -> str:
        return str(self.event.get("request", {}).get("operation_id", ""))

    def purpose(self, call: Call) -> str:
        number = self.made[call.name] = self.made.get(call.name, 0) + 1
        return f"{self.who}/{call.name}#{number}"


class Lambdas:
    """Run functions. `serve` performs a call, `fate_of` decides its fate, `tell` learns of bad ends."""

    def __init__(
        self,
        world: World,
        handlers: dict[str, Callable[[Document, object], Document]],
        seed: int,
        serve: Callable[[Invocation, Call], Effect],
        fate_of: Callable[[str], Fate],
        tell: Callable[[str, str], None],
    ) -> None:
        self._world, self._handlers, self._seed = world, handlers, seed
        self._serve, self._fate_of, self._tell = serve, fate_of, tell

    def invoke(self, function: str, event: Document, who: str, delay: float = 0.0) -> Signal:
        """Invoke a function. The signal tells its answer or a `Failure`."""
        done = Signal()
        text = json.dumps(event)

        def begin() -> None:
            invocation = Invocation(function, who, json.loads(text), self._world.seconds + TIMEOUTS[function])
            self._world.run_code(lambda: done.tell(self._run(invocation)))

        self._world.after(delay + Dice(self._seed, f"{who}/start").between(0.01, 0.25), begin)
        return done

    def invoke_event(self, function: str, event: Document, who: str, given_up: Callable[[], None]) -> Any:
        """Invoke it, as a process, without waiting for an answer."""
        for attempt in range(3):
            if attempt:
                yield _FIRST_REPETITION * attempt
            answer = yield self.invoke(function, event, f"{who}/try {attempt + 1}")
            if not isinstance(answer, Failure):
                return
        given_up()

    def _run(self, invocation: Invocation) -> Document | Failure:
        TAKE.set(partial(self._take, invocation))
        try:
            answer: Document = json.loads(json.dumps(self._handlers[invocation.function](invocation.event, None)))
        except Killed as killed:
            failure = Failure(killed.error, json.dumps({"errorMessage": killed.error, "errorType": killed.error}))
        except AssertionError as error:
            self._world.break_with(error)  # the simulation does not model what the product does
            raise
        except Exception as error:
            name = type(error).__name__
            failure = Failure(name, json.dumps({"errorMessage": str(error), "errorType": name, "stackTrace": []}))
        else:
            return answer
        self._tell(invocation.who, f"ends badly: {failure.error} {failure.cause[:160]}")
        return failure

    def _take(self, invocation: Invocation, call: Call) -> Document:
        purpose = invocation.purpose(call)
        dice = Dice(self._seed, purpose)
        fate = self._fate_of(purpose)
        sleep = partial(self._sleep, invocation)

        serve = self._serve(invocation, call)

        def effect(dice: Dice) -> Document:
            try:
                return serve(dice)
            except AwsError:
                raise
            except Exception as error:  # the simulation's own fault, which handlers must not take for AWS's
                self._world.break_with(error)
                raise

        if fate in (Fate.KILLED_BEFORE, Fate.KILLED_AFTER, Fate.HUNG):
            sleep(dice.between(0.004, 0.05))
            if fate is not Fate.KILLED_BEFORE:
                carry_out(call, Fate.FINE, dice, effect, sleep, self._world.after)
            if fate is Fate.HUNG:
                sleep(TIMEOUTS[invocation.function])
            raise Killed("Runtime.ExitError")
        return carry_out(call, fate, dice, effect, sleep, self._world.after)

    def _sleep(self, invocation: Invocation, seconds: float) -> None:
        left = invocation.deadline - self._world.seconds
        self._world.sleep(max(0.0, min(seconds, left)))
        if seconds >= left:
            raise Killed("Sandbox.Timedout")
