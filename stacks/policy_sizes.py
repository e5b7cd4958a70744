from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from aws_cdk import aws_iam as iam

# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
MOST_INLINE = 10_240
"""Characters of all inline policies of a role together."""
MOST_MANAGED = 6_144
MOST_ATTACHED = 10
"""Managed policies of a role."""
MOST_TRUST = 2_048


def characters(document: Any) -> int:
    """Count them as IAM does: without white space."""
    return len(json.dumps(document, separators=(",", ":")))


def in_managed_policies(statements: Iterable[iam.PolicyStatement]) -> list[list[iam.PolicyStatement]]:
    """Fill as few managed policies as the statements' order allows: the CDK's own split estimates sizes too low.
    https://github.com/aws/aws-cdk/blob/main/packages/aws-cdk-lib/aws-iam/lib/role.ts
    """
    policies: list[list[iam.PolicyStatement]] = []
    for statement in statements:
        if not policies or characters(_document([*policies[-1], statement])) > MOST_MANAGED:
            policies.append([])
        policies[-1].append(statement)
    return policies


def _document(statements: Iterable[iam.PolicyStatement]) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": [statement.to_json() for statement in statements]}
