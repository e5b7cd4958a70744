"""Extension: RDS in a Region that the account has not enabled. In MiniStack all are enabled.

https://docs.aws.amazon.com/accounts/latest/reference/manage-acct-regions.html
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from ministack.core.responses import get_region
from ministack.services import rds

Response = tuple[int, dict[str, str], bytes]
# Disabled until an account opts in, which no local account does.
OPT_IN = frozenset(
    {
        "af-south-1",
        "ap-east-1",
        "ap-east-2",
        "ap-south-2",
        "ap-southeast-3",
        "ap-southeast-4",
        "ap-southeast-5",
        "ap-southeast-6",
        "ap-southeast-7",
        "ca-west-1",
        "eu-central-2",
        "eu-south-1",
        "eu-south-2",
        "il-central-1",
        "me-central-1",
        "me-south-1",
        "mx-central-1",
    }
)


def install() -> None:
    rds.handle_request = _where_enabled(rds.handle_request)


def _where_enabled(handle: Callable[..., Awaitable[Response]]) -> Callable[..., Awaitable[Response]]:
    async def handle_request(*request: Any) -> Response:
        if get_region() in OPT_IN:
            message = "The security token included in the request is invalid."
            refused: Response = rds._error("InvalidClientTokenId", message, 403)
            return refused
        return await handle(*request)

    return handle_request
