"""The local cloud's functions: an exception has its class name and ends no process, nor does an update while one runs;
invocations take turns.
"""

import io
import os
import threading
import zipfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from ministack.core import lambda_runtime
from ministack.services import lambda_svc

from local.extensions import error_names, turns, updated_functions

CODE = """
import os, time
def handler(event, context):
    if "until" in event:
        while not os.path.exists(event["until"]):
            time.sleep(0.01)
    elif event:
        raise LookupError("it is not there")
    return os.getpid()
"""


@pytest.fixture
def function(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, Any]]:
    """Run a function in this process. The extension's changes end with the test."""
    monkeypatch.setattr(lambda_runtime, "_PYTHON_WORKER_SCRIPT", lambda_runtime._PYTHON_WORKER_SCRIPT)
    monkeypatch.setattr(lambda_runtime, "kill_workers", lambda_runtime.kill_workers)
    for name in ("_execute_function_warm", "invalidate_worker", "release_worker"):
        monkeypatch.setattr(lambda_svc, name, getattr(lambda_svc, name))
    package = io.BytesIO()
    with zipfile.ZipFile(package, "w") as archive:
        archive.writestr("code_of_the_test.py", CODE)
    arn = "arn:aws:lambda:eu-west-1:111122223333:function:raises"
    config = {"FunctionName": "raises", "FunctionArn": arn, "Runtime": "python3.13", "Timeout": 30, "Role": ""}
    yield {"config": {**config, "Handler": "code_of_the_test.handler"}, "code_zip": package.getvalue()}
    lambda_runtime.invalidate_worker("raises")


def invoke(function: dict[str, Any], event: Any) -> dict[str, Any]:
    result: dict[str, Any] = lambda_svc._execute_function_warm(function, event, "request-1")
    return result


def test_an_exception_has_its_class_name_and_its_traceback_and_the_process_lives_on(function: dict[str, Any]) -> None:
    error_names.install()
    before = invoke(function, {})
    raised = invoke(function, {"raise": True})
    assert raised["error"] is True
    assert raised["body"] == {"errorType": "LookupError", "errorMessage": "it is not there"}
    assert raised["log"].endswith("LookupError: it is not there\n")
    assert invoke(function, {})["body"] == before["body"]


def test_an_update_ends_no_invocation_and_the_next_has_a_new_process(function: dict[str, Any], tmp_path: Path) -> None:
    updated_functions.install()
    before = invoke(function, {})["body"]
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(invoke, function, {"until": str(tmp_path / "end")})
        while not any(worker.in_use for workers in lambda_runtime._workers.values() for worker in workers):
            assert not running.done(), running.result()
        lambda_svc.invalidate_worker("raises")
        during = invoke(function, {})["body"]
        (tmp_path / "end").touch()
        assert running.result(30)["body"] == before
    assert during != before
    assert invoke(function, {})["body"] == during
    with pytest.raises(ProcessLookupError):
        os.kill(before, 0)


def test_turns_are_given_to_so_many_at_once_in_the_order_of_coming() -> None:
    held, order = turns.Turns(2), []
    held.enter()
    held.enter()

    def wait(number: int) -> None:
        held.enter()
        order.append(number)

    waiting = [threading.Thread(target=wait, args=(number,), daemon=True) for number in range(3)]
    for number, thread in enumerate(waiting):
        thread.start()
        while len(held._waiting) <= number:  # so that they come in order
            thread.join(0.01)
    assert order == []
    for number, thread in enumerate(waiting):
        held.leave()
        thread.join(30)
        assert order == list(range(number + 1))
    held.leave()
    held.leave()
    held.enter()
    held.enter()
    assert len(order) == 3


def test_a_function_that_breaks_gives_its_turn_back(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any) -> None:
        raise OSError("no process")

    monkeypatch.setattr(lambda_svc, "_execute_function_warm", broken)
    turns.install(1)
    for _ in range(2):
        with pytest.raises(OSError, match="no process"):
            lambda_svc._execute_function_warm({"FunctionArn": "arn:x"}, {}, "request-1")
