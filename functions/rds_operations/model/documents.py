"""Names for what is passed on between states and stored: JSON objects and items of a table."""

from __future__ import annotations

from typing import Any

Document = dict[str, Any]
"""A JSON object."""
Item = dict[str, str | bool | int]
"""An item of a DynamoDB table, as plain Python values."""
