"""`make bench` measures success paths of the built package, and reads the template that is deployed."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from stacks import package
from stacks.functions import CONSOLE
from stacks.settings import Settings
from tests.bench.deployed import parsed
from tests.bench.events import REFUSALS, SCENARIOS
from tests.bench.measurements import Bench
from tests.bench.processes import Runtime
from tests.bench.servers import canned_aws
from tests.infrastructure.conftest import Template

SITE_PACKAGES = Path(pytest.__file__).parents[1]


@pytest.mark.parametrize("tls", [False, True], ids=["plain", "tls"])
def test_every_function_takes_its_path(tls: bool) -> None:
    bench = Bench(Runtime(sys.executable, SITE_PACKAGES), package.build(Settings(stage="local")))
    with canned_aws(tls=tls) as endpoint:
        calls = {name: told.calls for name, told in bench.calls(SCENARIOS | REFUSALS, endpoint).items()}
    assert calls["validate"] == {}
    assert calls["admit"] == {"dynamodb:TransactWriteItems": 1}
    assert calls["execute"]["rds:CreateDBSnapshot"] == 1
    assert calls["publish"] == {"events:PutEvents": 1, "s3:PutObject": 1}
    assert calls["poll"] == {"rds:DescribeDBSnapshots": 1, "dynamodb:UpdateItem": 1}


def test_the_template_says_what_the_cost_model_asks(template: Template) -> None:
    found = parsed(template.resources)
    assert set(found.megabytes) == {*SCENARIOS, CONSOLE, "digest"}
    assert found.every_minutes == {"sweep": 5, "inventory": 15, "digest": 60}
    assert found.deployed.traced == 0.05
    assert found.deployed.express_logs_all
    assert not found.deployed.standard_logs_all
