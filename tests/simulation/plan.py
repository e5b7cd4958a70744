"""What people do in one history, made from its seed: requests, repetitions, stops, redrives, other people's work."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from rds_operations.place import Place
from tests.simulation.deployment import ABROAD, ALL, ELSEWHERE, HOME, NO_REBOOTS
from tests.simulation.dice import Dice

Document = dict[str, Any]
INSTANCES = ("one", "two")
NAMESAKE = "namesake"
"""There is one of this name in two places."""
_BUSY_SECONDS = 900.0
_WINDOWS = ("03:00-04:00", "23:00-23:45")


@dataclass(frozen=True)
class Action:
    """`kind` is a method of `People`; `number` names it, and stays when others are taken out of the plan."""

    number: int
    at: float
    kind: str
    given: Document = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.kind} {self.given}"


def make_plan(seed: int) -> list[Action]:
    dice = Dice(seed, "plan")
    # Half of the histories are crowded: all of it within two minutes.
    longest = dice.one_of((30.0, 120.0, _BUSY_SECONDS, _BUSY_SECONDS))
    actions: list[Action] = []
    for number in range(1 + int(dice.between(1, 6))):
        actions.append(_request(number, dice, longest, actions))
    for number in range(100, 100 + int(dice.between(0, 5))):
        actions.append(_other(number, dice, longest, actions))
    return sorted(actions, key=lambda action: action.at)


def _request(number: int, dice: Dice, longest: float, before: list[Action]) -> Action:
    at = dice.between(0, longest)
    posts = [action for action in before if action.kind == "post" and action.given["key"]]
    if posts and dice.hits(0.3):
        post = dice.one_of(posts)  # the same key again: mostly soon, now and then for another request
        soon = post.at + dice.between(0, dice.one_of((0.3, 5, 60, 600)))
        body = post.given["body"] if dice.hits(0.9) else _body(number, dice)
        return Action(number, soon, "post", {**post.given, "body": body, "of": post.number})
    if dice.hits(0.15):
        return Action(number, at, "start", {"name": f"direct-{number}", "body": _body(number, dice)})
    key = f"key-{number}" if dice.hits(0.7) else ""
    caller = ALL if dice.hits(0.75) else NO_REBOOTS
    return Action(number, at, "post", {"caller": caller, "body": _body(number, dice), "key": key, "of": number})


def _body(number: int, dice: Dice) -> Document:
    operation = dice.one_of(("create_snapshot", "reboot_instance", "reboot_instance", "modify_backup_window"))
    parameters: Document = {
        "create_snapshot": {"snapshot_id": f"snapshot-{dice.one_of((number, number, 0))}"},
        "reboot_instance": {},
        "modify_backup_window": {"backup_window": dice.one_of(_WINDOWS)},
    }[operation]
    instance = dice.one_of((*INSTANCES, *INSTANCES, *INSTANCES, NAMESAKE, "abroad", "production", "nobody"))
    where: Document = {}
    if instance == NAMESAKE and dice.hits(0.8):
        place = dice.one_of((HOME, ELSEWHERE))
        where = {"account_id": place.account_id, "region": place.region}
    return {"operation": operation, "instance_id": instance, "parameters": parameters, **where}


def _other(number: int, dice: Dice, longest: float, before: list[Action]) -> Action:
    at = dice.between(0, longest * 1.5)
    kind = dice.one_of(
        ("stop", "stop", "redrive", "redrive", "retag", "recreate", "reboot", "modify", "snapshot", "delete_snapshot")
    )
    given: Document = {"instance": dice.one_of(INSTANCES)}
    if kind in ("stop", "redrive"):
        of = dice.one_of(before)
        given = {"of": of.number, "after": dice.between(0, 20) if kind == "stop" else dice.between(20, 400)}
        at = of.at + given["after"]
    if kind == "retag":
        given["environment"] = dice.one_of(("production", "staging", "dev"))
    if kind == "modify":
        given["window"] = dice.one_of(_WINDOWS)
    if kind in ("snapshot", "delete_snapshot"):
        given["snapshot_id"] = f"snapshot-{dice.one_of(before).number}"
    return Action(number, at, kind, given)


def population() -> dict[tuple[Place, str], str]:
    """Which instances there are at the beginning, with their tag."""
    return {
        (HOME, "one"): "dev",
        (HOME, "two"): "staging",
        (HOME, "production"): "production",
        (HOME, NAMESAKE): "dev",
        (ELSEWHERE, NAMESAKE): "dev",
        (ABROAD, "abroad"): "test",
    }
