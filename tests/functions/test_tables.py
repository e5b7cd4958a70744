"""botocore's errors are translated once. Stubs answer what moto cannot."""

import pytest
from botocore.stub import Stubber

from rds_operations.aws import dynamodb
from rds_operations.model.documents import Item
from rds_operations.model.errors import TableBusy, TableUnavailable
from tests.functions.fake_aws import OPERATIONS_TABLE, FakeAws


def cancelled(aws: FakeAws, *codes: str) -> bool:
    with Stubber(aws.dynamodb) as stubber:
        stubber.add_client_error(
            "transact_write_items",
            "TransactionCanceledException",
            modeled_fields={"CancellationReasons": [{"Code": code} for code in codes]},
        )
        write = {"TableName": OPERATIONS_TABLE, "Key": {"operation_id": {"S": "x"}}}
        return dynamodb.write_all(aws.dynamodb, [{"Delete": write}])  # type: ignore[typeddict-item]


@pytest.mark.parametrize(
    "codes", [["ConditionalCheckFailed", "None"], ["TransactionConflict", "ConditionalCheckFailed", "None"]]
)
def test_a_condition_that_did_not_hold_is_an_answer(aws: FakeAws, codes: list[str]) -> None:
    assert cancelled(aws, *codes) is False


@pytest.mark.parametrize(
    "codes",
    [["TransactionConflict", "None"], ["ThrottlingError", "TransactionConflict"], ["ProvisionedThroughputExceeded"]],
)
def test_a_conflict_or_throttling_is_worth_repeating(aws: FakeAws, codes: list[str]) -> None:
    with pytest.raises(TableBusy, match=codes[0]):
        cancelled(aws, *codes)


@pytest.mark.parametrize("codes", [["ValidationError"], ["ItemCollectionSizeLimitExceeded", "TransactionConflict"]])
def test_any_other_cancellation_is_a_fault(aws: FakeAws, codes: list[str]) -> None:
    with pytest.raises(TableUnavailable):
        cancelled(aws, *codes)


def test_a_table_that_cannot_be_read_is_a_fault(aws: FakeAws) -> None:
    with pytest.raises(TableUnavailable, match="could not be read"):
        dynamodb.get(aws.dynamodb, "no-such-table", "x")


def test_an_item_survives_its_attributes(aws: FakeAws) -> None:
    item: Item = {"operation_id": "x", "number": -3, "flag": False, "text": "Größe", "empty": ""}
    put = {"TableName": OPERATIONS_TABLE, "Item": dynamodb.to_attributes(item)}
    assert dynamodb.write_one(aws.dynamodb, aws.dynamodb.put_item, **put)
    assert dynamodb.get(aws.dynamodb, OPERATIONS_TABLE, "x") == item
