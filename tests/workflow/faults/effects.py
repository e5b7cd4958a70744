"""Effects that several files of rows use."""

from __future__ import annotations

from tests.workflow.service import Document


def shows(element: str, word: str) -> Document:
    """Make RDS show another value of an element of its answer."""
    return {
        "effect": "rewrite",
        "pattern": rf"<{element}>[^<]*</{element}>",
        "replacement": f"<{element}>{word}</{element}>",
    }
