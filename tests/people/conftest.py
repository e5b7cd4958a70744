"""One local cloud for both, beside that of tests/workflow, so that the two can run at the same time."""

from tests.workflow.conftest import service

__all__ = ["service"]
