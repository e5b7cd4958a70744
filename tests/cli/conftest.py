"""The command line against a stub of the service, in this process; tests/workflow has it installed, at a terminal."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from rds_ops import program, service
from tests.cli.stub import Stub, serving

_LEAD_ELSEWHERE = ("RDS_OPS_", "AWS_", "HTTP_", "HTTPS_", "http_", "https_", "NO_PROXY", "no_proxy", "XDG_", "SSL_")


@dataclass(frozen=True)
class Done:
    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        return json.loads(self.out)


Run = Callable[..., Done]


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Leave nothing of this machine's configuration, and no pause between two tries."""
    for name in list(os.environ):
        if name.startswith(_LEAD_ELSEWHERE):
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("RDS_OPS_CONFIG", str(tmp_path / "rds-ops" / "config.toml"))
    monkeypatch.setattr(service, "_PAUSES", (0.0, 0.0, 0.0, 0.0))
    return tmp_path


@pytest.fixture
def stub() -> Iterator[Stub]:
    with serving() as found:
        yield found


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    def ran(*arguments: str) -> Done:
        with pytest.raises(SystemExit) as left:
            program.run(arguments)
        out, err = capsys.readouterr()
        assert "Traceback" not in out + err
        return Done(int(left.value.code or 0), out, err)

    return ran


@pytest.fixture
def rds_ops(run: Run, stub: Stub, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run the program against the stub, with an API key."""
    monkeypatch.setenv("RDS_OPS_API", stub.url)
    monkeypatch.setenv("RDS_OPS_API_KEY", "key-id-1")
    return run
