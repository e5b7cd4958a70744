"""What must be refused: requests that ask for what nobody may, and calls without credentials."""

from __future__ import annotations

import json

from rds_operations.records.audit_record import NO_INSTANCE
from tools.smoke.calls import JSON, Api, Attempt

LISTS = ("/operations", "/records", "/instances")
_TOO_LARGE = 40_000
"""Characters; more than Validate takes, less than API Gateway does."""


def attempts(unknown: str, production: str) -> list[Attempt]:
    """List what must be refused. `unknown` names no instance; `production` one, if anybody named it."""
    reboot, dry_run = _reboot(unknown), _reboot(unknown, dry_run=True)
    bodies = {
        "no JSON": ("{", "invalid_request", NO_INSTANCE),
        "no operation": (json.dumps({"instance_id": unknown}), "missing_parameter", unknown),
        "an operation that does not exist": (
            json.dumps({"operation": "delete_instance", "instance_id": unknown}),
            "operation_not_allowed",
            unknown,
        ),
        "no instance": (json.dumps({"operation": "reboot_instance"}), "missing_parameter", NO_INSTANCE),
        "no snapshot_id": (
            json.dumps({"operation": "create_snapshot", "instance_id": unknown}),
            "missing_parameter",
            unknown,
        ),
        "a bad backup window": (
            json.dumps(
                {
                    "operation": "modify_backup_window",
                    "instance_id": unknown,
                    "parameters": {"backup_window": "3-4"},
                }
            ),
            "invalid_parameter",
            unknown,
        ),
    }
    found = [Attempt(name, 400, code, body, recorded_as=where) for name, (body, code, where) in bodies.items()]
    found += [
        Attempt("an instance that does not exist", 404, "instance_not_found", reboot, recorded_as=unknown),
        Attempt("a dry run on none", 404, "instance_not_found", dry_run, recorded_as=unknown),
        Attempt("a body that is too large", 413, "request_too_large", "x" * _TOO_LARGE, recorded_as=NO_INSTANCE),
        Attempt("another content type", 415, "unsupported_media_type", reboot, headers={"Content-Type": "text/plain"}),
        Attempt("an operation nobody asked for", 404, "operation_not_found", None, "GET", f"/operations/{unknown}"),
        Attempt("a route that does not exist", 403, "unknown_route", None, "GET", "/nowhere"),
        Attempt("a list by what nobody can ask", 400, "invalid_request", None, "GET", "/records?scan=true"),
        Attempt("a page of nothing", 400, "invalid_parameter", None, "GET", "/operations?limit=0"),
        Attempt("a token of no list", 400, "invalid_parameter", None, "GET", "/records?next=AAAA"),
        Attempt("an instance that is not there", 404, "instance_not_found", None, "GET", f"/instances/{unknown}"),
        Attempt("instances of no account", 400, "invalid_parameter", None, "GET", "/instances?account_id=1"),
        Attempt("instances of a stranger", 400, "not_operated", None, "GET", f"/instances/{unknown}?region=xx-none-1"),
    ]
    return found + (_of_production(production) if production else [])


def _of_production(name: str) -> list[Attempt]:
    """A dry run is refused, and on record, as the request is."""
    bodies = {"production": _reboot(name), "a dry run on production": _reboot(name, dry_run=True)}
    return [
        Attempt(f"{what}: {name}", 403, "production_instance", body, recorded_as=name) for what, body in bodies.items()
    ]


def _reboot(instance_id: str, **more: bool) -> str:
    return json.dumps({"operation": "reboot_instance", "instance_id": instance_id, **more})


def strangers(api: Api, unknown: str) -> list[Attempt]:
    """List calls that no credentials, or wrong ones, may make."""
    if api.key:
        wrong = {**JSON, "x-api-key": "0" * 40}
        return [
            *_anonymous("no key", 403, "invalid_api_key", unknown),
            Attempt("a wrong key", 403, "invalid_api_key", _reboot(unknown), headers=wrong),
        ]
    if api.token:
        return _anonymous("no token", 401, "", unknown)
    return _anonymous("no signature", 403, "unknown_route", unknown)


def _anonymous(name: str, status: int, code: str, unknown: str) -> list[Attempt]:
    paths = [*LISTS, "/me", f"/operations/{unknown}", f"/instances/{unknown}"]
    return [
        Attempt(name, status, code, _reboot(unknown), anonymous=True),
        *(Attempt(f"{name}, GET {path}", status, code, None, "GET", path, anonymous=True) for path in paths),
    ]
