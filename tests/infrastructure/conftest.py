"""The templates of deployments on AWS, synthesised once, without credentials or network."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import pytest
from aws_cdk import App

from stacks.service_stack import ServiceStack
from stacks.settings import Settings
from stacks.target_account_stack import TargetAccountStack

ROOT = Path(__file__).parents[2]
Document = dict[str, Any]
WEB_ACL = "arn:aws:wafv2:eu-west-1:111122223333:regional/webacl/rds-operations/6f1d"


@dataclass(frozen=True)
class Template:
    path: Path

    @property
    def resources(self) -> dict[str, Document]:
        return self.section("Resources")

    def section(self, name: str) -> dict[str, Document]:
        """Return a section, empty where the template has none."""
        found: dict[str, Document] = self._document.get(name, {})
        return found

    @cached_property
    def _document(self) -> Document:
        document: Document = json.loads(self.path.read_text())
        return document

    def of_type(self, kind: str) -> list[Document]:
        return [item["Properties"] for item in self.resources.values() if item["Type"] == kind]

    def whole(self, kind: str) -> list[Document]:
        return [item for item in self.resources.values() if item["Type"] == kind]

    def one(self, kind: str, **properties: Any) -> Document:
        (found,) = [item for item in self.of_type(kind) if properties.items() <= item.items()]
        return found


def new_app(folder: Path) -> App:
    context = json.loads((ROOT / "cdk.json").read_text())["context"]
    return App(outdir=str(folder), context=context)


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Template:
    folder = tmp_path_factory.mktemp("cdk.out")
    app = new_app(folder)
    ServiceStack(app, "RdsOperations", Settings.load(ROOT / "settings" / "default.json", {}))
    app.synth()
    return Template(folder / "RdsOperations.template.json")


@pytest.fixture(scope="session")
def all_modes() -> Settings:
    """Return settings with every way to authenticate, two Regions and two target accounts."""
    return Settings.from_document(
        {
            "authentication": ["iam", "api_key", "cognito"],
            "console": {"domain_prefix": "dbas"},
            "regions": ["eu-central-1"],
            "accounts": {
                "222233334444": {"external_id": "orders-7d1f", "regions": ["eu-west-1", "eu-central-1"]},
                "333344445555": {"external_id": "billing-02c9", "regions": ["us-east-1"]},
            },
        }
    )


@pytest.fixture(scope="session")
def _both(tmp_path_factory: pytest.TempPathFactory, all_modes: Settings) -> Path:
    folder = tmp_path_factory.mktemp("cdk.out")
    app = new_app(folder)
    with_web_acl = replace(all_modes, web_acl_arn=WEB_ACL)
    ServiceStack(app, "RdsOperations", with_web_acl)
    TargetAccountStack(app, "RdsOperationsTarget", with_web_acl)
    app.synth()
    return folder


@pytest.fixture(scope="session")
def all_modes_template(_both: Path) -> Template:
    """Return the service's template, with a web ACL."""
    return Template(_both / "RdsOperations.template.json")


@pytest.fixture(scope="session")
def target_template(_both: Path) -> Template:
    return Template(_both / "RdsOperationsTarget.template.json")


@pytest.fixture(autouse=True)
def no_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
