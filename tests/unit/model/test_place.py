import pytest

from rds_operations.model.place import Place
from tests.builders import (
    OTHER_ACCOUNT,
)

FAR = Place(OTHER_ACCOUNT, "eu-west-1")


@pytest.mark.parametrize("partition", ["aws", "aws-cn", "aws-us-gov"])
def test_an_arn_says_where_its_resource_is(partition: str) -> None:
    arn = f"arn:{partition}:rds:eu-west-1:{OTHER_ACCOUNT}:db:orders"
    assert Place.of_arn(arn) == FAR
    assert Place.of_arn(f"arn:{partition}:rds:eu-west-1:{OTHER_ACCOUNT}:snapshot:rds:orders-2025") == FAR
    assert str(FAR) == f"account {OTHER_ACCOUNT}, Region eu-west-1"
