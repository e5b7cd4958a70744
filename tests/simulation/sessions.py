"""STS: whose hand a call is in.

Models sessions of a role with a session policy, which bind a call to the actions and resources that it names.
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
    """`policy` is empty where the role's own is all there is."""

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
        # Long over: botocore keeps none of a history's credentials for the next one.
        keys = {"AccessKeyId": key, "SecretAccessKey": "testing", "SessionToken": "testing", "Expiration": _PAST}
        return {"Credentials": keys, "AssumedRoleUser": {"AssumedRoleId": key, "Arn": call["RoleArn"]}}

    def of(self, client: Any, invocation: Invocation) -> Session:
        """Whose credentials a client has. Those of a reading role are asked for when they are first needed."""
        credentials = client._request_signer._credentials
        fetch = getattr(credentials, "_refresh_using", None)
        if fetch is None:
            return self._sessions[credentials.access_key]
        if id(credentials) not in invocation.sessions:
            invocation.sessions[id(credentials)] = fetch()["access_key"]
        return self._sessions[invocation.sessions[id(credentials)]]
