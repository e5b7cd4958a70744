"""STS: whose credentials a call has.

Models role sessions with a session policy, which limits a call to the actions and resources it names.
https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from tests.simulation.deployment import ACCOUNT, OWN_KEY

if TYPE_CHECKING:
    from tests.simulation.lambdas import Invocation

Document = dict[str, Any]
_PAST = datetime(2000, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Session:
    """Describe a session. `policy` is empty if only the role's own counts."""

    account_id: str
    name: str = ""
    policy: str = ""

    def allows(self, action: str, arn: str) -> bool:
        statements = json.loads(self.policy)["Statement"] if self.policy else []
        return any(one["Action"] == f"rds:{action}" and arn in one["Resource"] for one in statements)


_OWN = Session(ACCOUNT)


class Sessions:
    def __init__(self) -> None:
        self._sessions: dict[str, Session] = {OWN_KEY: _OWN}

    def assume(self, call: Document, who: str) -> Document:
        key = f"key of {who}/{len(self._sessions)}"
        self._sessions[key] = Session(call["RoleArn"].split(":")[4], call["RoleSessionName"], call.get("Policy", ""))
        # Expired, so that botocore keeps no credentials for the next history.
        keys = {"AccessKeyId": key, "SecretAccessKey": "testing", "SessionToken": "testing", "Expiration": _PAST}
        return {"Credentials": keys, "AssumedRoleUser": {"AssumedRoleId": key, "Arn": call["RoleArn"]}}

    def of(self, client: Any, invocation: Invocation) -> Session:
        """Return the session of a client. A reading role's credentials are fetched when first needed."""
        credentials = client._request_signer._credentials
        fetch = getattr(credentials, "_refresh_using", None)
        if fetch is None:
            return self._sessions[credentials.access_key]
        if id(credentials) not in invocation.sessions:
            invocation.sessions[id(credentials)] = fetch()["access_key"]
        return self._sessions[invocation.sessions[id(credentials)]]
