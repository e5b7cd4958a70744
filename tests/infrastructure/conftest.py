"""The template of a deployment on AWS, synthesised once: no credentials, no network."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from aws_cdk import App

from stacks.service_stack import ServiceStack
from stacks.settings import Settings

ROOT = Path(__file__).parents[2]
Document = dict[str, Any]


@dataclass(frozen=True)
class Template:
    path: Path

    @property
    def resources(self) -> dict[str, Document]:
        found: dict[str, Document] = json.loads(self.path.read_text())["Resources"]
        return found

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


@pytest.fixture(autouse=True)
def no_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
