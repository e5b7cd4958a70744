"""The archive: the bucket that keeps audit records, the stream that fills it, and the key that signs its digests."""

from __future__ import annotations

from aws_cdk import Annotations, Duration, RemovalPolicy, Stack
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_lambda_event_sources as event_sources
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from rds_operations.archive.digest_file import PACKS
from rds_operations.archive.notice import SOURCE
from rds_operations.archive.record_object import RECORDS
from stacks.archive_settings import COMPLIANCE, GOVERNANCE
from stacks.settings import Settings

_BATCH = 10
_WINDOW = Duration.seconds(5)
_DIGEST_SECONDS, _LOCAL_DIGEST_SECONDS = 3600, 20
_REPLACED_FOR = Duration.days(30)
"""So long somebody can read what a later version has replaced. Nothing replaces one but an attack."""
_AGE = Duration.hours(1)
"""After that a record goes to the dead letters, and the hourly digest makes good for it."""
_COMPLIANCE = (
    "archive: retention is compliance: nobody can delete an object or shorten its lock before its days are over, not "
    "even the account's root user. The bucket cannot be deleted either."
)


class Archive(Construct):
    """`signing_key` is None where digests are not signed. `digest_seconds` is the length of a digest's period."""

    def __init__(self, scope: Construct, construct_id: str, settings: Settings) -> None:
        super().__init__(scope, construct_id)
        self._settings = settings
        # On the local cloud, nobody waits for an hour to see one.
        self.digest_seconds = _LOCAL_DIGEST_SECONDS if settings.is_local else _DIGEST_SECONDS
        archive = settings.archive
        self._key = kms.Key.from_key_arn(self, "Key", archive.kms_key_arn) if archive.kms_key_arn else None
        self.bucket = (
            s3.Bucket.from_bucket_arn(self, "Bucket", archive.bucket_arn) if archive.bucket_arn else self._made()
        )
        self.signing_key = self._signing_key() if archive.sign_digests else None
        enforce_ssl = not settings.is_local  # the local cloud has only HTTP
        self.dead_letters = sqs.Queue(self, "DeadLetters", enforce_ssl=enforce_ssl, retention_period=Duration.days(14))

    def fill(self, function: lambda_.Function, table: dynamodb.Table) -> None:
        """Let the function have each new record of the table, in order.

        https://docs.aws.amazon.com/lambda/latest/dg/services-dynamodb-eventsourcemapping.html
        """
        function.add_event_source(
            event_sources.DynamoEventSource(
                table,
                starting_position=lambda_.StartingPosition.TRIM_HORIZON,
                batch_size=_BATCH,
                max_batching_window=_WINDOW,
                bisect_batch_on_error=True,
                report_batch_item_failures=True,
                max_record_age=_AGE,
                on_failure=event_sources.SqsDlq(self.dead_letters),
                # What DynamoDB removes by its TTL comes by, too.
                filters=[lambda_.FilterCriteria.filter({"eventName": lambda_.FilterRule.is_equal("INSERT")})],
            )
        )

    def writes(self, *prefixes: str) -> list[iam.PolicyStatement]:
        """Return what a role needs to write objects under these prefixes, and to read none."""
        arns = [self.bucket.arn_for_objects(f"{prefix}*") for prefix in prefixes]
        key = [iam.PolicyStatement(actions=["kms:GenerateDataKey"], resources=[self._key.key_arn])] if self._key else []
        return [iam.PolicyStatement(actions=["s3:PutObject"], resources=arns), *key]

    def reads(self, *prefixes: str) -> list[iam.PolicyStatement]:
        """Return what a role needs to list the bucket, and to read objects under these prefixes."""
        arns = [self.bucket.arn_for_objects(f"{prefix}*") for prefix in prefixes]
        key = [iam.PolicyStatement(actions=["kms:Decrypt"], resources=[self._key.key_arn])] if self._key else []
        return [
            iam.PolicyStatement(actions=["s3:ListBucket"], resources=[self.bucket.bucket_arn]),
            iam.PolicyStatement(actions=["s3:GetObject"], resources=arns),
            *key,
        ]

    def signs(self) -> list[iam.PolicyStatement]:
        key = self.signing_key
        return [iam.PolicyStatement(actions=["kms:Sign"], resources=[key.key_arn])] if key else []

    def _made(self) -> s3.Bucket:
        """Make a bucket whose versions can be locked. Object Lock can be set once, when a bucket is made, and cannot be
        taken back; without a retention it locks nothing.

        https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-lock-configure.html
        """
        archive = self._settings.archive
        if archive.retention == COMPLIANCE:
            Annotations.of(self).add_warning_v2("rds-operations:compliance", _COMPLIANCE)
        encryption = s3.BucketEncryption.KMS if self._key else s3.BucketEncryption.S3_MANAGED
        return s3.Bucket(
            self,
            "Bucket",
            versioned=True,
            object_lock_enabled=True,
            object_lock_default_retention=self._retention(),
            encryption=encryption,
            encryption_key=self._key,
            bucket_key_enabled=True if self._key else None,
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            enforce_ssl=not self._settings.is_local,
            minimum_tls_version=None if self._settings.is_local else 1.2,
            lifecycle_rules=self._lifecycle(),
            removal_policy=RemovalPolicy.DESTROY if self._settings.is_local else RemovalPolicy.RETAIN,
        )

    def _retention(self) -> s3.ObjectLockRetention | None:
        archive = self._settings.archive
        days = Duration.days(archive.retention_days)
        return (
            {
                GOVERNANCE: s3.ObjectLockRetention.governance,
                COMPLIANCE: s3.ObjectLockRetention.compliance,
            }[archive.retention](days)
            if archive.retention_days
            else None
        )

    def _lifecycle(self) -> list[s3.LifecycleRule]:
        """Let the small objects expire, which the packs hold, too, and packs get cold: S3 leaves those of less than
        128 kB where they are, since to move them costs more.

        https://docs.aws.amazon.com/AmazonS3/latest/userguide/lifecycle-transition-general-considerations.html
        """
        archive = self._settings.archive
        days = Duration.days(archive.record_days)
        cold = s3.Transition(
            storage_class=s3.StorageClass.GLACIER_INSTANT_RETRIEVAL,
            transition_after=Duration.days(archive.cold_after_days),
        )
        return [
            s3.LifecycleRule(
                id="records", prefix=RECORDS, expiration=days, noncurrent_version_expiration=_REPLACED_FOR
            ),
            s3.LifecycleRule(id="markers", prefix=RECORDS, expired_object_delete_marker=True),
            s3.LifecycleRule(id="packs", prefix=PACKS, transitions=[cold]),
        ]

    def _signing_key(self) -> kms.Key:
        """https://docs.aws.amazon.com/kms/latest/developerguide/symm-asymm-choose-key-spec.html"""
        return kms.Key(
            self,
            "SigningKey",
            description="Signs the digests of the audit records' archive",
            key_spec=kms.KeySpec.ECC_NIST_P256,
            key_usage=kms.KeyUsage.SIGN_VERIFY,
            removal_policy=RemovalPolicy.DESTROY if self._settings.is_local else RemovalPolicy.RETAIN,
        )


def publishes(stack: Stack) -> iam.PolicyStatement:
    """Allow events of this service alone on the default bus.

    https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-conditions.html
    """
    return iam.PolicyStatement(
        actions=["events:PutEvents"],
        resources=[f"arn:{stack.partition}:events:{stack.region}:{stack.account}:event-bus/default"],
        conditions={"ForAllValues:StringEquals": {"events:source": SOURCE}},
    )
