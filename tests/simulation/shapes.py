"""AWS's answers, as botocore's service models define them."""

from __future__ import annotations

from functools import cache
from typing import Any

import botocore.session
from botocore.model import OperationModel, ServiceModel
from botocore.validate import ParamValidator


@cache
def service(name: str) -> ServiceModel:
    return botocore.session.get_session().get_service_model(name)


def operation(name: str, action: str) -> OperationModel:
    return service(name).operation_model(action)


def assert_has_shape(name: str, action: str, answer: dict[str, Any]) -> None:
    """Check that every field is known and of its type, and that no required one is missing."""
    shape: Any = operation(name, action).output_shape
    problems = ParamValidator().validate(answer, shape)
    assert not problems.has_errors(), problems.generate_report()
    assert unknown(shape, answer) == set()


def unknown(shape: Any, value: Any) -> set[str]:
    if shape.type_name == "structure":
        found = {name for name in value if name not in shape.members}
        return found.union(*(unknown(shape.members[name], value[name]) for name in value.keys() - found))
    if shape.type_name == "list":
        return set().union(*(unknown(shape.member, one) for one in value))
    return set()
