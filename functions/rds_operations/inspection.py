"""A live look at an instance, and at what it replicates: a replica of production is production."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from rds_operations.access import Access
from rds_operations.admissibility import verdict_on
from rds_operations.classification import REPLICATION_SOURCE, UNREADABLE, Environment, Verdict
from rds_operations.faults import AccountRefused, RdsRefused, RdsThrottled
from rds_operations.gate_settings import GateSettings
from rds_operations.place import Place

if TYPE_CHECKING:
    from mypy_boto3_rds.type_defs import DBInstanceTypeDef

_MOST_SOURCES = 5
"""More than RDS chains: a replica of a replica of a replica.
https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_ReadRepl.html
"""


@dataclass(frozen=True)
class Inspection:
    """The instance as DescribeDBInstances shows it, and its environment with all that it replicates."""

    instance: DBInstanceTypeDef
    verdict: Verdict


def inspect(access: Access, place: Place, instance_id: str, settings: GateSettings) -> Inspection | None:
    """None where there is no such instance. Raises what reading RDS raises."""
    instance = access.reading(place).instance(instance_id)
    return Inspection(instance, verdict_with_sources(access, instance, settings)) if instance else None


def verdict_with_sources(access: Access, instance: DBInstanceTypeDef, settings: GateSettings) -> Verdict:
    """The instance's own verdict, unless one of the sources it replicates from is not allowed."""
    own = verdict_on(instance, settings)
    if not own.allowed:
        return own
    verdicts = _verdicts_of_sources(access, instance, settings)
    return next((verdict for verdict in verdicts if not verdict.allowed), own)


def _verdicts_of_sources(access: Access, instance: DBInstanceTypeDef, settings: GateSettings) -> Iterator[Verdict]:
    """From the nearest source to the farthest. One that cannot be read is unknown, so refused."""
    for _source in range(_MOST_SOURCES):
        name = _source_of(instance)
        if not name:
            return
        found = _read(access, instance, name)
        if not found:
            yield _unreadable(name)
            return
        verdict = verdict_on(found, settings)
        yield replace(verdict, source=f"{REPLICATION_SOURCE} {name}, {verdict.source}")
        instance = found
    if name := _source_of(instance):
        yield _unreadable(name)


def _source_of(instance: DBInstanceTypeDef) -> str:
    """A name within the Region, an ARN where it is in another one; of a cluster, which is not read here, its name."""
    return (
        instance.get("ReadReplicaSourceDBClusterIdentifier")
        or instance.get("ReadReplicaSourceDBInstanceIdentifier")
        or ""
    )


def _read(access: Access, instance: DBInstanceTypeDef, source: str) -> DBInstanceTypeDef | None:
    if source == instance.get("ReadReplicaSourceDBClusterIdentifier"):
        return None
    arn = source if source.startswith("arn:") else instance["DBInstanceArn"]
    try:
        return access.reading(Place.of_arn(arn)).instance(source.rpartition(":")[2])
    except RdsThrottled:
        raise
    except (AccountRefused, RdsRefused):
        return None


def _unreadable(source: str) -> Verdict:
    return Verdict(Environment.UNKNOWN, f"{REPLICATION_SOURCE} {source}, {UNREADABLE}")
