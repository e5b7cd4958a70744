"""What breaks. The class name becomes the error name in Step Functions, the message its cause.

Expected refusals are not here (see `refusals`): a fault means that something did not work.
"""

from __future__ import annotations


class Fault(Exception):
    """Base of the faults that are safe to show to an operator."""


class RdsRefused(Fault):
    """RDS answered with a definite error: the call had no effect. `code` as botocore exposes it."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code


class RdsThrottled(RdsRefused):
    """RDS refused for its rate limit: the call had no effect, and is safe to repeat."""


class RdsNotReached(RdsThrottled):
    """No connection to RDS: the call was not sent, and is safe to repeat."""


class RdsUnavailable(Fault):
    """No definite answer from RDS (time-out, connection lost, 5xx): the call may have had its effect."""


class AccountRefused(Fault):
    """An account's role could not be assumed: it is missing, or does not trust this service."""


class TableBusy(Fault):
    """Another transaction touched the same items; nothing was written, and it is safe to repeat."""


class TooLate(Fault):
    """The function began when its Task was about to give up; nothing was written."""


class AnotherRequest(Fault):
    """What is reported of an operation does not fit what is on record of it."""


class RecordNotWritten(Fault):
    """DynamoDB did not take the record or the state of an operation."""


class StatesUnavailable(Fault):
    """Step Functions did not answer, or refused."""


class QueueUnavailable(Fault):
    """SQS did not answer, or refused."""
