"""ARNs of the state machines, spelled out: these refer to the functions, which cannot refer back to them."""

from aws_cdk import Stack

from stacks import names


def execution_prefix(stack: Stack) -> str:
    """The ARN of an OPERATION execution, up to its name."""
    return f"{_states(stack)}:execution:{names.OPERATION_MACHINE}:"


def late_watch_machine(stack: Stack) -> str:
    return f"{_states(stack)}:stateMachine:{names.LATE_WATCH_MACHINE}"


def _states(stack: Stack) -> str:
    return f"arn:{stack.partition}:states:{stack.region}:{stack.account}"
