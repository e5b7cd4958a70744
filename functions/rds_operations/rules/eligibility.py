"""Classify: may this operation run on this instance? And can it, now?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from rds_operations.model.place import Place
from rds_operations.model.refusals import Code, Refusal, conflict, invalid_parameter
from rds_operations.model.request import OperationRequest
from rds_operations.model.resource_id import is_another_instance
from rds_operations.operations import OPERATIONS
from rds_operations.operations.instance_states import Meaning, of_meaning, remedy
from rds_operations.rules.classification import (
    NOTHING,
    PADDED,
    READ_REPLICA,
    REPLICATION_SOURCE,
    UNREADABLE,
    Environment,
    Verdict,
    classify,
    of_tags,
)
from rds_operations.settings.gate import GateSettings

if TYPE_CHECKING:
    from mypy_boto3_rds.type_defs import DBInstanceTypeDef

_WORKING = of_meaning(Meaning.OPERATIONAL)
PRODUCTION_TEXT = "Operations not allowed on production instances. Please create a CloudOps request."


def not_found(instance_id: str, place: str = "", hint: str = "") -> Refusal:
    return Refusal(404, Code.INSTANCE_NOT_FOUND, f"Instance {instance_id} not found{place}", hint=hint)


def replaced(request: OperationRequest, instance: DBInstanceTypeDef) -> Refusal | None:
    """Refuse to do to another instance of the name what was asked for the first."""
    if not is_another_instance(request.resource_id, instance):
        return None
    return Refusal(
        404,
        Code.INSTANCE_NOT_FOUND,
        f"Instance {request.instance_id} was replaced after this was accepted: another instance has its name. "
        "Send a new request.",
    )


def verdict_on(instance: DBInstanceTypeDef, settings: GateSettings) -> Verdict:
    """Return the instance's environment. Its ARN names the place: arn:aws:rds:<region>:<account>:db:<id>."""
    if "TagList" not in instance:
        return Verdict(Environment.UNKNOWN, UNREADABLE)
    place = Place.of_arn(instance["DBInstanceArn"])
    tags = {tag["Key"]: tag.get("Value", "") for tag in instance["TagList"]}
    return classify(instance["DBInstanceIdentifier"], place, tags, settings)


def gate(instance_id: str, verdict: Verdict, tag_name: str = "Environment") -> Refusal | None:
    """Refuse every environment that is not on the list of allowed ones."""
    if verdict.allowed:
        return None
    if verdict.disputed:
        return Refusal(403, Code.ENVIRONMENT_DISPUTED, _disputed_text(instance_id, verdict), verdict.source)
    if verdict.environment is Environment.PRODUCTION:
        return Refusal(403, Code.PRODUCTION_INSTANCE, PRODUCTION_TEXT, verdict.source)
    return Refusal(403, Code.ENVIRONMENT_UNKNOWN, _unknown_text(instance_id, verdict, tag_name), verdict.source)


def unsupported(request: OperationRequest, instance: DBInstanceTypeDef) -> Refusal | None:
    return OPERATIONS[request.operation].unsupported(instance, request.parameters)


def contradiction(request: OperationRequest, verdict: Verdict, settings: GateSettings) -> Refusal | None:
    """Refuse tags that name another environment than the instance's.

    A snapshot that a tag calls production would be closed to its own operation: IAM asks for its tags, too.
    """
    given = OPERATIONS[request.operation].tags(request.parameters)
    for said in of_tags(given, settings):
        if said.environment is not verdict.environment:
            return invalid_parameter(
                f"The tags contradict the instance: {said.source}, but {request.instance_id} is "
                f"{verdict.environment.value}. Leave that tag out."
            )
    return None


def is_ready(operation: str, status: str) -> bool:
    """Tell whether the operation may begin while its instance has this status."""
    return status in OPERATIONS[operation].ready_states


def not_ready(request: OperationRequest, instance: DBInstanceTypeDef) -> Refusal | None:
    operation = OPERATIONS[request.operation]
    status = instance.get("DBInstanceStatus", "unknown")
    if not is_ready(request.operation, status):
        needed = " or ".join(sorted(operation.ready_states & _WORKING))
        return conflict(
            f"Instance {request.instance_id} is {status}; {operation.name} needs it to be {needed}. {remedy(status)}",
            Code.INSTANCE_NOT_READY,
        )
    return operation.not_ready(instance, request.parameters)


def _disputed_text(instance_id: str, verdict: Verdict) -> str:
    """Name the source or the replica whose tags these are."""
    related = verdict.source.startswith((REPLICATION_SOURCE, READ_REPLICA))
    whose = f"{verdict.source.partition(',')[0]}: " if related else ""
    return (
        f"Operations not allowed on {instance_id}: {whose}{verdict.disagreement}. "
        "Correct the wrong one, or create a CloudOps request."
    )


def _unknown_text(instance_id: str, verdict: Verdict, tag_name: str) -> str:
    looked_at, advice = _advice(verdict.source, tag_name)
    return f"Operations not allowed on {instance_id}: its environment is unknown ({looked_at}). {advice}"


def _advice(source: str, tag_name: str) -> tuple[str, str]:
    """Say what was looked at, and what helps. A tag stands before every mapping, so no mapping helps beside one."""
    if source.endswith(UNREADABLE):
        return source, "Ask the service owner to let the service read them, or create a CloudOps request."
    if source.endswith(PADDED):
        return source, "Set that tag again, without the spaces."
    if not source.endswith(NOTHING):
        told = f"{source} names no environment that is known"
        return told, f"Set that tag to {_LET_IN}, or have the word taught in the settings (environment_words)."
    nothing = "no environment tag, instance mapping, account mapping or naming pattern fits it"
    others = {REPLICATION_SOURCE: "the source", READ_REPLICA: "the replica"}
    tagged = next((other for relation, other in others.items() if source.startswith(relation)), "it")
    return (
        source.removesuffix(NOTHING) + nothing,
        f"Tag {tagged} with {tag_name} set to {_LET_IN}, or have it mapped in the settings.",
    )


_LET_IN = "development, test, staging, poc or sandbox"
