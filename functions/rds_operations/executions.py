"""The edge to Step Functions: how an execution stands, and the start of the late watch."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from rds_operations.environment import Deployment
from rds_operations.faults import StatesUnavailable
from rds_operations.order import Order
from rds_operations.progress import Progress

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions import SFNClient

RUNNING = ("RUNNING", "PENDING_REDRIVE")


class Executions:
    """Raises `StatesUnavailable`. The client is made when it is first needed: most operations end without it."""

    def __init__(self, make_client: Callable[[], SFNClient], deployment: Deployment) -> None:
        self._make_client = make_client
        self._deployment = deployment

    @cached_property
    def _client(self) -> SFNClient:
        return self._make_client()

    def detail(self, execution_arn: str) -> dict[str, Any] | None:
        """How the execution stands, in the words of its EventBridge events; None where there is none.

        DescribeExecution is eventually consistent, so this is for executions that are minutes old.
        https://docs.aws.amazon.com/step-functions/latest/apireference/API_DescribeExecution.html
        """
        try:
            found = self._client.describe_execution(executionArn=execution_arn)
        except self._client.exceptions.ExecutionDoesNotExist:
            return None
        except (ClientError, BotoCoreError) as error:
            raise StatesUnavailable(f"{execution_arn} could not be looked at: {error}") from error
        return {"status": found["status"], "error": found.get("error"), "cause": found.get("cause")}

    def late_watch(self, operation_id: str) -> dict[str, Any] | None:
        """How the late watch of an operation stands; None where it was never started."""
        machine = self._deployment.late_watch_machine
        return self.detail(f"{machine.replace(':stateMachine:', ':execution:')}:{operation_id}")

    def start_late_watch(self, order: Order, since: str, progress: Progress) -> None:
        """Once for an operation: the name is its id."""
        work = {"order": order.to_document(), "since": since, "progress": progress.to_document(), "polls": 0}
        try:
            self._client.start_execution(
                stateMachineArn=self._deployment.late_watch_machine,
                name=order.operation_id,
                input=json.dumps(work, ensure_ascii=False),
            )
        except self._client.exceptions.ExecutionAlreadyExists:
            return
        except (ClientError, BotoCoreError) as error:
            raise StatesUnavailable(f"The late watch could not be started: {error}") from error
