"""One version, wherever it is written."""

import re
import tomllib

import rds_ops
from rds_operations.settings.version import VERSION
from tests import api_document
from tests.infrastructure.conftest import ROOT


def test_the_version_is_the_same_everywhere() -> None:
    assert rds_ops.__version__ == VERSION
    assert tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["dynamic"]["version"] == {
        "attr": "rds_ops.__version__"
    }
    assert api_document.document()["info"]["version"] == VERSION
    first = re.search(r"^## (\S+?),? ", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert first
    assert first[1] == VERSION
