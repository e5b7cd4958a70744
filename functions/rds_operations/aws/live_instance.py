"""Reads an instance live, with what it replicates and is replicated by.

An instance that replicates from production, or to it, gets that verdict, and the gate refuses it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import chain
from typing import TYPE_CHECKING, Protocol

from rds_operations.model.errors import AccountUnreachable, RdsRejected, Retryable
from rds_operations.model.place import Place
from rds_operations.rules.classification import READ_REPLICA, REPLICATION_SOURCE, UNREADABLE, Environment, Verdict
from rds_operations.rules.decision import LiveInstance
from rds_operations.rules.eligibility import verdict_on
from rds_operations.settings.gate import GateSettings

if TYPE_CHECKING:
    from mypy_boto3_rds.type_defs import DBInstanceTypeDef

_LONGEST_CHAIN = 5
"""RDS chains fewer: a replica of a replica of a replica.
https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_ReadRepl.html
"""


class Instances(Protocol):
    """The instances of one place. `Rds` is one; so is a file of what DescribeDBInstances has shown."""

    def instance(self, instance_id: str) -> DBInstanceTypeDef | None: ...


class Readable(Protocol):
    """Reads the instances of any place, as `RdsClients` does."""

    def reading(self, place: Place) -> Instances: ...


def read_live(rds_clients: Readable, place: Place, instance_id: str, settings: GateSettings) -> LiveInstance | None:
    """Read an instance and its environment; None where there is no such instance. Raises what reading RDS raises.

    The instance itself is read last: reading others takes time, in which a tag may change.
    """
    rds = rds_clients.reading(place)
    instance = rds.instance(instance_id)
    if instance is None:
        return None
    verdict = verdict_with_replication(rds_clients, instance, settings)
    if not verdict.allowed or not _is_replicated(instance):
        return LiveInstance(instance, verdict)
    latest = rds.instance(instance_id)
    return LiveInstance(latest, verdict_on(latest, settings)) if latest else None


def verdict_with_replication(rds_clients: Readable, instance: DBInstanceTypeDef, settings: GateSettings) -> Verdict:
    """Return the instance's own verdict, unless a source it replicates from is not allowed, or a replica of it is
    production.
    """
    own = verdict_on(instance, settings)
    if not own.allowed:
        return own
    against = chain(
        (verdict for verdict in _verdicts_of_sources(rds_clients, instance, settings) if not verdict.allowed),
        _verdicts_against(rds_clients, instance, settings, _LONGEST_CHAIN),
    )
    return next(against, own)


def _verdicts_of_sources(
    rds_clients: Readable, instance: DBInstanceTypeDef, settings: GateSettings
) -> Iterator[Verdict]:
    """From the nearest source to the farthest. One that cannot be read is unknown, so refused."""
    for _source in range(_LONGEST_CHAIN):
        name = _source_of(instance)
        if not name:
            return
        found = _read(rds_clients, instance, name)
        if not found:
            yield _unreadable(REPLICATION_SOURCE, name)
            return
        verdict = verdict_on(found, settings)
        yield replace(verdict, source=f"{REPLICATION_SOURCE} {name}, {verdict.source}")
        instance = found
    if name := _source_of(instance):
        yield _unreadable(REPLICATION_SOURCE, name)


def _verdicts_against(
    rds_clients: Readable, instance: DBInstanceTypeDef, settings: GateSettings, levels: int
) -> Iterator[Verdict]:
    """List the verdicts on replicas, and on theirs, that are production or cannot be read.

    A replica that nobody has classified is no reason: RDS does not give it the tags of its source.
    """
    for cluster in instance.get("ReadReplicaDBClusterIdentifiers", ()):
        yield _unreadable(READ_REPLICA, cluster)
    for name in instance.get("ReadReplicaDBInstanceIdentifiers", ()):
        replica = _read(rds_clients, instance, name) if levels else None
        if not replica:
            yield _unreadable(READ_REPLICA, name)
            continue
        verdict = verdict_on(replica, settings)
        if verdict.environment is Environment.PRODUCTION or verdict.source == UNREADABLE:
            yield replace(verdict, source=f"{READ_REPLICA} {name}, {verdict.source}")
        yield from _verdicts_against(rds_clients, replica, settings, levels - 1)


def _is_replicated(instance: DBInstanceTypeDef) -> bool:
    """Tell whether others had to be read."""
    return bool(
        _source_of(instance)
        or instance.get("ReadReplicaDBInstanceIdentifiers")
        or instance.get("ReadReplicaDBClusterIdentifiers")
    )


def _source_of(instance: DBInstanceTypeDef) -> str:
    """Return its name in the Region, or its ARN in another one; for a cluster, which is not read, the name."""
    return (
        instance.get("ReadReplicaSourceDBClusterIdentifier")
        or instance.get("ReadReplicaSourceDBInstanceIdentifier")
        or ""
    )


def _read(rds_clients: Readable, instance: DBInstanceTypeDef, name: str) -> DBInstanceTypeDef | None:
    """Its source or replica of this name, or ARN. None where it cannot be read."""
    if name == instance.get("ReadReplicaSourceDBClusterIdentifier"):
        return None
    arn = name if name.startswith("arn:") else instance["DBInstanceArn"]
    try:
        return rds_clients.reading(Place.of_arn(arn)).instance(name.rpartition(":")[2])
    except Retryable:
        raise
    except (AccountUnreachable, RdsRejected, ValueError):  # the last: an ARN that names no place
        return None


def _unreadable(relation: str, name: str) -> Verdict:
    return Verdict(Environment.UNKNOWN, f"{relation} {name}, {UNREADABLE}")
