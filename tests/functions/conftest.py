"""The real handlers, with RDS and DynamoDB in memory (moto). Nothing leaves the process."""

import gc
import importlib.util
import io
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import pytest
import pytest_socket
from moto import mock_aws

from rds_operations.aws import clients as aws_clients
from rds_operations.aws import telemetry
from tests.functions.calls import Calls
from tests.functions.fake_aws import ENVIRONMENT, Clients, FakeAws

STATES = (
    "validate",
    "classify",
    "admit",
    "execute",
    "poll",
    "audit",
    "sweep",
    "status",
    "lists",
    "instances",
    "inventory",
    "publish",
    "digest",
)


@pytest.fixture(scope="session")
def calls() -> Calls:
    calls = Calls()
    calls.watch(aws_clients.own_session())
    return calls


@pytest.fixture(scope="session")
def modules(calls: Calls) -> dict[str, ModuleType]:
    """Return private copies of the handler modules, imported in this environment."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in ENVIRONMENT.items():
            patch.setenv(name, value)
        modules = {state: _fresh(f"{state}.handler") for state in STATES}
    gc.freeze()  # the collector then skips botocore's and moto's models, which stay anyway
    return modules


@pytest.fixture(scope="session")
def clients() -> Clients:
    with pytest.MonkeyPatch.context() as patch:
        for name, value in ENVIRONMENT.items():
            patch.setenv(name, value)
        return Clients()


@pytest.fixture(scope="package")
def moto() -> Iterator[Any]:
    """Start moto once, because emptying it is faster; stop it before other tests use a local cloud."""
    with mock_aws() as moto:
        yield moto


@pytest.fixture
def aws(
    modules: dict[str, ModuleType], clients: Clients, calls: Calls, moto: Any, monkeypatch: pytest.MonkeyPatch
) -> Iterator[FakeAws]:
    """Return empty tables as the stack makes them, and no instance."""
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(aws_clients, "new_session", calls.watching(aws_clients.new_session))
    pytest_socket.disable_socket()
    calls.made.clear()
    calls.sessions_last = None
    moto.reset()
    aws = FakeAws(clients, modules, calls, monkeypatch)
    aws.create_all()
    aws.forget_looks()
    yield aws
    pytest_socket.enable_socket()


def _fresh(name: str) -> ModuleType:
    spec = importlib.util.find_spec(name)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch) -> io.StringIO:
    written = io.StringIO()
    handler: Any = telemetry.logger.registered_handler
    monkeypatch.setattr(handler, "stream", written)
    return written
