"""Starts the canned AWS beside the measured processes."""

from __future__ import annotations

import json
import ssl
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.bench import certificates
from tests.bench.processes import Endpoint

_ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Told:
    """What was called, by `<service>:<action>`, and what DynamoDB would bill for it."""

    calls: dict[str, int]
    write_units: float
    read_units: float


@contextmanager
def canned_aws(*, tls: bool = False, instances: int = 1, waits: dict[str, float] | None = None) -> Iterator[Endpoint]:
    """Serve until the block ends. `waits`: seconds until a service answers."""
    options: dict[str, Any] = {"instances": instances, "waits": waits or {}}
    with tempfile.TemporaryDirectory(prefix="rds-operations-certificates-") as folder:
        bundle = Path()
        if tls:
            chain, bundle = certificates.write(Path(folder))
            options["chain"] = str(chain)
        command = [sys.executable, "-m", "tests.bench.canned_aws", json.dumps(options)]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=_ROOT) as process:
            assert process.stdin
            assert process.stdout
            port = process.stdout.readline().strip()
            try:
                yield (
                    Endpoint(f"https://127.0.0.1:{port}", str(bundle)) if tls else Endpoint(f"http://127.0.0.1:{port}")
                )
            finally:
                process.stdin.close()


def told(endpoint: Endpoint) -> Told:
    """Return what was called since this was asked last."""
    context = ssl.create_default_context(cafile=endpoint.bundle) if endpoint.bundle else None
    with urllib.request.urlopen(endpoint.url, context=context) as answer:  # noqa: S310 - 127.0.0.1
        return Told(**json.loads(answer.read()))
