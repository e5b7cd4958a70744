"""What ADMISSION leaves to its Audit, when it has refused a request or broken."""

from __future__ import annotations

from dataclasses import dataclass

from rds_operations.model.documents import Document
from rds_operations.model.request import OperationRequest
from rds_operations.records.state_document import StateDocument, request_in
from rds_operations.rules.request_stub import api_stub
from rds_operations.rules.validation import parse_json


@dataclass(frozen=True)
class RefusedAdmission:
    """`envelope` as the request mapping template makes it; `execution` has `Id`, `Name` and `StartTime`."""

    work: StateDocument
    envelope: Document
    execution: Document

    @property
    def request_id(self) -> str:
        return str(self.execution["Name"])

    @property
    def request(self) -> OperationRequest:
        """Return Validate's request; its stub where Validate itself broke."""
        return request_in(self.work) or api_stub(parse_json(self.envelope["body"]), self.envelope, self.execution)
