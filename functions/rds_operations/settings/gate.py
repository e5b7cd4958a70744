"""The gate's settings: a JSON file, checked when the stack is synthesised and shipped inside the functions."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from rds_operations.settings import packaged

ENVIRONMENT_TAG_NAMES = (
    "Environment", "Env", "ENV", "environment", "env", "Environ", "environ", "ENVIRON", "Stage", "stage", "STAGE",
)  # fmt: skip
_NAMES = ("environment_tag_names", "ignored_tag_names")


@dataclass(frozen=True)
class GateSettings:
    """The settings that the classification reads. By default it refuses every instance that nothing classifies."""

    environment_tag_names: tuple[str, ...] = ENVIRONMENT_TAG_NAMES
    ignored_tag_names: tuple[str, ...] = ()
    environment_words: dict[str, str] = field(default_factory=dict)
    instance_mappings: dict[str, str] = field(default_factory=dict)
    account_mappings: dict[str, str] = field(default_factory=dict)
    naming_patterns: dict[str, str] = field(default_factory=dict)
    default_environment: str = ""
    production_veto: bool = False

    @property
    def tag_name_to_use(self) -> str:
        """Return the first environment tag name that counts here: refusals advise to use it."""
        ignored = {name.lower() for name in self.ignored_tag_names}
        return next((name for name in self.environment_tag_names if name.lower() not in ignored), "Environment")

    @classmethod
    def from_document(cls, document: dict[str, Any]) -> GateSettings:
        """Make them of JSON, which has lists where these have tuples."""
        lists = {name: tuple(document[name]) for name in _NAMES if name in document}
        return cls(**{**document, **lists})

    @classmethod
    def packaged(cls) -> GateSettings:
        """Read the settings of this deployment. Without them, only tags classify."""
        return cls.from_document(packaged.section("gate"))
