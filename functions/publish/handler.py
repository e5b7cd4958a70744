"""Publish: the stream of `rds_audit_log`. Each new record becomes an event and an object of the archive."""

from rds_operations.aws.archive_bucket import ArchiveBucket
from rds_operations.aws.clients import archive_client, events_client
from rds_operations.aws.dynamodb import from_attributes
from rds_operations.aws.event_bus import EventBus
from rds_operations.aws.lambda_handler import lambda_handler
from rds_operations.model.documents import Document
from rds_operations.settings.archive import ArchivePlace
from rds_operations.steps.publish import Publisher

place = ArchivePlace.from_env()
publisher = Publisher(EventBus(events_client()), ArchiveBucket(archive_client(), place.bucket), place.console_url)


@lambda_handler("Publish", quiet=True)
def handler(event: Document) -> Document:
    """Take a batch of the stream, and name what was not published: Lambda repeats from the first of it on.

    https://docs.aws.amazon.com/lambda/latest/dg/services-ddb-batchfailurereporting.html
    """
    changes = [change["dynamodb"] for change in event["Records"]]
    done = publisher.publish([from_attributes(change["NewImage"]) for change in changes])
    return {
        "batchItemFailures": [
            {"itemIdentifier": change["SequenceNumber"]}
            for change, is_done in zip(changes, done, strict=True)
            if not is_done
        ]
    }
