"""Extension: CloudTrail records who called RDS or STS.

MiniStack records every caller as an IAM user, no action of the Query protocol, and calls that are no management events.
This records only what IAM allows.
https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-user-identity.html
"""

from __future__ import annotations

import json
import time
from typing import Any

from ministack.core import iam_evaluator
from ministack.core.responses import get_account_id
from ministack.services import cloudtrail, sts

from local.extensions.sessions import SOURCE_IDENTITY, role_of

Document = dict[str, Any]
_RECORDED = ("rds", "sts")
_TYPES = {"AssumedRole": "AssumedRole", "User": "IAMUser", "FederatedUser": "FederatedUser", "Root": "Root"}


def install() -> None:
    record = cloudtrail.record_event

    def record_event(service: str, access_key_id: str, request_params: Document, **other: Any) -> None:
        if service not in _RECORDED:
            return
        who = _identity(access_key_id)
        other["event_name"] = request_params.get("Action", other["event_name"])
        other["username"] = who["arn"].split("/")[-1] if "/" in who["arn"] else "root"
        other["resources"] = _resources(request_params)
        record(service=service, access_key_id=access_key_id, request_params=_shown(request_params), **other)
        event = cloudtrail._get_event_queue()[-1]
        event["CloudTrailEvent"] = json.dumps(json.loads(event["CloudTrailEvent"]) | {"userIdentity": who})

    cloudtrail.record_event = record_event


def _identity(access_key: str) -> Document:
    credential = iam_evaluator.resolve_credential(access_key, get_account_id())
    who = {
        "type": _TYPES[credential.principal_type],
        "principalId": credential.principal_id,
        "arn": credential.principal_arn,
        "accountId": credential.account_id,
        "accessKeyId": access_key,
    }
    if credential.principal_type == "User":
        return who | {"userName": credential.principal_name}
    if credential.principal_type == "AssumedRole":
        return who | {"sessionContext": _session_context(access_key, credential)}
    return who


def _session_context(access_key: str, credential: Any) -> Document:
    session, role = sts._sessions[access_key], role_of(credential.principal_arn)
    issued = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(session["IssuedAt"]))
    context: Document = {
        "sessionIssuer": {
            "type": "Role",
            "principalId": role["RoleId"],
            "arn": role["Arn"],
            "accountId": credential.account_id,
            "userName": role["RoleName"],
        },
        "attributes": {"creationDate": issued, "mfaAuthenticated": "false"},
    }
    if SOURCE_IDENTITY in session:
        context["sourceIdentity"] = session[SOURCE_IDENTITY]
    return context


def _resources(parameters: Document) -> list[Document]:
    name = parameters.get("DBInstanceIdentifier")
    return [{"ResourceType": "AWS::RDS::DBInstance", "ResourceName": name}] if name else []


def _shown(parameters: Document) -> Document:
    """Return them in CloudTrail's spelling, `dBInstanceIdentifier`, without a password."""
    return {
        f"{name[0].lower()}{name[1:]}": "****" if "password" in name.lower() else value
        for name, value in parameters.items()
        if name not in ("Action", "Version")
    }
