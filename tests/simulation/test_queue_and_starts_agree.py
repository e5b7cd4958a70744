"""Compares the simulated SQS and Step Functions API with moto's: each call is made on both.

Where moto differs from AWS's documentation, only the model is tested. Both use one clock.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import boto3
import moto.sqs.models
import moto.stepfunctions.models
import pytest
from botocore.exceptions import ClientError
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from moto import mock_aws

from tests.simulation.awserror import AwsError
from tests.simulation.deployment import DEAD_LETTERS, LATE_WATCH, OPERATION, QUEUE, REGION
from tests.simulation.dice import Dice, Thrown
from tests.simulation.queues import HIDDEN_SECONDS, Queues
from tests.simulation.shapes import assert_has_shape
from tests.simulation.states import States
from tests.simulation.world import Process, Signal, World

Document = dict[str, Any]
Answer = Document | str
LUCKY = Thrown(0.5)
"""Nothing is behind, and nothing comes twice."""
MACHINES = (OPERATION, LATE_WATCH)
WAITS = (1, HIDDEN_SECONDS - 0.5, HIDDEN_SECONDS + 1)
"""No sum of them is the exact moment when a message reappears, which moto and the model round differently."""
# No shrinking: a failed example says which call it was.
some = settings(
    max_examples=15,
    deadline=None,
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


class Both:
    """Hold the empty models and moto, with one clock. A refusal's answer is its code."""

    def __init__(self, clients: Document | None = None) -> None:
        self.world = World()
        self.queues = Queues(self.world)
        definitions: Document = {name: {"StartAt": "Any", "TimeoutSeconds": 10**6} for name in MACHINES}
        self.states = States(self.world, definitions, _never_ends, _untold, _untold)
        self._clients = clients or {}

    def create(self) -> None:
        for queue in (QUEUE, DEAD_LETTERS):
            attributes = {"VisibilityTimeout": str(HIDDEN_SECONDS)}
            self.on_moto("sqs", "CreateQueue", QueueName=queue.rpartition("/")[2], Attributes=attributes)
        for machine in MACHINES:
            definition = '{"StartAt": "Any", "States": {"Any": {"Type": "Succeed"}}}'
            role = "arn:aws:iam::123456789012:role/any"
            name = machine.rpartition(":")[2]
            self.on_moto("stepfunctions", "CreateStateMachine", name=name, definition=definition, roleArn=role)

    def on_moto(self, service: str, action: str, **call: Any) -> Answer:
        try:
            answer: Document = self._clients[service]._make_api_call(action, call)
        except ClientError as error:
            return str(error.response["Error"]["Code"])
        return answer

    def on_model(self, service: str, action: str, **call: Any) -> Answer:
        model = self.queues if service == "sqs" else self.states
        try:
            answer = model.call(action, call, LUCKY)
        except AwsError as error:
            return error.code
        if answer:
            assert_has_shape(service, action, answer)
        return answer


def _never_ends(*_execution: object) -> Process:
    yield Signal()


def _untold(*_what: object) -> None:
    return None


@pytest.fixture
def both(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], Both]]:
    with mock_aws() as mocked:
        session = boto3.Session(region_name=REGION)
        clients = {"sqs": session.client("sqs"), "stepfunctions": session.client("stepfunctions")}

        def empty() -> Both:
            mocked.reset()
            found = Both(clients)
            monkeypatch.setattr(moto.sqs.models, "unix_time", lambda: found.world.now().timestamp())
            monkeypatch.setattr(moto.sqs.models, "unix_time_millis", lambda: 1000 * found.world.now().timestamp())
            monkeypatch.setattr(moto.stepfunctions.models, "utcnow", found.world.now)
            found.create()
            return found

        yield empty


# SQS.


class TwoQueues:
    """Match messages of both by their bodies, which are unique."""

    def __init__(self, both: Both) -> None:
        self._both = both
        self._receipts: dict[str, tuple[str, str]] = {}
        self._sent = 0

    def send(self, url: str) -> None:
        self._sent += 1
        for call in (self._both.on_moto, self._both.on_model):
            assert "MessageId" in call("sqs", "SendMessage", QueueUrl=url, MessageBody=f"body {self._sent}")

    def receive(self, url: str, **more: Any) -> list[str]:
        one, other = (
            call("sqs", "ReceiveMessage", QueueUrl=url, **more) for call in (self._both.on_moto, self._both.on_model)
        )
        assert isinstance(one, dict)
        assert isinstance(other, dict)
        assert ("Messages" in one) is ("Messages" in other)
        pairs = list(zip(one.get("Messages", []), other.get("Messages", []), strict=True))
        for message, modelled in pairs:
            assert message["Body"] == modelled["Body"]
            self._receipts[message["Body"]] = (message["ReceiptHandle"], modelled["ReceiptHandle"])
        return [message["Body"] for message, _ in pairs]

    def delete(self, url: str, body: str) -> None:
        for call, receipt in zip((self._both.on_moto, self._both.on_model), self._receipts[body], strict=True):
            assert not isinstance(call("sqs", "DeleteMessage", QueueUrl=url, ReceiptHandle=receipt), str)

    @property
    def received(self) -> list[str]:
        return list(self._receipts)


queue_steps = st.one_of(
    st.just(("send", 0)),
    st.tuples(st.just("receive"), st.sampled_from([0, 1, 2, 10])),
    st.tuples(st.just("delete"), st.integers(0, 5)),
    st.tuples(st.just("wait"), st.sampled_from(WAITS)),
)


@some
@given(steps=st.lists(queue_steps, min_size=5, max_size=25))
def test_messages_are_sent_received_hidden_and_deleted_the_same(
    both: Callable[[], Both], steps: list[tuple[str, Any]]
) -> None:
    here = both()
    queues = TwoQueues(here)
    queues.send(DEAD_LETTERS)
    for step, number in [("send", 0), ("send", 0), *steps, ("wait", WAITS[-1]), ("receive", 10)]:
        if step == "send":
            queues.send(QUEUE)
        elif step == "receive":
            queues.receive(QUEUE, **({"MaxNumberOfMessages": number} if number else {}))
        elif step == "delete" and queues.received:
            queues.delete(QUEUE, queues.received[number % len(queues.received)])
        elif step == "wait":
            here.world.seconds += number
    assert queues.receive(DEAD_LETTERS) == ["body 1"]


def test_an_earlier_receipt_deletes_nothing() -> None:
    """In moto, any receipt that a message ever had deletes it, and an unknown one is an error.

    https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_DeleteMessage.html
    """
    here = Both()
    here.on_model("sqs", "SendMessage", QueueUrl=QUEUE, MessageBody="body")
    receipts = []
    for _delivery in range(2):
        answer: Any = here.on_model("sqs", "ReceiveMessage", QueueUrl=QUEUE)
        receipts.append(answer["Messages"][0]["ReceiptHandle"])
        here.world.seconds += WAITS[-1]
    assert len(set(receipts)) == 2
    here.on_model("sqs", "DeleteMessage", QueueUrl=QUEUE, ReceiptHandle=receipts[0])
    assert len(here.queues.waiting(QUEUE)) == 1
    here.on_model("sqs", "DeleteMessage", QueueUrl=QUEUE, ReceiptHandle=receipts[1])
    assert here.queues.waiting(QUEUE) == []


def test_a_message_may_come_late_and_out_of_order() -> None:
    world = World()
    queues = Queues(world)
    queues.call("SendMessage", {"QueueUrl": QUEUE, "MessageBody": "late"}, Thrown(0.09))
    queues.call("SendMessage", {"QueueUrl": QUEUE, "MessageBody": "in time"}, LUCKY)
    late, in_time = queues.waiting(QUEUE)
    assert late.visible_at > in_time.visible_at
    requests = set()
    for _time in range(20):
        world.seconds += WAITS[-1]
        call = {"QueueUrl": QUEUE, "MaxNumberOfMessages": 10}
        answer = queues.call("ReceiveMessage", call, Dice(0, f"{world.seconds}"))
        requests.add(tuple(message["Body"] for message in answer.get("Messages", [])))
    assert {("late", "in time"), ("in time", "late")} <= requests


# Step Functions.

TEXTS = ('{"a": 1, "b": 2}', '{"b": 2, "a": 1}', '{"a":1,"b":2}', "{}")
STATUSES = ("RUNNING", "ABORTED", "FAILED")
start_steps = st.one_of(
    st.tuples(st.just("start"), st.sampled_from("xyz"), st.sampled_from(TEXTS[:2])),
    st.tuples(st.just("stop"), st.sampled_from("xyz"), st.just("")),
    st.tuples(st.just("wait"), st.just(""), st.just("")),
)


class TwoMachines:
    def __init__(self, both: Both) -> None:
        self._both = both

    def start(self, machine: str, name: str, text: str) -> Answer:
        return self._same("StartExecution", stateMachineArn=machine, name=name, input=text)

    def stop(self, machine: str, name: str) -> None:
        """Stop by hand; people know that it runs."""
        known = self._both.states.find(machine, name)
        if known and known.status == "RUNNING":
            self._both.states.stop(known)
            self._both.on_moto("stepfunctions", "StopExecution", executionArn=known.arn)

    def describe(self, machine: str, name: str) -> Answer:
        arn = f"{machine.replace(':stateMachine:', ':execution:')}:{name}"
        return self._same("DescribeExecution", executionArn=arn)

    def listed(self, machine: str, status: str) -> Answer:
        return self._same("ListExecutions", stateMachineArn=machine, statusFilter=status)

    def _same(self, action: str, **call: Any) -> Answer:
        one = _essence(self._both.on_moto("stepfunctions", action, **call))
        other = _essence(self._both.on_model("stepfunctions", action, **call))
        assert one == other, (action, call)
        return other


def _essence(answer: Answer) -> Answer:
    """Return what moto shows too: it has no error or cause of a stopped execution."""
    if isinstance(answer, str):
        return answer
    if "executions" in answer:
        return {"executions": [_essence(one) for one in answer["executions"]]}
    names = ("executionArn", "stateMachineArn", "name", "status", "startDate", "stopDate", "input")
    return {name: answer[name] for name in names if name in answer}


@some
@given(steps=st.lists(start_steps, min_size=3, max_size=20))
def test_executions_are_started_stopped_and_shown_the_same(
    both: Callable[[], Both], steps: list[tuple[str, str, str]]
) -> None:
    here = both()
    machines = TwoMachines(here)
    for step, name, text in steps:
        if step == "start":
            machines.start(OPERATION, name, text)
        elif step == "stop":
            machines.stop(OPERATION, name)
        here.world.seconds += 1  # executions that began at one moment have no order
    for machine in MACHINES:
        for name in "xyz":
            machines.describe(machine, name)
        for status in STATUSES:
            machines.listed(machine, status)


def test_a_name_is_taken_once_by_the_text_of_its_input(both: Callable[[], Both]) -> None:
    """A repeated start after the end is refused, too.

    https://docs.aws.amazon.com/step-functions/latest/apireference/API_StartExecution.html
    """
    here = both()
    machines = TwoMachines(here)
    first = machines.start(OPERATION, "x", TEXTS[0])
    here.world.seconds += 5
    assert machines.start(OPERATION, "x", TEXTS[0]) == first
    for text in TEXTS[1:]:
        assert machines.start(OPERATION, "x", text) == "ExecutionAlreadyExists"
    assert machines.start(LATE_WATCH, "x", TEXTS[1]) != first
    machines.stop(OPERATION, "x")
    assert machines.start(OPERATION, "x", TEXTS[0]) == "ExecutionAlreadyExists"
    assert machines.describe(OPERATION, "y") == "ExecutionDoesNotExist"
