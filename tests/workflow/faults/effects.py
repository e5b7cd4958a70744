from __future__ import annotations

from tests.workflow.service import Document


def shows(element: str, word: str) -> Document:
    """Make RDS return another value for an element."""
    return {
        "effect": "rewrite",
        "pattern": rf"<{element}>[^<]*</{element}>",
        "replacement": f"<{element}>{word}</{element}>",
    }
