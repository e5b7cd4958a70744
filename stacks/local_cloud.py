"""What the local cloud cannot make yet, and the stack therefore leaves out there. Nothing else is left out."""

from stacks.settings import Settings

METRIC_MATH = "alarms on metric math"
QUERY_DEFINITIONS = "AWS::Logs::QueryDefinition"
_REFUSED = {
    METRIC_MATH: "its CloudFormation refuses the property Metrics of an alarm",
    QUERY_DEFINITIONS: "its CloudFormation refuses every template with a type that it does not know",
}
"""With the reason. Once an extension in local/extensions can make it, remove its line."""


def can_be_made(what: str, settings: Settings) -> bool:
    return not settings.is_local or what not in _REFUSED
