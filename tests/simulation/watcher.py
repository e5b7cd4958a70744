"""What must hold at every act and every write, checked at once."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from rds_operations.rules.identity import names_of, session_name
from tests.simulation import deployment
from tests.simulation.expressions import Attributes
from tests.simulation.rds_past import Act

if TYPE_CHECKING:
    from tests.simulation.cloud import Cloud
    from tests.simulation.sessions import Session
    from tests.simulation.states import Execution
    from tests.simulation.world import Signal

Document = dict[str, Any]
ENVIRONMENTS = {"dev": "development", "test": "test", "staging": "staging"}
_LONGEST_CALL_SECONDS = 60


@dataclass(frozen=True)
class Violation:
    """Describe a violation. `name` is its kind; `text` tells the case."""

    name: str
    text: str


class Watcher:
    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud
        self.violations: list[Violation] = []
        self.records: dict[tuple[str, str], list[Document]] = {}
        """By operation and event, in the order of writing."""
        self.ends_seen: set[str] = set()
        """The operations whose end in RDS an execution has seen."""
        self.ends_seen_late: set[str] = set()
        """Those whose end a late watch has seen, knowing that it is no other operation's."""
        self.claims: list[Document] = []
        """The items of the operations that had the claim, in its order, also where they gave it back."""
        self.whole_sweeps: list[float] = []
        """When each sweep began that had no failure."""

    def tell(self, who: str, what: str) -> None:
        self._cloud.story.tell(who, what)

    def passed(self, execution: Execution, output: Any) -> None:
        """Note the end in RDS, if a state has seen it."""
        if execution.kind != "ADMISSION" and isinstance(output, dict):
            progress = output.get("progress") or {}
            if progress.get("finished") and progress["status"] == "available":
                self.ends_seen.add(execution.name)
                if execution.kind == "LATE WATCH" and "unfinished" in self.item(execution.name):
                    self.ends_seen_late.add(execution.name)

    def swept(self, begun: float, answer: Signal) -> None:
        if isinstance(answer.value, dict) and not answer.value.get("failed"):
            self.whole_sweeps.append(begun)

    def found(self, name: str, text: str) -> None:
        self.violations.append(Violation(name, text))
        self._cloud.story.tell("!!!", f"{name}: {text}")

    def wrote(self, table: str, before: Attributes, after: Attributes) -> None:
        if table == "rds_audit_log":
            self._recorded(plain(after), before)
        elif table == "rds_operations" and "operation" in after:
            if ("acting_at" in after) != ("acting_at" in before):
                claim = "has the claim" if "acting_at" in after else "gave the claim back"
                if "acting_at" in after:
                    self.claims.append(plain(after))
                self._cloud.story.tell("table", f"{after['operation_id']['S']} {claim}")
            if "ended_at" in after and "ended_at" not in before:
                # The same transaction releases the lock, in a later write.
                self._cloud.world.after(0, lambda: self._released(plain(after)))

    def acted(self, seen: dict[Any, Document | None], session: Session, act: Act) -> None:
        """Check an acting call that RDS has taken. `seen` is what the function had read before it sent the call."""
        operation_id = act.by
        if sum(other.by == operation_id for other in self._cloud.rds.acts) > 1:
            self.found("acted twice", operation_id)
        item = self.item(operation_id)
        if not self.records.get((operation_id, "accepted")):
            self.found("acted without an opening record", operation_id)
        if "acting_at" not in item:
            self.found("acted without a claim", operation_id)
        if session.name != session_name(operation_id) or not session.allows(act.action, _arn(act)):
            self.found("acted outside of its session", operation_id)
        self._check_lock(act)
        self._check_look(seen.get(act.where), item, operation_id)

    def item(self, operation_id: str) -> Document:
        return plain(self._cloud.tables.items["rds_operations"].get((operation_id,), {}))

    def lock_of(self, item: Document) -> Document:
        return self.item(f"lock#{item['account_id']}#{item['region']}#{item['instance_id']}")

    def _recorded(self, record: Document, before: Attributes) -> None:
        self._cloud.story.tell("record", f"{record['event']} {record['operation_id']} {record['result'][:200]}")
        if before:
            self.found("a record was replaced", record["audit_id"])
        written = self.records.setdefault((record["operation_id"], record["event"]), [])
        written.append(record)
        if len(written) > 1:
            self.found(f"recorded twice as {record['event']}", record["operation_id"])

    def _released(self, item: Document) -> None:
        """Check the lock. After an open end it may expire by itself, once a call that may still run must be over."""
        lock, now = self.lock_of(item), self._cloud.world.now().timestamp()
        longest = now + (_LONGEST_CALL_SECONDS if "unfinished" in item else 0)
        if lock.get("owner") == item["operation_id"] and lock["expires_at"] > longest:
            self.found("a lock outlives its operation", item["operation_id"])

    def _is_held(self, lock: Document) -> bool:
        return "owner" in lock and lock["expires_at"] > self._cloud.world.now().timestamp()

    def held_locks(self) -> list[Document]:
        items = map(plain, self._cloud.tables.items["rds_operations"].values())
        return [item for item in items if item["operation_id"].startswith("lock#") and self._is_held(item)]

    def _check_lock(self, act: Act) -> None:
        place, name = act.where
        lock = self.item(f"lock#{place.account_id}#{place.region}#{name}")
        if lock.get("owner") not in (None, act.by) and self._is_held(lock):
            self.found("acted under another operation's lock", f"{act.by} while {lock['owner']} has it")
        for other in map(plain, self._cloud.tables.items["rds_operations"].values()):
            same = (other.get("account_id"), other.get("region"), other.get("instance_id"))
            running = "acting_at" in other and "ended_at" not in other and other["operation_id"] != act.by
            if running and same == (place.account_id, place.region, name):
                self.found("two operations at once on an instance", f"{act.by} beside {other['operation_id']}")

    def _check_look(self, look: Document | None, item: Document, operation_id: str) -> None:
        if not look:
            self.found("acted without a look", operation_id)
            return
        environment = ENVIRONMENTS.get(look["TagList"][0]["Value"])
        if environment is None:
            self.found("acted on what was production at the look", operation_id)
        elif not permitted(item, environment):
            self.found("acted outside of the caller's permission", operation_id)


def permitted(item: Document, environment: str) -> bool:
    names = names_of(item["user_identity"])
    grants = [grant for name, grant in deployment.PERMISSIONS.items() if name in names]
    return any(
        item["operation"] in grant.get("operations", [item["operation"]])
        and environment in grant.get("environments", [environment])
        for grant in grants
    )


def plain(attributes: Attributes) -> Document:
    item: Document = {}
    for name, attribute in attributes.items():
        ((kind, value),) = attribute.items()
        item[name] = int(value) if kind == "N" else value
    if "user_identity" in item:
        item["user_identity"] = json.loads(item["user_identity"])
    return item


def _arn(act: Act) -> str:
    place, name = act.where
    return f"arn:aws:rds:{place.region}:{place.account_id}:db:{name}"
