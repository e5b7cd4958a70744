"""People's actions in one history, made from its seed: requests, repetitions, stops, redrives and others' work."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from rds_operations.model.place import Place
from tests.simulation.deployment import ABROAD, ALL, ELSEWHERE, HOME, NO_REBOOTS
from tests.simulation.dice import Dice
from tests.simulation.fates import Scene

Document = dict[str, Any]
INSTANCES = ("one", "two", "staged")
NAMESAKE = "namesake"
"""Two places have an instance of this name."""
_BUSY_SECONDS = 900.0
OPERATIONS = ("create_snapshot", "reboot_instance", "modify_backup_window")
_WINDOWS = ("03:00-04:00", "23:00-23:45")


@dataclass(frozen=True)
class Action:
    """Describe an action. `kind` is a method of `People`; `number` stays when the plan is shrunk."""

    number: int
    at: float
    kind: str
    given: Document = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.kind} {self.given}"


def make_plan(seed: int) -> list[Action]:
    return [_patiently(action, Dice(seed, f"patience {action.number}")) for action in _made(seed)]


def _patiently(action: Action, dice: Dice) -> Action:
    """Let some callers wait for the end."""
    if action.kind != "post" or not dice.hits(0.15):
        return action
    return replace(action, given={**action.given, "prefer": f"wait={dice.one_of((1, 5, 15))}"})


def _made(seed: int) -> list[Action]:
    dice = Dice(seed, "plan")
    scene = Scene.of(seed)
    if scene is Scene.HANDS_ON:
        return _hands_on(dice)
    if scene is Scene.TWINS:
        return _twins(dice)
    # In half of the histories, everything happens within a minute or two, mostly on one instance.
    longest = dice.one_of((10.0, 60.0, 120.0, _BUSY_SECONDS, _BUSY_SECONDS))
    mostly = dice.one_of(INSTANCES[:2]) if dice.hits(0.6) else ""
    actions: list[Action] = []
    for number in range(1, 3 + int(dice.between(0, 6))):
        actions.append(_request(number, dice, longest, mostly, actions))
    for number in range(101, 101 + int(dice.between(0, 6))):
        actions.append(_other(number, dice, actions))
    for number, stop in enumerate([action for action in actions if action.kind == "stop"], 201):
        if dice.hits(0.4):
            actions.append(_instead(number, stop, dice))
    return sorted(actions, key=lambda action: action.at)


def _hands_on(dice: Dice) -> list[Action]:
    """Make one or two requests. Most are stopped while they act, redriven and followed by another."""
    actions: list[Action] = []
    for number in range(1, 2 + int(dice.hits(0.4))):
        body = _body(number, dice, "", dice.one_of(("create_snapshot", *OPERATIONS)))
        body["instance_id"] = INSTANCES[0]
        request = Action(number, 30.0 * number, "start", {"name": f"direct-{number}", "body": body})
        if dice.hits(0.6):
            key = f"key-{number}" if dice.hits(0.5) else ""
            request = Action(number, 30.0 * number, "post", {"caller": ALL, "body": body, "key": key})
        of = {"of": number, "instance": INSTANCES[0]}
        stop = Action(100 + number, request.at + dice.between(0.1, dice.one_of((2, 5, 40))), "stop", of)
        actions.append(request)
        if dice.hits(0.8):
            actions.append(stop)
            if dice.hits(0.7):
                actions.append(Action(150 + number, stop.at + dice.between(0.5, 12), "redrive", of))
            if dice.hits(0.4):
                actions.append(_instead(200 + number, stop, dice))
        if dice.hits(0.3):  # when the polls are used up and the late watch runs
            later = {"caller": ALL, "body": {**body, "parameters": _parameters(250 + number, dice, body["operation"])}}
            actions.append(Action(250 + number, request.at + dice.between(330, 1500), "post", {**later, "key": ""}))
    return sorted(actions, key=lambda action: action.at)


def _twins(dice: Dice) -> list[Action]:
    given = {"caller": ALL, "body": {**_body(1, dice, ""), "instance_id": INSTANCES[0]}, "key": "key-1"}
    moments = [dice.between(0, dice.one_of((1, 4, 8))) for _ in range(1 + int(dice.between(0, 3)))]
    return [Action(number, moment, "post", given) for number, moment in enumerate(sorted([0.0, *moments]), 1)]


def _request(number: int, dice: Dice, longest: float, mostly: str, before: list[Action]) -> Action:
    at = dice.between(0, dice.one_of((longest, longest, 20)))
    posts = [action for action in before if action.kind == "post" and action.given["key"]]
    if posts and dice.hits(0.35):
        post = dice.one_of(posts)  # the same key: mostly soon, sometimes for another request
        soon = post.at + dice.between(0, dice.one_of((0.3, 3, 10, 60, 600)))
        body = post.given["body"] if dice.hits(0.9) else _body(number, dice, mostly)
        return Action(number, soon, "post", {**post.given, "body": body})
    body = _body(number, dice, mostly)
    if dice.hits(0.2):
        return Action(number, at, "start", {"name": f"direct-{number}", "body": body})
    key = f"key-{number}" if dice.hits(0.7) else ""
    caller = ALL if dice.hits(0.8) else NO_REBOOTS
    return Action(number, at, "post", {"caller": caller, "body": body, "key": key})


def _body(number: int, dice: Dice, mostly: str, operation: str = "") -> Document:
    operation = operation or dice.one_of(OPERATIONS)
    parameters = _parameters(number, dice, operation)
    instance = dice.one_of((*INSTANCES, *INSTANCES, *INSTANCES, *INSTANCES, NAMESAKE, "abroad", "production", "nobody"))
    if mostly and dice.hits(0.7):
        instance = mostly
    where: Document = {}
    if instance == NAMESAKE and dice.hits(0.8):
        place = dice.one_of((HOME, ELSEWHERE))
        where = {"account_id": place.account_id, "region": place.region}
    return {"operation": operation, "instance_id": instance, "parameters": parameters, **where}


def _parameters(number: int, dice: Dice, operation: str) -> Document:
    parameters: Document = {
        "create_snapshot": {"snapshot_id": f"snapshot-{dice.one_of((number, number, 0))}"},
        "reboot_instance": {},
        "modify_backup_window": {"backup_window": dice.one_of(_WINDOWS)},
    }
    found: Document = parameters[operation]
    return found


def _other(number: int, dice: Dice, before: list[Action]) -> Action:
    """Make an action of others, near a request, on the same instance or on its execution."""
    kind = dice.one_of(
        (
            "stop",
            "stop",
            "stop",
            "redrive",
            "redrive",
            "retag",
            "recreate",
            "reboot",
            "reboot",
            "modify",
            "snapshot",
            "delete_snapshot",
        )
    )
    of = dice.one_of(before)
    instance = of.given.get("body", {}).get("instance_id", "")
    given: Document = {"of": of.number, "instance": instance if instance in INSTANCES else INSTANCES[0]}
    if kind == "redrive" and not any(action.kind == "stop" for action in before):
        kind = "stop"
    if kind == "redrive":
        of = next(action for action in before if action.kind == "stop")
        given = {**of.given}
    return Action(number, of.at + dice.between(0, dice.one_of((3, 10, 60, 600))), kind, given | _more(kind, of, dice))


def _instead(number: int, stop: Action, dice: Dice) -> Action:
    """Make another request for the instance after a stop."""
    body = {**_body(number, dice, ""), "instance_id": stop.given["instance"]}
    given = {"caller": ALL, "body": body, "key": ""}
    return Action(number, stop.at + dice.between(0.5, 15), "post", given)


def _more(kind: str, of: Action, dice: Dice) -> Document:
    """Return what only this kind of action has."""
    if kind == "retag":
        return {"environment": dice.one_of(("production", "staging", "dev"))}
    if kind == "recreate":
        return {"gone": dice.between(1, dice.one_of((20, 300)))}
    if kind == "modify":
        return {"window": dice.one_of(_WINDOWS)}
    return {"snapshot_id": f"snapshot-{of.number}"} if "snapshot" in kind else {}


def population() -> dict[tuple[Place, str], str]:
    return {
        (HOME, "one"): "dev",
        (HOME, "two"): "dev",
        (HOME, "staged"): "staging",
        (HOME, "production"): "production",
        (HOME, NAMESAKE): "dev",
        (ELSEWHERE, NAMESAKE): "dev",
        (ABROAD, "abroad"): "test",
    }
