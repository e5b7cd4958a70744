"""RDS and DynamoDB in memory (moto), and the real handlers in front of them. Nothing leaves the process."""

import importlib.util
from collections.abc import Iterator
from types import ModuleType

import boto3
import pytest
import pytest_socket
from moto import mock_aws

from tests.functions.cloud import ENVIRONMENT, Clients, Cloud

STATES = ("validate", "classify", "admit", "execute", "poll", "audit", "sweep", "status")


@pytest.fixture(scope="session")
def modules() -> dict[str, ModuleType]:
    """The handler modules, as private copies: their clients and settings come from this environment at import."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in ENVIRONMENT.items():
            patch.setenv(name, value)
        return {state: _fresh(f"{state}.handler") for state in STATES}


@pytest.fixture(scope="session")
def clients() -> Clients:
    with pytest.MonkeyPatch.context() as patch:
        for name, value in ENVIRONMENT.items():
            patch.setenv(name, value)
        return Clients(
            boto3.client("rds"), boto3.client("dynamodb"), boto3.client("stepfunctions"), boto3.client("sqs")
        )


@pytest.fixture
def cloud(modules: dict[str, ModuleType], clients: Clients, monkeypatch: pytest.MonkeyPatch) -> Iterator[Cloud]:
    """Empty tables, as the stack makes them, and no instance."""
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    pytest_socket.disable_socket()
    cloud = Cloud(clients, modules)
    calls = modules["execute"].rds.client.meta.events
    calls.register("provide-client-params.rds", cloud.note_action)
    with mock_aws():
        cloud.create_all()
        yield cloud
    calls.unregister("provide-client-params.rds", cloud.note_action)
    pytest_socket.enable_socket()


def _fresh(name: str) -> ModuleType:
    spec = importlib.util.find_spec(name)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
