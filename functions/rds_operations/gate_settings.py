"""The gate's settings: a JSON file, checked when the stack is synthesised and shipped inside the functions."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from rds_operations import shipped

ENVIRONMENT_TAG_NAMES = (
    "Environment", "Env", "ENV", "environment", "env", "Environ", "environ", "ENVIRON", "Stage", "stage", "STAGE",
)  # fmt: skip


@dataclass(frozen=True)
class GateSettings:
    """What the classification reads. The shipped default refuses every instance that nothing classifies."""

    environment_tag_names: tuple[str, ...] = ENVIRONMENT_TAG_NAMES
    instance_mappings: dict[str, str] = field(default_factory=dict)
    account_mappings: dict[str, str] = field(default_factory=dict)
    naming_patterns: dict[str, str] = field(default_factory=dict)
    default_environment: str = ""
    production_veto: bool = False

    @classmethod
    def from_document(cls, document: dict[str, Any]) -> GateSettings:
        names = document.get("environment_tag_names", ENVIRONMENT_TAG_NAMES)
        return cls(**{**document, "environment_tag_names": tuple(names)})

    @classmethod
    def shipped(cls) -> GateSettings:
        """The settings this deployment was made with; without them, nothing but tags classifies."""
        return cls.from_document(shipped.section("gate"))
