"""What the local cloud cannot make yet, and the stack therefore leaves out there. Nothing else is left out."""

from stacks.settings import Settings

QUERY_DEFINITIONS = "AWS::Logs::QueryDefinition"
_REFUSED: dict[str, str] = {}
"""With the reason. Once an extension in local/extensions can make it, remove its line."""


def can_be_made(what: str, settings: Settings) -> bool:
    return not settings.is_local or what not in _REFUSED
