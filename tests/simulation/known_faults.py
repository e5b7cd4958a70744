"""Faults that are put back, one at a time, to see that the histories find them.

Each is a text of the product and what stands in its place. Where the product's text has changed, the fault has to be
written anew: `functions.copy` says so.
"""

from __future__ import annotations

from tests.simulation.functions import Change

_RULES = "functions/rds_operations"
_CLIENTS = f"{_RULES}/aws/clients.py"
_OPERATION_STORE = f"{_RULES}/aws/operation_store.py"
_PROGRESS = f"{_RULES}/model/progress.py"
_RESOURCE_ID = f"{_RULES}/model/resource_id.py"
_OUTCOME = f"{_RULES}/records/outcome.py"
_DECISION = f"{_RULES}/rules/decision.py"
_ADMIT = f"{_RULES}/steps/admit.py"
_AUDIT_ADMISSION = f"{_RULES}/steps/audit_admission.py"
_AUDIT_OPERATION = f"{_RULES}/steps/audit_operation.py"
_EXECUTE = f"{_RULES}/steps/execute.py"
_POLL = f"{_RULES}/steps/poll.py"
_SWEEP = f"{_RULES}/steps/sweep.py"
_OPERATIONS = f"{_RULES}/operations"
_NEVER = '"attribute_not_exists(never)"'

KNOWN: dict[str, list[Change]] = {
    "Execute acts without the claim": [
        (_EXECUTE, "if self.store.claim(request,", "if True or self.store.claim(request,"),
    ],
    "a claim can be had twice": [
        (_OPERATION_STORE, "{OPEN} AND attribute_not_exists(acting_at) AND fing", "{OPEN} AND fing")
    ],
    "a claim of what may have acted is given back": [
        (f"{_OPERATIONS}/reboot_instance.py", "except RdsUnavailable:  # RDS may", "except KeyError:  # RDS may"),
        (
            _EXECUTE,
            "        except (AccountUnreachable, RdsRejected) as error:\n            self._give",
            "        except ServiceError as error:\n            self._give",
        ),
    ],
    "a repetition reboots again": [
        (
            f"{_OPERATIONS}/reboot_instance.py",
            'the operation times out."""\n        return Progress(self.working_status)',
            'the operation times out."""\n        return self.start(rds, request, instance)',
        ),
    ],
    "the acting client sends again": [(_CLIENTS, 'session, "rds", 1, read', 'session, "rds", 3, read')],
    "no last look": [
        (
            _EXECUTE,
            "            if decision.against:\n                self._give",
            "            if False:\n                self._give",
        )
    ],
    "no gate": [(_DECISION, "gate(request.instance_id, verdict, settings.tag_name_to_use)\n        or", "")],
    "no permission at the last look": [
        (_DECISION, "        or not_permitted(callers, request, verdict.environment)\n", ""),
    ],
    "no opening record": [(_OPERATION_STORE, "            self._put_record(opening),\n", "")],
    "an end is recorded whatever is there": [
        (_OPERATION_STORE, 'f"{OPEN} AND {claim}",', 'f"{OPEN} AND {claim} OR attribute_exists(operation_id)",'),
        (
            _AUDIT_OPERATION,
            "_outcome_on_record(stored) if stored.ended_at else self._end",
            "self._end",
        ),
    ],
    "an end does not ask for the claim that it has seen": [
        (_OPERATION_STORE, '                f"{OPEN} AND {claim}",', "                OPEN,"),
        (_OPERATION_STORE, 'values |= {":acted_at": acted_at}', "pass"),
    ],
    "the lock is not released": [
        (_OPERATION_STORE, "if owner_of(self._item(lock_id(request))) == request.operation_id:", "if False:"),
    ],
    "the lock is taken whoever has it": [
        (_OPERATION_STORE, 'free = f"{UNOWNED} OR expires_at <= :now"', f"free = {_NEVER}"),
        (
            _OPERATION_STORE,
            'return put(self._operations, lock, free, {":now": clock.to_epoch(now)})',
            "return put(self._operations, lock, free)",
        ),
        (_ADMIT, "    if holder:\n", "    if False:\n"),
    ],
    "the lock ends while the operation runs": [
        (
            _OPERATION_STORE,
            "self._keep_lock(request, now + self._deployment.longest)",
            "self._keep_lock(request, now + _TO_BE_CLAIMED / 5)",
        ),
    ],
    "a key is not kept": [
        (
            _OPERATION_STORE,
            "        if request.idempotency_key:\n            key: Item",
            "        if False:\n            key: Item",
        )
    ],
    "a key stands for what never was": [
        (_OPERATION_STORE, "if handed_over_at is not None and request.idempotency_key:", "if False:"),
    ],
    "the sweep closes nothing": [
        (
            _SWEEP,
            "self._refusals, self._overdue_operations,",
            "self._refusals,",
        ),
    ],
    "the sweep settles nothing": [
        (
            _SWEEP,
            "self._overdue_watches, self._unrecorded_ends",
            "self._unrecorded_ends",
        ),
    ],
    "the sweep removes a message before it is recorded": [
        (
            _SWEEP,
            "            audit_admission(self",
            "            self.refusal_queue.remove(message)\n            audit_admission(self",
        ),
    ],
    "the sweep leaves what it has recorded in the queue": [
        (_SWEEP, "            self.refusal_queue.remove(message)\n            self._count", "            self._count"),
    ],
    "nobody follows an open end": [
        (_OUTCOME, "TIMED_OUT, unsettled=True)", "TIMED_OUT, unsettled=False)"),
    ],
    "a fault after acting is an end": [(_OUTCOME, "FAILED, unsettled=acted)", "FAILED, unsettled=False)")],
    "what is gone at one look is gone": [(_PROGRESS, "if missing > 1", "if missing > 0")],
    "a second call that is refused is a failure": [
        (
            f"{_OPERATIONS}/create_snapshot.py",
            "        except RdsRejected:\n            return self._seen",
            "        except RdsRejected as no:\n"
            "            return failed(str(no), EndCode.SNAPSHOT_EXISTS)\n            return self._seen",
        ),
    ],
    "an instance that shows as available was rebooted": [
        (f"{_OPERATIONS}/reboot_instance.py", "return working  # a stale", "return done(self.end_status)  # a stale"),
    ],
    "a window is not read back": [
        (f"{_OPERATIONS}/modify_backup_window.py", 'if shown != request.parameters["backup_window"]:', "if False:"),
    ],
    "a Retry without its limit": [("statemachine/operation.asl.json", '"MaxAttempts": 6,', '"MaxAttempts": 1000,')],
    "Poll without its Catch": [
        (
            "statemachine/operation.asl.json",
            "{% $merge([$states.input, {'polls': $states.input.polls + 1}]) %}\",\n          \"Next",
            '{% $states.nothing %}",\n          "Next',
        ),
    ],
    "ADMISSION keeps nothing that was not recorded": [
        ("statemachine/admission.asl.json", '"Next": "Keep"', '"Next": "Reply"')
    ],
    "what has ended was not accepted, though it acted": [
        (
            _AUDIT_ADMISSION,
            "closed or current.ended_without_acting",
            "closed or current.ended_at",
        ),
    ],
    "a request is handed to a repetition without a mark": [
        (
            _ADMIT,
            "return answer if store.hand_over(before.request, now) else None",
            "return answer",
        ),
    ],
    "an item counts though its key was freed": [
        (
            _ADMIT,
            "    return not stored.ended_without_acting or store.owner",
            "    return True or store.owner",
        ),
    ],
    "the late watch does not ask who was last": [
        (
            _POLL,
            "return OPERATIONS[request.operation].signs or store.was_last(request)",
            "return True",
        ),
    ],
    "an instance made anew passes for the old one": [
        (
            _RESOURCE_ID,
            "return bool(resource_id and shown and shown != resource_id)",
            "return False",
        ),
    ],
    "the polls look for the instance that Classify saw": [
        (_EXECUTE, "request = replace(request, resource_id=self.resource_id)", "pass"),
    ],
    "the sweep does not read what the late watch saw": [
        (
            _SWEEP,
            "progress = seen_by_watch(stored, watch) or self._poll(stored)",
            "progress = self._poll(stored)",
        ),
    ],
    "a refused id can be opened": [(_OPERATION_STORE, "        if not for_good:", "        if True:")],
    "a finished progress is handed to the late watch": [
        (
            _AUDIT_OPERATION,
            "seen if seen and not seen.finished else",
            "seen if seen else",
        ),
    ],
    "nobody asks for direct starts that no event told of": [
        (_SWEEP, "self._overdue_watches, self._unrecorded_ends", "self._overdue_watches"),
    ],
    "what a redriven execution saw is not recorded": [
        (
            _AUDIT_OPERATION,
            "if final := record_seen_end(self.store, stored, work, now, by):",
            "if final := None:",
        ),
    ],
    "Execute's own look counts among those without our tag": [
        (
            f"{_OPERATIONS}/create_snapshot.py",
            "replace(_read(request, snapshot, unseen), missing=0)",
            "_read(request, snapshot, unseen)",
        ),
    ],
    "the lock does not outlive the call": [
        (_OPERATION_STORE, "self._keep_lock(request, now + CALL_OVER) if outcome.unsettled else released", "released"),
    ],
}
