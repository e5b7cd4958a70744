"""An instance that was deleted and created again has the old name, but is another database."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mypy_boto3_rds.type_defs import DBInstanceTypeDef, DBSnapshotTypeDef


def is_another_instance(resource_id: str, found: DBInstanceTypeDef | DBSnapshotTypeDef) -> bool:
    """Tell whether what RDS shows is, or was made from, another instance than that of `resource_id`.

    RDS never gives that id again. What is not known is not compared.
    https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_DBInstance.html
    """
    shown = found.get("DbiResourceId", "")
    return bool(resource_id and shown and shown != resource_id)
