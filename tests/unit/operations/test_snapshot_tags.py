from typing import Any

import pytest

from rds_operations.operations import OPERATIONS
from rds_operations.operations.snapshot_tags import OPERATION_TAG, tags_of_snapshot
from rds_operations.rules.eligibility import unsupported
from tests.builders import COMPLETE, a_request, an_instance


def listed(**tags: str) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in tags.items()]


def copying(**tags: str) -> Any:
    return an_instance(CopyTagsToSnapshot=True, TagList=listed(**tags))


# aws-solutions/instance-scheduler-on-aws#142: any tag in the call stops the copying.
def test_an_instance_that_copies_its_tags_has_them_sent() -> None:
    instance = copying(Environment="Development", CostCenter="4711")
    assert tags_of_snapshot(instance, []) == {"Environment": "Development", "CostCenter": "4711"}


def test_the_requests_own_tag_wins() -> None:
    assert tags_of_snapshot(copying(CostCenter="4711", Team="a"), listed(CostCenter="1")) == {
        "CostCenter": "1",
        "Team": "a",
    }


@pytest.mark.parametrize("instance", [an_instance(CopyTagsToSnapshot=False, TagList=listed(a="b")), an_instance()])
def test_of_an_instance_that_does_not_copy_none_is_sent(instance: Any) -> None:
    assert tags_of_snapshot(instance, listed(Mine="x")) == {"Mine": "x"}


def test_what_rds_keeps_to_itself_is_left_out() -> None:
    tags = {"aws:cloudformation:stack-name": "x", "RDS:y": "z", "v": "aws:w", OPERATION_TAG: "another's", "Own": "1"}
    instance = an_instance(CopyTagsToSnapshot=True, TagList=listed(**tags))
    assert tags_of_snapshot(instance, []) == {"Own": "1"}


@pytest.mark.parametrize("answer", [{"TagList": []}, {"TagList": [{"Key": "NoValue"}]}])
def test_an_instance_with_few_tags(answer: dict[str, Any]) -> None:
    found = tags_of_snapshot(an_instance(CopyTagsToSnapshot=True, **answer), [])
    assert found == {tag["Key"]: "" for tag in answer["TagList"]}


@pytest.mark.parametrize(("own", "asked", "refused"), [(49, 0, False), (40, 9, False), (50, 0, True), (40, 10, True)])
def test_more_tags_than_a_snapshot_can_have_are_refused_with_the_numbers(own: int, asked: int, refused: bool) -> None:
    instance = copying(**{f"own{number}": "x" for number in range(own)})
    tags = listed(**{f"asked{number}": "x" for number in range(asked)})
    refusal = unsupported(a_request("create_snapshot", COMPLETE["create_snapshot"] | {"tags": tags}), instance)
    assert bool(refusal) is refused
    if refusal:
        assert refusal.status == 400
        assert (
            f"with the {asked} tags of this request the snapshot would have {own + asked}; at most 49" in refusal.error
        )


def test_no_other_operation_asks_for_tags() -> None:
    instance = copying(**{f"own{number}": "x" for number in range(60)})
    assert [name for name in OPERATIONS if unsupported(a_request(name), instance)] == ["create_snapshot"]
