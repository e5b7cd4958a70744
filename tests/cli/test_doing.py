"""Acting: the service's word first, a name that is made, a key that repeats safely."""

from datetime import UTC, datetime

import pytest

from rds_ops.failures import ExitCode
from rds_ops.transport import Answer, Request, send
from tests.cli.answers import ACCEPTED, ALLOWED, DONE, ID, service
from tests.cli.conftest import Run
from tests.cli.stub import LOST, Asked, Stub, Told


def keys(stub: Stub) -> list[str]:
    return [asked.headers["Idempotency-Key"] for asked in stub.asked if "Idempotency-Key" in asked.headers]


NO = Told(403, {"error": "No.", "code": "production_instance"})
MEANT = [["reboot", "prod-1", "--yes"], ["snapshot", "prod-1"], ["backup-window", "prod-1", "03:00-04:00"]]


@pytest.mark.parametrize("status", [400, 403, 404, 409])
@pytest.mark.parametrize("command", MEANT, ids=lambda command: command[0])
def test_a_refused_command_is_on_record_as_an_attempt(
    rds_ops: Run, stub: Stub, command: list[str], status: int
) -> None:
    """A dry run alone would be recorded as a question."""
    no = Told(status, {"error": "No.", "code": "production_instance"})
    stub.script = service(dry_run=no, post=no)
    assert rds_ops(*command).code not in (ExitCode.DONE, ExitCode.BUSY)
    assert [asked.body.get("dry_run", False) for asked in stub.asked] == [True, False]


@pytest.mark.parametrize("command", MEANT, ids=lambda command: command[0])
def test_a_refused_question_stays_one(rds_ops: Run, stub: Stub, command: list[str]) -> None:
    stub.script = service(dry_run=NO, post=NO)
    assert rds_ops(*command, "--dry-run").code == ExitCode.REFUSED
    assert [asked.body.get("dry_run", False) for asked in stub.asked] == [True]


@pytest.mark.parametrize("status", [401, 429, 503])
def test_what_nobody_records_is_not_sent_again(rds_ops: Run, stub: Stub, status: int) -> None:
    stub.script = service(dry_run=Told(status, {"error": "Not now."}, {"Retry-After": "0"}))
    assert rds_ops("snapshot", "dev-1").code in (ExitCode.NO_ACCESS, ExitCode.BUSY)
    assert {asked.body.get("dry_run") for asked in stub.asked} == {True}


def test_an_attempt_that_is_accepted_after_all_is_sent_as_the_same_one(rds_ops: Run, stub: Stub) -> None:
    stub.script = service(dry_run=NO)
    assert rds_ops("snapshot", "dev-1").code == 0
    assert len(keys(stub)) == 2
    assert len(set(keys(stub))) == 1


def test_dry_run_alone_starts_nothing(rds_ops: Run, stub: Stub) -> None:
    stub.script = service()
    done = rds_ops("reboot", "dev-1", "--dry-run", "--output", "json")
    assert (done.code, done.document) == (0, ALLOWED)
    assert [asked.body.get("dry_run") for asked in stub.asked] == [True]
    assert "Nothing was done" in done.err


def test_a_snapshot_gets_the_name_of_the_specification(rds_ops: Run, stub: Stub) -> None:
    stub.script = service()
    before = datetime.now(UTC)
    assert rds_ops("snapshot", "dev-1", "--purpose", "upgrade").code == 0
    days = {f"{moment:%Y-%m-%d}" for moment in (before, datetime.now(UTC))}
    assert stub.asked[-1].body["parameters"]["snapshot_id"] in {f"dev-1-upgrade-{day}" for day in days}


def test_a_name_that_is_taken_gets_the_time_too(rds_ops: Run, stub: Stub) -> None:
    names: list[str] = []

    def script(asked: Asked) -> Told:
        names.append(asked.body["parameters"]["snapshot_id"])
        warnings = [f"Snapshot {names[0]} already exists. Choose another snapshot_id."] if len(names) == 1 else []
        return Told(200, {**ALLOWED, "warnings": warnings}) if asked.body.get("dry_run") else Told(202, ACCEPTED)

    stub.script = script
    done = rds_ops("snapshot", "dev-1")
    assert done.code == 0
    name = stub.asked[-1].body["parameters"]["snapshot_id"]
    assert datetime.strptime(name, "dev-1-manual-%Y-%m-%d-%H%M%S")
    assert f"The snapshot's name: {name}" in done.err
    assert "Warning" not in done.err


def test_a_given_name_is_kept_and_its_warning_told(rds_ops: Run, stub: Stub) -> None:
    stub.script = service(dry_run=Told(200, {**ALLOWED, "warnings": ["Snapshot mine already exists."]}))
    assert "Warning: Snapshot mine already exists." in rds_ops("snapshot", "dev-1", "--snapshot-id", "mine").err
    assert stub.asked[-1].body["parameters"]["snapshot_id"] == "mine"


@pytest.mark.parametrize("trouble", [LOST, 429, 500, 502, 503, 504])
def test_a_lost_answer_is_asked_for_again_with_the_same_key(rds_ops: Run, stub: Stub, trouble: int) -> None:
    failed = Told(trouble, {"error": "Busy"}, {"Retry-After": "0"})
    stub.tell(Told(200, ALLOWED), failed, failed, Told(202, {**ACCEPTED, "repeated": True}))
    done = rds_ops("snapshot", "dev-1")
    assert done.code == 0
    assert len(keys(stub)) == 3
    assert len(set(keys(stub))) == 1
    shown, asked = done.err.index(f"Idempotency-Key: {keys(stub)[0]}"), done.err.index("Asking again")
    assert shown < asked
    assert "nothing new was begun" in done.err
    assert f"Watch it: rds-ops watch {ID}" in done.err


@pytest.mark.parametrize(
    ("trouble", "code"),
    [(LOST, ExitCode.NO_ACCESS), (503, ExitCode.BUSY), (504, ExitCode.FAILED), (500, ExitCode.FAILED)],
)
def test_when_no_answer_comes_the_key_is_told(rds_ops: Run, stub: Stub, trouble: int, code: ExitCode) -> None:
    stub.tell(Told(200, ALLOWED), Told(trouble, {"error": "Busy"}, {"Retry-After": "0"}))
    done = rds_ops("snapshot", "dev-1")
    assert done.code == code
    name = stub.asked[-1].body["parameters"]["snapshot_id"]
    assert f"--snapshot-id {name} --idempotency-key {keys(stub)[0]}:" in done.err.splitlines()[-1]


def test_a_given_key_is_sent(rds_ops: Run, stub: Stub) -> None:
    stub.script = service()
    assert rds_ops("snapshot", "dev-1", "--idempotency-key", "mine").code == 0
    assert keys(stub) == ["mine", "mine"]


def test_a_refusal_is_not_repeated(rds_ops: Run, stub: Stub) -> None:
    stub.tell(Told(200, ALLOWED), Told(409, {"error": "Another runs.", "code": "operation_in_progress"}))
    assert rds_ops("snapshot", "dev-1").code == ExitCode.IN_THE_WAY
    assert len(stub.asked) == 2


def test_where_nobody_can_be_asked_a_reboot_needs_yes(rds_ops: Run, stub: Stub) -> None:
    done = rds_ops("reboot", "dev-1")
    assert (done.code, stub.asked) == (ExitCode.USAGE, [])
    assert "--yes" in done.err


@pytest.mark.parametrize("path", ["/v1/instances/dev-1", f"/v1/operations/{ID}"])
def test_an_interrupt_after_acceptance_never_says_that_nothing_was_begun(
    rds_ops: Run, stub: Stub, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    def interrupted(request: Request, timeout: float) -> Answer:
        if request.url.endswith(path):
            raise KeyboardInterrupt
        return send(request, timeout)

    stub.script = service()
    monkeypatch.setattr("rds_ops.service.send", interrupted)
    done = rds_ops("snapshot", "dev-1", "--wait")
    assert done.code == ExitCode.INTERRUPTED
    assert done.err.endswith(f"Stopped waiting; the operation goes on.\nLook again: rds-ops watch {ID}\n")


def test_an_interrupt_while_it_is_sent_tells_the_key(rds_ops: Run, stub: Stub, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(request: Request, timeout: float) -> Answer:
        if "Idempotency-Key" in request.headers:
            raise KeyboardInterrupt
        return send(request, timeout)

    stub.script = service()
    monkeypatch.setattr("rds_ops.service.send", interrupted)
    done = rds_ops("snapshot", "dev-1")
    assert done.code == ExitCode.INTERRUPTED
    assert "Stopped; the operation may have begun." in done.err
    assert "--idempotency-key rds-ops-" in done.err


def test_waiting_tells_each_change_once(rds_ops: Run, stub: Stub) -> None:
    creating = {**DONE, "finished": False, "status": "creating", "percent": 40, "polls": 2}
    now = {"Retry-After": "0"}
    last = [Told(200, {}), *(Told(200, creating, now) for _ in range(3)), Told(200, DONE)]
    stub.tell(Told(200, ALLOWED), Told(202, ACCEPTED), *last)
    done = rds_ops("snapshot", "dev-1", "--wait")
    assert done.code == 0
    assert done.err.count("creating, 40 %, poll 2 of 10, 8 left") == 1
