"""The base of every operation, and what it is made from."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar, ParamSpec, Protocol, TypeVar

from rds_operations.model.progress import Progress
from rds_operations.model.refusals import Refusal, invalid_parameter, not_supported
from rds_operations.model.request import OperationRequest

if TYPE_CHECKING:
    from mypy_boto3_rds import RDSClient
    from mypy_boto3_rds.literals import SourceTypeType
    from mypy_boto3_rds.type_defs import DBInstanceTypeDef


P = ParamSpec("P")
R = TypeVar("R")
Parameters = Mapping[str, Any]
ANY_RESOURCE = "*"
INSTANCE = "db"
SNAPSHOT = "snapshot"
SNAPSHOT_TENANTS = "snapshot-tenant-database"


@dataclass(frozen=True)
class Parameter:
    """`parse` takes the JSON value and returns the normalised one, or the refusal that names what is wrong."""

    name: str
    parse: Callable[[Any], Any | Refusal]
    summary: str
    required: bool = False
    default: Any = None


@dataclass(frozen=True)
class Permission:
    """An IAM action and the RDS resource types it needs (`db`, `snapshot`), or `*` where it takes none.

    https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonrds.html
    """

    action: str
    resources: tuple[str, ...] = (ANY_RESOURCE,)


class Rds(Protocol):
    """RDS in one account and Region, as `aws.rds` reaches it, with what each method raises."""

    @property
    def client(self) -> RDSClient:
        """Name the method for `call`; it is never called directly."""

    def call(self, method: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R: ...

    def instance(self, instance_id: str, resource_id: str = "") -> DBInstanceTypeDef | None: ...

    def messages(self, name: str, since: datetime, source_type: SourceTypeType = ...) -> list[str]: ...


class Operation(ABC):
    """One operation: its parameters, its IAM actions, how it starts, how a poll reads it, its result document."""

    name: ClassVar[str]
    summary: ClassVar[str]
    parameters: ClassVar[tuple[Parameter, ...]]
    working_status: ClassVar[str]
    """The specification's status word while it runs."""
    end_status: ClassVar[str] = "available"
    """The status word of its success."""
    ready_states: ClassVar[frozenset[str]]
    """The DBInstanceStatus values in which RDS accepts it."""
    execute_permissions: ClassVar[tuple[Permission, ...]]
    """What Execute needs."""
    poll_permissions: ClassVar[tuple[Permission, ...]]
    """What Poll needs; none where the operation ends in Execute."""
    dry_run_permissions: ClassVar[tuple[Permission, ...]] = ()
    """What Classify needs for `warnings`. They are among `poll_permissions`, which the reading roles have."""
    signs: ClassVar[bool] = False
    """True where its result carries the operation's id, so that no other can be mistaken for it."""

    def least_parameters(self, instance: DBInstanceTypeDef) -> Parameters:
        """Return the parameters that ask for least of this instance: where they are refused, all others are, too."""
        return {parameter.name: parameter.default for parameter in self.parameters}

    def unsupported(self, instance: DBInstanceTypeDef, parameters: Parameters) -> Refusal | None:
        """Say why this request can never work on this instance."""
        return None

    def not_ready(self, instance: DBInstanceTypeDef, parameters: Parameters) -> Refusal | None:
        """Say what is in the way now and may be gone later."""
        return None

    def warnings(self, rds: Rds, request: OperationRequest) -> list[str]:
        """Say, in sentences, what RDS would refuse though nothing is against the instance. Asked in a dry run only."""
        return []

    @abstractmethod
    def start(self, rds: Rds, request: OperationRequest, instance: DBInstanceTypeDef) -> Progress:
        """Act, once, on the `instance` as it was last read.

        Raises `RdsRejected`, `RdsThrottled` (no effect) or `RdsUnavailable` (effect unknown).
        """

    @abstractmethod
    def resume(self, rds: Rds, request: OperationRequest, since: datetime, instance: DBInstanceTypeDef) -> Progress:
        """Go on after an attempt to start at `since` whose end is unknown, without acting twice.

        Only what RDS shows may end it: that a second call is refused says nothing about the first.
        Raises a `ServiceError` where it cannot find out.
        """

    def poll(self, rds: Rds, request: OperationRequest, since: datetime, previous: Progress) -> Progress:
        """Read what RDS shows now. Operations that end in Execute are never polled."""
        return previous

    def resources(self, request: OperationRequest) -> dict[str, str]:
        """Name the RDS resources that it touches, by their type."""
        return {INSTANCE: request.instance_id}

    def tags(self, parameters: Parameters) -> dict[str, str]:
        """Return the caller's tags for what the operation makes."""
        return {}

    @abstractmethod
    def document(self, request: OperationRequest, progress: Progress) -> dict[str, Any]:
        """Make the operation's own keys of the specification's result document."""


def flag(name: str) -> Callable[[Any], bool | Refusal]:
    """Make a parser of a JSON boolean; a string is never taken for one."""

    def parse(value: Any) -> bool | Refusal:
        return value if isinstance(value, bool) else invalid_parameter(f"{name} must be true or false")

    return parse


def cluster_member(instance: DBInstanceTypeDef, instead: str) -> Refusal | None:
    """Refuse a member of a cluster. Those of Aurora, DocumentDB, Neptune and Multi-AZ DB clusters appear in
    DescribeDBInstances, but are operated through their cluster.
    https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_DescribeDBInstances.html
    """
    cluster = instance.get("DBClusterIdentifier")
    if not cluster:
        return None
    return not_supported(
        f"Instance {instance['DBInstanceIdentifier']} is a member of the cluster {cluster} "
        f"({instance.get('Engine', 'unknown engine')}). {instead}"
    )
