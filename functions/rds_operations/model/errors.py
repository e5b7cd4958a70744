"""Errors by what the caller may do next. An expected refusal is not an error: see `refusals`.

    ServiceError
    ├── NoEffect                        nothing was done
    │   ├── RdsRejected                 RDS answered no
    │   ├── AccountUnreachable          the role of an account cannot be assumed
    │   ├── AdmittedTooLate             Admit started after its Task had given up
    │   ├── RecordMismatch              an event contradicts the record
    │   ├── ClosedOtherwise             a success was closed as something else before
    │   └── Retryable                   the same call may be made again
    │       ├── RdsThrottled
    │       ├── RdsUnreachable
    │       └── TableBusy
    ├── RdsUnavailable                  the call may have had its effect
    ├── TableUnavailable                a write may have had its effect; a read has none
    ├── StepFunctionsUnavailable        a start may have had its effect
    ├── QueueUnavailable                a message may have been removed or sent
    ├── EventsUnavailable               an event may have been sent
    └── ArchiveUnavailable              a write may have had its effect; a read has none

Step Functions takes the class name as the error name and the message as the cause, so a Retry can name them.
https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html
"""

from __future__ import annotations


class ServiceError(Exception):
    """Base of all. Its message is safe to show to an operator."""


class NoEffect(ServiceError):
    """Nothing was done."""


class Retryable(NoEffect):
    """Nothing was done, and a repetition may succeed."""


class _RdsError(NoEffect):
    """`code` as botocore exposes it."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code


class RdsRejected(_RdsError):
    """RDS answered with a definite error."""


class RdsThrottled(_RdsError, Retryable):
    """RDS or STS refused for its rate limit."""


class RdsUnreachable(Retryable):
    """No connection to RDS: the call was not sent."""


class RdsUnavailable(ServiceError):
    """No definite answer from RDS: a time-out, a lost connection or a 5xx."""


class AccountUnreachable(NoEffect):
    """An account does not let this service in."""


class TableBusy(Retryable):
    """Another transaction touched the same items."""


class TableUnavailable(ServiceError):
    """DynamoDB could not be read or written."""


class AdmittedTooLate(NoEffect):
    """The function started when its Task was about to give up."""


class RecordMismatch(NoEffect):
    """What an event says of an operation does not fit its record."""


class ClosedOtherwise(NoEffect):
    """The record of an operation that succeeded says another end: somebody else had closed it."""


class StepFunctionsUnavailable(ServiceError):
    """Step Functions did not answer, or refused."""


class QueueUnavailable(ServiceError):
    """SQS did not answer, or refused."""


class EventsUnavailable(ServiceError):
    """EventBridge did not answer, or refused."""


class ArchiveUnavailable(ServiceError):
    """S3 did not answer, or refused."""
