"""An instance and all that it replicates are read live: a replica of production is production."""

from collections.abc import Callable
from typing import Any, NamedTuple, cast

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from rds_operations.aws.live_instance import read_live, verdict_with_replication
from rds_operations.aws.rds_clients import RdsClients
from rds_operations.model.errors import (
    AccountUnreachable,
    RdsRejected,
    RdsThrottled,
    RdsUnavailable,
    RdsUnreachable,
    ServiceError,
)
from rds_operations.model.place import Place
from rds_operations.rules.classification import Environment, Verdict
from rds_operations.rules.decision import LiveInstance
from rds_operations.settings.gate import GateSettings
from tests.builders import ACCOUNT, DEVELOPMENT, HOME, INSTANCE_ID, OTHER_ACCOUNT, OTHER_REGION, an_instance

ELSEWHERE = Place(OTHER_ACCOUNT, OTHER_REGION)
UNREADABLE = "tags that could not be read"
Instance = Any


class Cloud:
    """Hold what each account and Region shows: an instance, or the fault that reading it raises."""

    def __init__(self, *instances: Instance) -> None:
        self.looked: list[tuple[Place, str]] = []
        self._faults: dict[Place | tuple[Place, str], ServiceError] = {}
        self._instances = {
            (Place.of_arn(item["DBInstanceArn"]), item["DBInstanceIdentifier"]): item for item in instances
        }

    def fails(self, fault: ServiceError, place: Place, instance_id: str = "") -> "Cloud":
        """Raise the fault when the instance is read; without an instance, when the place is opened."""
        self._faults[(place, instance_id) if instance_id else place] = fault
        return self

    def reading(self, place: Place) -> "Eyes":
        if fault := self._faults.get(place):
            raise fault
        return Eyes(lambda instance_id: self._look(place, instance_id))

    def _look(self, place: Place, instance_id: str) -> Instance | None:
        self.looked.append((place, instance_id))
        if fault := self._faults.get((place, instance_id)):
            raise fault
        return self._instances.get((place, instance_id))


class Eyes:
    def __init__(self, instance: Callable[[str], Instance | None]) -> None:
        self.instance = instance


def database(name: str = INSTANCE_ID, tag: str | None = "dev", source: str = "", place: Place = HOME) -> Instance:
    """Return an instance with its Environment tag (None: unreadable tags) and its source."""
    fields: dict[str, Any] = {
        "DBInstanceIdentifier": name,
        "DBInstanceArn": arn(name, place),
        "TagList": [{"Key": "Environment", "Value": tag}],
    }
    if source:
        fields["ReadReplicaSourceDBInstanceIdentifier"] = source
    return an_instance(*(["TagList"] if tag is None else []), **fields)


def arn(name: str, place: Place = ELSEWHERE) -> str:
    return f"arn:aws:rds:{place.region}:{place.account_id}:db:{name}"


def verdict(cloud: Cloud, instance: Instance, settings: GateSettings | None = None) -> Verdict:
    found = verdict_with_replication(cast("RdsClients", cloud), instance, settings or GateSettings())
    assert found.source
    return found


def test_without_a_source_the_instance_alone_decides_and_is_looked_at_once() -> None:
    cloud = Cloud(database())
    found = read_live(cast("RdsClients", cloud), HOME, INSTANCE_ID, GateSettings())
    assert found == LiveInstance(database(), DEVELOPMENT)
    assert cloud.looked == [(HOME, INSTANCE_ID)]


def test_no_instance_is_no_inspection() -> None:
    assert read_live(cast("RdsClients", Cloud(database("other"))), HOME, INSTANCE_ID, GateSettings()) is None
    assert read_live(cast("RdsClients", Cloud(database())), ELSEWHERE, INSTANCE_ID, GateSettings()) is None


@pytest.mark.parametrize("fault", [AccountUnreachable("x"), RdsRejected("AccessDenied", "x"), RdsUnavailable("x")])
def test_an_instance_that_cannot_be_looked_at_itself_is_a_fault(fault: ServiceError) -> None:
    with pytest.raises(type(fault)):
        read_live(cast("RdsClients", Cloud().fails(fault, HOME, INSTANCE_ID)), HOME, INSTANCE_ID, GateSettings())


@pytest.mark.parametrize("tag", ["prod", "what", None])
def test_an_instance_that_is_refused_itself_keeps_its_own_reason(
    tag: str | None,
) -> None:
    cloud = Cloud(database("source", "prod"))
    found = verdict(cloud, database(tag=tag, source="source"))
    assert found == Verdict(
        Environment.PRODUCTION if tag == "prod" else Environment.UNKNOWN,
        UNREADABLE if tag is None else f"tag Environment={tag}",
    )
    assert cloud.looked == []


def test_a_replica_of_what_is_allowed_keeps_its_own_verdict() -> None:
    cloud = Cloud(database("source", "qa", source="origin"), database("origin", "staging"))
    assert verdict(cloud, database(source="source")) == DEVELOPMENT
    assert cloud.looked == [(HOME, "source"), (HOME, "origin")]


@pytest.mark.parametrize(
    ("tag", "environment", "ground"),
    [
        ("prod", Environment.PRODUCTION, "tag Environment=prod"),
        ("what", Environment.UNKNOWN, "tag Environment=what"),
        (None, Environment.UNKNOWN, UNREADABLE),
    ],
)
def test_a_replica_of_what_is_refused_is_refused_and_the_source_is_named(
    tag: str | None, environment: Environment, ground: str
) -> None:
    cloud = Cloud(database("source", tag), database("middle", source="source"))
    expected = Verdict(environment, f"replication source source, {ground}")
    assert verdict(cloud, database(source="source")) == expected
    assert verdict(cloud, database(source="middle")) == expected


def test_a_source_is_judged_by_the_same_settings_in_its_own_account() -> None:
    settings = GateSettings(account_mappings={ACCOUNT: "dev", OTHER_ACCOUNT: "prod"})
    source = an_instance(DBInstanceIdentifier="source", DBInstanceArn=arn("source"), TagList=[])
    expected = Verdict(Environment.PRODUCTION, f"replication source {arn('source')}, account_mappings {OTHER_ACCOUNT}")
    assert verdict(Cloud(source), database(source=arn("source")), settings) == expected


@pytest.mark.parametrize("place", [Place(ACCOUNT, OTHER_REGION), Place(OTHER_ACCOUNT, HOME.region), ELSEWHERE])
def test_a_source_is_looked_for_where_its_arn_says(place: Place) -> None:
    decoy = database("source", "dev")
    cloud = Cloud(database("source", "prod", place=place), decoy)
    found = verdict(cloud, database(source=arn("source", place)))
    assert found == Verdict(Environment.PRODUCTION, f"replication source {arn('source', place)}, tag Environment=prod")
    assert cloud.looked == [(place, "source")]


def test_a_source_without_an_arn_is_looked_for_beside_its_replica_wherever_that_is() -> None:
    middle = database("middle", source="source", place=ELSEWHERE)
    cloud = Cloud(middle, database("source", "prod", place=ELSEWHERE), database("source", "dev"))
    found = verdict(cloud, database(source=arn("middle")))
    assert found.environment is Environment.PRODUCTION
    assert cloud.looked == [(ELSEWHERE, "middle"), (ELSEWHERE, "source")]


@pytest.mark.parametrize(
    "cloud",
    [
        Cloud(),
        Cloud(database("source", place=ELSEWHERE)),
        Cloud(database("source")).fails(AccountUnreachable("no trust"), HOME),
        Cloud(database("source")).fails(AccountUnreachable("no trust"), HOME, "source"),
        Cloud(database("source")).fails(RdsRejected("AccessDenied", "no"), HOME, "source"),
    ],
    ids=["missing", "elsewhere", "no such account", "no such role", "denied"],
)
def test_a_source_that_cannot_be_read_is_unknown_whatever_the_settings_say(cloud: Cloud) -> None:
    settings = GateSettings(
        instance_mappings={"source": "dev"}, account_mappings={ACCOUNT: "dev"}, default_environment="dev"
    )
    expected = Verdict(Environment.UNKNOWN, f"replication source source, {UNREADABLE}")
    assert verdict(cloud, database(source="source"), settings) == expected


@pytest.mark.parametrize(
    "fault", [RdsThrottled("Throttling", "x"), RdsUnreachable("NotReached", "x"), RdsUnavailable("x")]
)
def test_a_source_that_may_be_readable_in_a_moment_is_a_fault_and_no_verdict(fault: ServiceError) -> None:
    with pytest.raises(type(fault)):
        verdict(Cloud().fails(fault, HOME, "source"), database(source="source"))


@pytest.mark.parametrize("name", ["orders", "arn:aws:rds:eu-west-1:123456789012:cluster:orders"])
def test_a_replica_of_a_cluster_is_refused_for_its_members_are_not_read(name: str) -> None:
    replica = an_instance(ReadReplicaSourceDBClusterIdentifier=name)
    cloud = Cloud(database("orders", "dev"))
    assert verdict(cloud, replica) == Verdict(Environment.UNKNOWN, f"replication source {name}, {UNREADABLE}")
    assert cloud.looked == []
    below = Cloud(an_instance(**replica | {"DBInstanceIdentifier": "source", "DBInstanceArn": arn("source", HOME)}))
    assert verdict(below, database(source="source")).environment is Environment.UNKNOWN


@pytest.mark.parametrize("name", ["arn:aws:rds", "arn:aws:rds:eu-west-1", "arn:"])
def test_a_source_or_replica_whose_arn_names_no_place_cannot_be_read(name: str) -> None:
    assert verdict(Cloud(), database(source=name)).environment is Environment.UNKNOWN
    assert verdict(Cloud(), replicated(database(), name)).environment is Environment.UNKNOWN


def test_a_source_without_a_word_of_its_own_is_refused_with_what_was_looked_at() -> None:
    source = an_instance(DBInstanceIdentifier="source", DBInstanceArn=arn("source", HOME), TagList=[])
    assert verdict(Cloud(source), database(source="source")) == Verdict(
        Environment.UNKNOWN, "replication source source, nothing"
    )


def test_a_production_veto_reaches_the_sources() -> None:
    settings = GateSettings(naming_patterns={"^live-": "prod"}, production_veto=True)
    found = verdict(Cloud(database("live-source", "dev")), database(source="live-source"), settings)
    assert found == Verdict(
        Environment.PRODUCTION,
        "replication source live-source, tag Environment=dev",
        "tag Environment=dev says development, naming_patterns ^live- says production",
        disputed=True,
    )


# The other direction: its replicas.


def replicated(instance: Instance, *replicas: str) -> Instance:
    return {**instance, "ReadReplicaDBInstanceIdentifiers": list(replicas)}


@pytest.mark.parametrize("place", [HOME, Place(ACCOUNT, OTHER_REGION)])
def test_the_source_of_a_production_replica_is_production(place: Place) -> None:
    name = "replica" if place == HOME else arn("replica", place)
    cloud = Cloud(database("replica", "Production", place=place))
    found = verdict(cloud, replicated(database(), name))
    assert found == Verdict(Environment.PRODUCTION, f"read replica {name}, tag Environment=Production")
    assert cloud.looked == [(place, "replica")]


@pytest.mark.parametrize("ground", ["instance_mappings", "account_mappings", "naming_patterns"])
def test_a_replica_is_production_by_whatever_says_so(ground: str) -> None:
    key = {"instance_mappings": "replica", "account_mappings": ACCOUNT, "naming_patterns": "^repl"}[ground]
    settings = GateSettings.from_document({ground: {key: "production"}})
    replica = an_instance(DBInstanceIdentifier="replica", DBInstanceArn=arn("replica", HOME), TagList=[])
    found = verdict(Cloud(replica), replicated(database(), "replica"), settings)
    assert found == Verdict(Environment.PRODUCTION, f"read replica replica, {ground} {key}")


@pytest.mark.parametrize("tag", ["dev", "staging", "what"])
def test_a_replica_of_another_environment_or_of_none_is_no_reason(tag: str) -> None:
    assert verdict(Cloud(database("replica", tag)), replicated(database(), "replica")) == DEVELOPMENT


def test_a_production_replica_of_a_replica_counts_and_each_is_looked_at() -> None:
    middle = replicated(database("middle"), "last")
    found = verdict(Cloud(middle, database("last", "prod")), replicated(database(), "middle"))
    assert found == Verdict(Environment.PRODUCTION, "read replica last, tag Environment=prod")
    several = Cloud(*(database(f"replica-{number}", "prod" if number == 4 else "dev") for number in range(5)))
    assert not verdict(several, replicated(database(), *(f"replica-{number}" for number in range(5)))).allowed


@pytest.mark.parametrize(
    "cloud",
    [
        Cloud(),
        Cloud(database("replica", None)),
        Cloud(database("replica")).fails(RdsRejected("AccessDenied", "no"), HOME, "replica"),
        Cloud(database("replica")).fails(AccountUnreachable("no trust"), HOME),
    ],
    ids=["missing", "without its tags", "denied", "no such account"],
)
def test_a_replica_that_cannot_be_read_may_be_production(cloud: Cloud) -> None:
    found = verdict(cloud, replicated(database(), "replica"))
    assert found == Verdict(Environment.UNKNOWN, f"read replica replica, {UNREADABLE}")


def test_a_replica_that_is_a_cluster_may_be_production() -> None:
    instance = {**database(), "ReadReplicaDBClusterIdentifiers": ["orders"]}
    assert verdict(Cloud(), instance) == Verdict(Environment.UNKNOWN, f"read replica orders, {UNREADABLE}")


def test_a_replica_that_may_be_readable_in_a_moment_is_a_fault_and_no_verdict() -> None:
    with pytest.raises(RdsThrottled):
        verdict(Cloud().fails(RdsThrottled("Throttling", "x"), HOME, "replica"), replicated(database(), "replica"))


def test_replicas_that_replicate_each_other_end_in_a_refusal() -> None:
    cloud = Cloud(replicated(database("one"), "other"), replicated(database("other"), "one"))
    assert not verdict(cloud, replicated(database(), "one")).allowed


@pytest.mark.parametrize("length", [1, 2, 3, 4, 5, 6])
def test_instances_that_replicate_each_other_in_a_ring_end_in_a_refusal(length: int) -> None:
    ring = [database(f"db-{number}", source=f"db-{(number + 1) % length}") for number in range(length)]
    cloud = Cloud(*ring)
    assert verdict(cloud, ring[0]).environment is Environment.UNKNOWN
    assert len(cloud.looked) == 5


@pytest.mark.parametrize(("length", "allowed"), [(1, True), (5, True), (6, False), (9, False)])
def test_a_chain_longer_than_rds_makes_them_is_refused(length: int, allowed: bool) -> None:
    chain = [database(f"db-{number}", source=f"db-{number + 1}") for number in range(length)]
    chain.append(database(f"db-{length}"))
    cloud = Cloud(*chain)
    found = verdict(cloud, chain[0])
    assert found.allowed == allowed
    assert allowed or found == Verdict(Environment.UNKNOWN, f"replication source db-6, {UNREADABLE}")
    assert len(cloud.looked) == min(length, 5)


@pytest.mark.parametrize("depth", [1, 2, 3, 4, 5])
@pytest.mark.parametrize("tag", ["prod", "what", None])
def test_at_every_depth_a_source_that_is_refused_refuses(depth: int, tag: str | None) -> None:
    chain = [database(f"db-{number}", "dev", source=f"db-{number + 1}") for number in range(depth)]
    chain.append(database(f"db-{depth}", tag))
    found = verdict(Cloud(*chain), chain[0])
    assert not found.allowed
    assert found.source.startswith(f"replication source db-{depth}, ")


class Link(NamedTuple):
    """Describe one instance of a chain, and how the one before names it."""

    tag: str | None
    spelling: str
    state: str
    place: Place

    @property
    def allowed(self) -> bool:
        return self.tag in ALLOWED and self.spelling != "in a cluster" and self.state == "there"


ALLOWED = ("dev", "qa", "uat", "poc", "sandbox")
FAULTS: dict[str, ServiceError] = {
    "refused": AccountUnreachable("no trust"),
    "denied": RdsRejected("AccessDenied", "no"),
}
links = st.builds(
    Link,
    st.sampled_from(ALLOWED) | st.sampled_from(["dev", "prod", "what", None]),
    st.sampled_from(["by name", "by name", "by ARN", "in a cluster"]),
    st.sampled_from(["there", "there", "there", "gone", *FAULTS]),
    st.sampled_from([HOME, ELSEWHERE]),
)


def replicating(instance: Instance, here: Place, name: str, source: Link) -> None:
    """Set the source as RDS shows it: a plain name is in the same account and Region."""
    if source.spelling == "in a cluster":
        instance["ReadReplicaSourceDBClusterIdentifier"] = name
    else:
        beside = source.spelling == "by name" and source.place == here
        instance["ReadReplicaSourceDBInstanceIdentifier"] = name if beside else arn(name, source.place)


def cloud_of(chain: list[Link]) -> tuple[Cloud, Instance]:
    """Return a chain that starts with the instance itself; each next link is its source."""
    instances = [database(f"db-{depth}", link.tag, place=link.place) for depth, link in enumerate(chain)]
    for depth, source in enumerate(chain[1:], 1):
        replicating(instances[depth - 1], chain[depth - 1].place, f"db-{depth}", source)
    cloud = Cloud(*(instance for instance, link in zip(instances, chain, strict=True) if link.state != "gone"))
    for depth, link in enumerate(chain):
        if link.state in FAULTS:
            cloud.fails(FAULTS[link.state], link.place, f"db-{depth}")
    return cloud, instances[0]


@given(st.lists(links, min_size=1, max_size=8))
@example([Link("dev", "by name", "there", HOME)] * 6)
@example([Link("dev", "by name", "there", HOME)] * 7)
@example([Link("dev", "by ARN", "there", ELSEWHERE)] * 6)
def test_a_chain_is_allowed_only_where_every_link_of_it_is(chain: list[Link]) -> None:
    cloud, instance = cloud_of(chain)
    found = verdict(cloud, instance)
    own, *sources = chain
    assert found.allowed == (own.tag in ALLOWED and len(sources) <= 5 and all(link.allowed for link in sources))
    assert not found.allowed or found.source == f"tag Environment={own.tag}"
    assert len(cloud.looked) <= 5


allowed_links = st.builds(
    Link, st.sampled_from(ALLOWED), st.sampled_from(["by name", "by ARN"]), st.just("there"), st.just(HOME)
)
refused_links = links.filter(lambda link: not link.allowed)


@given(st.lists(allowed_links, min_size=1, max_size=3), refused_links, st.lists(allowed_links, max_size=2))
def test_one_link_that_is_refused_refuses_wherever_it_stands(
    nearer: list[Link], link: Link, farther: list[Link]
) -> None:
    cloud, instance = cloud_of([*nearer, link, *farther])
    found = verdict(cloud, instance)
    assert not found.allowed
    assert f"db-{len(nearer)}, " in found.source
    without, alone = cloud_of([*nearer, *farther])
    assert verdict(without, alone).allowed
