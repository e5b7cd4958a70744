from local.cloud import REGION
from tests.local.account import Caller, refused


def test_a_region_that_is_not_enabled_knows_no_credentials(hub: Caller) -> None:
    said = refused(hub.client("rds", "me-south-1").describe_db_instances)
    assert said == "InvalidClientTokenId: The security token included in the request is invalid."


def test_the_others_answer(hub: Caller) -> None:
    assert "DBInstances" in hub.client("rds", REGION).describe_db_instances()
