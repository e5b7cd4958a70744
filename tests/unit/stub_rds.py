from types import SimpleNamespace
from typing import Any, cast

from botocore.exceptions import ClientError

from rds_operations.aws.rds import Rds


def rds(**answers: Any) -> Rds:
    """Return an `Rds` whose client's methods return or raise what a test says."""

    def method(answer: Any) -> Any:
        def call(**_arguments: Any) -> Any:
            if isinstance(answer, Exception):
                raise answer
            return answer

        return call

    return Rds(cast("Any", SimpleNamespace(**{name: method(answer) for name, answer in answers.items()})))


def error(code: str, status: int = 400) -> ClientError:
    response: Any = {"Error": {"Code": code, "Message": "words"}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(response, "Describe")
