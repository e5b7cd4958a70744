"""What the shell completes from the service: instance names and operation ids. Any trouble is no completion."""

from __future__ import annotations

import click

from rds_ops.failures import Failure
from rds_ops.options import COMMON
from rds_ops.service import Service
from rds_ops.settings import Given, resolved

_LONGEST_SECONDS = 3.0
_MOST = "100"


def instance_names(ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[str]:
    return _completed(ctx, "instances", "instance_id", incomplete)


def operation_ids(ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[str]:
    return _completed(ctx, "operations", "operation_id", incomplete)


def _completed(ctx: click.Context, name: str, key: str, incomplete: str) -> list[str]:
    """Ask once and briefly: whoever presses Tab waits."""
    given = Given.of({option: ctx.params.get(option) for option in COMMON})
    try:
        service = Service(resolved(given), lambda _sentence: None, tries=1, timeout=_LONGEST_SECONDS)
        page = service.get(f"/{name}", {"limit": _MOST})
    except Failure:
        return []
    items = page.get(name)
    found = [str(item.get(key, "")) for item in items if isinstance(item, dict)] if isinstance(items, list) else []
    return [text for text in dict.fromkeys(found) if text.startswith(incomplete)]
