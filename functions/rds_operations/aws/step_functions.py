"""The edge to Step Functions: how executions stand, and the start of the late watch."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from rds_operations.model.errors import StepFunctionsUnavailable
from rds_operations.model.progress import Progress
from rds_operations.model.request import OperationRequest
from rds_operations.settings.deployment import Deployment

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions import SFNClient
    from mypy_boto3_stepfunctions.literals import ExecutionStatusType

RUNNING = ("RUNNING", "PENDING_REDRIVE")
ENDED_BADLY: tuple[ExecutionStatusType, ...] = ("FAILED", "TIMED_OUT", "ABORTED")


class Executions:
    """Raises `StepFunctionsUnavailable`. The client is made when it is first needed: most operations end without it."""

    def __init__(self, make_client: Callable[[], SFNClient], deployment: Deployment) -> None:
        self._make_client = make_client
        self._deployment = deployment

    @cached_property
    def _client(self) -> SFNClient:
        return self._make_client()

    def detail(self, execution_arn: str) -> dict[str, Any] | None:
        """Describe an execution in the words of its EventBridge events; None where there is none.

        DescribeExecution is eventually consistent, so this is for executions that are minutes old.
        https://docs.aws.amazon.com/step-functions/latest/apireference/API_DescribeExecution.html
        """
        try:
            found = self._client.describe_execution(executionArn=execution_arn)
        except self._client.exceptions.ExecutionDoesNotExist:
            return None
        except (ClientError, BotoCoreError) as error:
            raise StepFunctionsUnavailable(f"{execution_arn} could not be described: {error}") from error
        return {
            "executionArn": found["executionArn"],
            "name": found["name"],
            "status": found["status"],
            "startDate": int(found["startDate"].timestamp() * 1000),
            "input": found.get("input"),
            "error": found.get("error"),
            "cause": found.get("cause"),
        }

    def ended_badly(self, since: datetime) -> Iterator[tuple[str, str]]:
        """Name and ARN of each execution of OPERATION that failed, timed out or was stopped since then.

        They are listed by their start, the newest first, so the list is read as far as one can have run until `since`.
        https://docs.aws.amazon.com/step-functions/latest/apireference/API_ListExecutions.html
        """
        try:
            for status in ENDED_BADLY:
                yield from self._ended(status, since)
        except (ClientError, BotoCoreError) as error:
            raise StepFunctionsUnavailable(f"The executions could not be listed: {error}") from error

    def _ended(self, status: ExecutionStatusType, since: datetime) -> Iterator[tuple[str, str]]:
        pages = self._client.get_paginator("list_executions").paginate(
            stateMachineArn=self._deployment.operation_machine, statusFilter=status
        )
        for execution in (execution for page in pages for execution in page["executions"]):
            if execution["startDate"] < since - self._deployment.longest:
                return
            if execution.get("stopDate", since) >= since:
                yield execution["name"], execution["executionArn"]

    def late_watch(self, operation_id: str) -> dict[str, Any] | None:
        """Describe the late watch of an operation, as `detail` does; None where it was never started."""
        machine = self._deployment.late_watch_machine
        return self.detail(f"{machine.replace(':stateMachine:', ':execution:')}:{operation_id}")

    def start_late_watch(self, request: OperationRequest, since: str, progress: Progress) -> None:
        """Start it, once for an operation: the name is its id."""
        work = {"request": request.to_document(), "since": since, "progress": progress.to_document(), "polls": 0}
        try:
            self._client.start_execution(
                stateMachineArn=self._deployment.late_watch_machine,
                name=request.operation_id,
                input=json.dumps(work, ensure_ascii=False),
            )
        except self._client.exceptions.ExecutionAlreadyExists:
            return
        except (ClientError, BotoCoreError) as error:
            raise StepFunctionsUnavailable(f"The late watch could not be started: {error}") from error
