"""What to do about each refusal: the service's sentence says what is wrong, this says what helps at a terminal."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from rds_ops.failures import ExitCode, Failure
from rds_ops.transport import Answer

_HELP = "An example is in: rds-ops COMMAND --help"
ADVICE = {
    "invalid_request": _HELP,
    "operation_not_allowed": _HELP,
    "missing_parameter": _HELP,
    "invalid_parameter": _HELP,
    "request_too_large": "Send fewer or shorter tags.",
    "unsupported_media_type": "Use the version of rds-ops that the deployment has: rds-ops whoami",
    "not_operated": "The accounts and Regions that it manages are in: rds-ops whoami",
    "not_supported_by_instance": "What this instance allows is in: rds-ops explain NAME",
    "caller_not_permitted": "What you may do is in: rds-ops whoami. The service's owner grants more.",
    "account_not_reachable": "Tell the service's owner, with this sentence.",
    "production_instance": "If it is not production, have its tag or mapping corrected.",
    "environment_unknown": "Have it tagged, such as Environment=Development, or mapped by the service's owner.",
    "environment_disputed": "Have the wrong tag or mapping corrected. Until then it counts as production.",
    "instance_not_found": "The instances that there are: rds-ops instances",
    "operation_not_found": "Yours are in: rds-ops list. Another API, or another session name, is another caller.",
    "instance_ambiguous": "Where each of them is: rds-ops instances --output text",
    "operation_in_progress": "Wait for its end. What runs, and since when: rds-ops explain NAME",
    "instance_not_ready": "Its state now, and what that allows: rds-ops explain NAME",
    "pending_changes": "What is pending: rds-ops explain NAME --query pending_changes",
    "idempotency_key_reused": "Leave --idempotency-key out for a new operation.",
    "try_again": "Try again in a minute.",
    "timed_out": "Try again with the same --idempotency-key.",
    "internal_error": "Try again later; if it stays so, tell the service's owner.",
    "invalid_api_key": "Give this API's own: rds-ops configure --auth api_key",
    "unknown_route": "Check --auth, the credentials and the API's URL; or the service is of another version.",
}
NO_ACCESS_CODES = ("invalid_api_key", "unknown_route")
_OPTIONS = {
    "Send account_id and region": "Give --instance-account and --instance-region",
    "send account_id and region": "give --instance-account and --instance-region",
    "Send apply_immediately: false": "Give --no-apply-immediately",
    "Send force_failover: false, or leave it out": "Leave --force-failover out",
    "same Idempotency-Key": "same --idempotency-key",
    "another snapshot_id": "another --snapshot-id",
    " In a URL, + is written %2B": "",
    "see GET /me": "see rds-ops whoami",
}
_BY_STATUS = {
    400: ExitCode.USAGE,
    413: ExitCode.USAGE,
    415: ExitCode.USAGE,
    401: ExitCode.NO_ACCESS,
    403: ExitCode.REFUSED,
    404: ExitCode.NOT_FOUND,
    409: ExitCode.IN_THE_WAY,
    429: ExitCode.BUSY,
    503: ExitCode.BUSY,
}
_TOLERATED_SKEW_SECONDS = 240  # Signature Version 4 allows five minutes


def refusal(answer: Answer, instance: str = "") -> Failure:
    """Turn an answer that is no success into one sentence, what to do, and an exit code."""
    body = answer.body if isinstance(answer.body, dict) else {}
    error, code = body.get("error"), str(body.get("code", ""))
    if not isinstance(error, str):
        return _not_the_service(answer)
    exit_code = _BY_STATUS.get(answer.status, ExitCode.FAILED)
    if answer.status == 403 and (not code or code in NO_ACCESS_CODES):
        exit_code = ExitCode.NO_ACCESS
    told = in_options(error)
    told = told if told.endswith((".", "!", "?")) else f"{told}."
    advice = ADVICE.get(code) or _without_code(answer, exit_code)
    if exit_code is ExitCode.NO_ACCESS:
        advice = _about_the_clock(answer) or advice
    if hint := body.get("hint"):
        advice = f"{in_options(str(hint))} {advice}"
    if source := body.get("environment_source"):
        advice = f"Decided by {source}. {advice}"
    return Failure(exit_code, told, advice.replace("NAME", instance) if instance else advice, answer.body)


def in_options(text: str) -> str:
    """Say in options what the service's sentence says in keys of the request."""
    for key, option in _OPTIONS.items():
        text = text.replace(key, option)
    return text


def _without_code(answer: Answer, exit_code: ExitCode) -> str:
    """Return advice for what API Gateway words itself."""
    if answer.status == 401:
        return "Sign in: rds-ops login"
    if exit_code is ExitCode.NO_ACCESS:
        return "Check --profile, --region and --auth; you may lack execute-api:Invoke on this API."
    return "Try again in a minute." if exit_code is ExitCode.BUSY else "Try again later, or tell the service's owner."


def _about_the_clock(answer: Answer) -> str:
    """Say how far this machine's clock is off, where that alone would refuse a signature."""
    try:
        there = parsedate_to_datetime(answer.headers.get("Date", ""))
        ahead = (datetime.now(UTC) - there).total_seconds()
    except (TypeError, ValueError):
        return ""
    if abs(ahead) < _TOLERATED_SKEW_SECONDS:
        return ""
    way = "ahead of" if ahead > 0 else "behind"
    return f"This machine's clock is {abs(ahead) / 60:.0f} minutes {way} the service's. Set it, and try again."


def _not_the_service(answer: Answer) -> Failure:
    if answer.status in (429, 503):
        return Failure(ExitCode.BUSY, f"The service is busy (HTTP {answer.status}).", "Try again in a minute.")
    if answer.status >= 500:
        return Failure(ExitCode.FAILED, f"The service failed (HTTP {answer.status}).", "Try again later.")
    return Failure(
        ExitCode.NO_ACCESS,
        f"What answers there is not this service (HTTP {answer.status}).",
        "Check the API's URL (--api): it ends with its stage, such as /v1. A proxy may have answered, too.",
    )


def checked(body: Any) -> dict[str, Any]:
    """Return a success's body, which is an object from every version of the service."""
    if isinstance(body, dict):
        return body
    raise Failure(
        ExitCode.NO_ACCESS,
        "What answers there is not this service: its answer is not a JSON object.",
        "Check the API's URL (--api): it ends with its stage, such as /v1.",
    )
