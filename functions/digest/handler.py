"""Digest: on a schedule, writes what the archive lacks, and the digest of each period that is over."""

from rds_operations.aws.archive_bucket import ArchiveBucket
from rds_operations.aws.audit_table import AuditTable
from rds_operations.aws.clients import archive_client, dynamodb_client, events_client, signing_client
from rds_operations.aws.event_bus import EventBus
from rds_operations.aws.lambda_handler import lambda_handler
from rds_operations.aws.signing_key import SigningKey
from rds_operations.model import clock
from rds_operations.model.documents import Document
from rds_operations.settings.archive import ArchivePlace
from rds_operations.steps.archive_gaps import Gaps
from rds_operations.steps.digest import Digester
from rds_operations.steps.publish import Publisher

place = ArchivePlace.from_env()
archive = ArchiveBucket(archive_client(), place.bucket)
publisher = Publisher(EventBus(events_client()), archive, place.console_url)
gaps = Gaps(AuditTable(dynamodb_client(), place.audit_table), archive, publisher, place.period / 6)
signing_key = SigningKey(signing_client(), place.signing_key) if place.signing_key else None
digester = Digester(archive, gaps, signing_key, place.period)


@lambda_handler("Digest")
def handler(_event: Document) -> Document:
    """Return what was done, counted: see `Digester.run`."""
    return dict(digester.run(clock.now()))
