"""Structured logs.

No request body, key or tag value is ever logged, but for the one tag that decided the environment.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import partial
from typing import Any

from aws_lambda_powertools import Logger

from rds_operations.rules.classification import Verdict
from rds_operations.settings.version import VERSION

SERVICE = "rds-operations"

# ASCII: what a caller sends may have U+2028 and the like, which readers of logs take for the end of a line.
logger = Logger(
    service=SERVICE, version=VERSION, json_serializer=partial(json.dumps, default=str, separators=(",", ":"))
)


def log_verdict(verdict: Verdict) -> None:
    """Log what decided the environment, and what disagrees with it."""
    logger.info("classified", extra={"environment": verdict.environment, "source": verdict.source})
    if verdict.disagreement:
        logger.warning("environment disputed", extra={"disagreement": verdict.disagreement})


def log_caller(caller: Mapping[str, Any]) -> None:
    """Name the caller on record in every further line of this invocation."""
    logger.append_keys(requested_by=caller.get("userId", ""))
