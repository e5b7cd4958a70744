from aws_cdk import RemovalPolicy
from aws_cdk import aws_dynamodb as dynamodb
from constructs import Construct

from rds_operations.aws.inventory_table import PLACE_INDEX
from rds_operations.records.indexes import AUDIT_INDEXES
from rds_operations.records.operation_item import UNFINISHED_INDEX
from stacks import names
from stacks.settings import Settings


class Tables(Construct):
    def __init__(self, scope: Construct, construct_id: str, settings: Settings) -> None:
        super().__init__(scope, construct_id)
        self.operations = _table(
            self, "Operations", settings, names.OPERATIONS_TABLE, partition_key="operation_id", sort_key=None
        )
        # Sparse: finished operations leave it.
        self.operations.add_global_secondary_index(
            index_name=UNFINISHED_INDEX,
            partition_key=dynamodb.Attribute(name="unfinished", type=dynamodb.AttributeType.STRING),
            sort_key=dynamodb.Attribute(name="due_at", type=dynamodb.AttributeType.NUMBER),
            projection_type=dynamodb.ProjectionType.KEYS_ONLY,
        )
        self.audit = _table(
            self,
            "AuditLog",
            settings,
            names.AUDIT_TABLE,
            partition_key="instance_id",
            sort_key="audit_id",
            stream=dynamodb.StreamViewType.NEW_IMAGE,
        )
        for index in AUDIT_INDEXES:
            self.audit.add_global_secondary_index(
                index_name=index.name,
                partition_key=dynamodb.Attribute(name=index.partition, type=dynamodb.AttributeType.STRING),
                sort_key=dynamodb.Attribute(name=index.sort, type=dynamodb.AttributeType.STRING),
                projection_type=dynamodb.ProjectionType.ALL,
            )
        self.inventory = _table(
            self, "Inventory", settings, names.INVENTORY_TABLE, partition_key="instance_id", sort_key="place"
        )
        self.inventory.add_global_secondary_index(
            index_name=PLACE_INDEX,
            partition_key=dynamodb.Attribute(name="place", type=dynamodb.AttributeType.STRING),
            sort_key=dynamodb.Attribute(name="instance_id", type=dynamodb.AttributeType.STRING),
            projection_type=dynamodb.ProjectionType.ALL,  # a projection cannot be changed later
        )


def _table(
    scope: Construct,
    construct_id: str,
    settings: Settings,
    name: str,
    partition_key: str,
    sort_key: str | None,
    stream: dynamodb.StreamViewType | None = None,
) -> dynamodb.Table:
    string = dynamodb.AttributeType.STRING
    return dynamodb.Table(
        scope,
        construct_id,
        table_name=name,
        partition_key=dynamodb.Attribute(name=partition_key, type=string),
        sort_key=dynamodb.Attribute(name=sort_key, type=string) if sort_key else None,
        billing_mode=dynamodb.BillingMode.PAY_PER_REQUEST,
        time_to_live_attribute="ttl",
        stream=stream,
        point_in_time_recovery_specification=dynamodb.PointInTimeRecoverySpecification(
            point_in_time_recovery_enabled=True
        ),
        deletion_protection=not settings.is_local,
        removal_policy=RemovalPolicy.DESTROY if settings.is_local else RemovalPolicy.RETAIN,
    )
