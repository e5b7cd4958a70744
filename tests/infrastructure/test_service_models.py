"""The service models that are shipped say the same of every call and error as botocore's whole ones."""

from __future__ import annotations

import ast
import json
from pathlib import Path
from typing import Any

import botocore.session
import pytest
from botocore import xform_name
from botocore.loaders import Loader
from botocore.model import ServiceModel, Shape

from stacks.service_models import CALLS, _names_in, check_calls, write_models
from tests.infrastructure.conftest import ROOT


@pytest.fixture(scope="module")
def shipped(tmp_path_factory: pytest.TempPathFactory) -> Loader:
    folder = tmp_path_factory.mktemp("models")
    write_models(folder)
    return Loader(extra_search_paths=[str(folder)], include_default_search_paths=False)


def model(loader: Loader, service: str) -> ServiceModel:
    return ServiceModel(loader.load_service_model(service, "service-2"), service)


def told(shape: Shape | None, seen: tuple[str, ...] = ()) -> Any:
    """Return all that decides how a value is sent or read: names, types, places, limits."""
    if shape is None or shape.name in seen:
        return shape and shape.name
    inside = (*seen, shape.name)
    found: dict[str, Any] = {"type": shape.type_name, "sent": dict(shape.serialization), **shape.metadata}
    if shape.type_name == "structure":
        members = shape.members.items()  # type: ignore[attr-defined]
        found["members"] = {name: told(member, inside) for name, member in members}
    if shape.type_name == "list":
        found["member"] = told(shape.member, inside)  # type: ignore[attr-defined]
    if shape.type_name == "map":
        found["pair"] = [told(shape.key, inside), told(shape.value, inside)]  # type: ignore[attr-defined]
    return found


@pytest.mark.parametrize("service", CALLS)
def test_every_call_and_error_is_as_in_the_whole_model(shipped: Loader, service: str) -> None:
    ours, whole = model(shipped, service), model(Loader(), service)
    assert ours.metadata == whole.metadata
    assert set(ours.operation_names) == CALLS[service]
    for name in CALLS[service]:
        one, other = ours.operation_model(name), whole.operation_model(name)
        assert one.http == other.http
        assert told(one.input_shape) == told(other.input_shape)
        assert told(one.output_shape) == told(other.output_shape)
        assert [told(error) for error in one.error_shapes] == [told(error) for error in other.error_shapes]
    assert {shape.name for shape in ours.error_shapes} <= {shape.name for shape in whole.error_shapes}


REGIONS = ["eu-west-1", "us-east-1", "ap-southeast-1", "cn-north-1", "us-gov-west-1", "eu-south-2"]


@pytest.mark.parametrize("region", REGIONS)
@pytest.mark.parametrize("service", CALLS)
def test_every_client_has_the_endpoint_of_the_whole_model(shipped: Loader, service: str, region: str) -> None:
    def endpoint(loader: Loader) -> str:
        session: Any = botocore.session.Session()
        session.register_component("data_loader", loader)
        keys = {"aws_access_key_id": "x", "aws_secret_access_key": "x"}
        return str(session.create_client(service, region_name=region, **keys).meta.endpoint_url)

    assert endpoint(shipped) == endpoint(Loader())


@pytest.mark.parametrize(("service", "call"), [("dynamodb", "query"), ("stepfunctions", "list_executions")])
def test_what_is_read_page_by_page_has_its_paginator(shipped: Loader, service: str, call: str) -> None:
    session: Any = botocore.session.Session()
    session.register_component("data_loader", shipped)
    keys = {"aws_access_key_id": "x", "aws_secret_access_key": "x"}
    client = session.create_client(service, region_name=REGIONS[0], **keys)
    assert client.can_paginate(call)


def test_the_functions_call_nothing_else() -> None:
    check_calls(ROOT / "functions")


def test_every_call_of_the_functions_is_seen_in_their_source() -> None:
    """But for a permission that RDS asks for in another call."""
    modules = [ast.parse(path.read_text()) for path in (ROOT / "functions").rglob("*.py")]
    seen = {name for module in modules for name in _names_in(module)}
    known = {xform_name(call) for calls in CALLS.values() for call in calls}
    assert known - seen == {"add_tags_to_resource"}


@pytest.mark.parametrize(
    "source", ["client.delete_db_instance(x)", "self._client.scan()", "self._client.get_paginator('scan')"]
)
def test_a_call_without_its_model_fails_the_synthesis(tmp_path: Path, source: str) -> None:
    (tmp_path / "module.py").write_text(source)
    with pytest.raises(RuntimeError, match=r"add it to CALLS in stacks/service_models\.py"):
        check_calls(tmp_path)


def test_the_models_are_a_small_part(tmp_path: Path) -> None:
    write_models(tmp_path)
    size = sum(path.stat().st_size for path in tmp_path.rglob("*.json"))
    assert size < 340_000
    assert "documentation" not in json.loads((tmp_path / "rds" / "2014-10-31" / "service-2.json").read_text())
