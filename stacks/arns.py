"""ARNs of resources that cannot be referred to: the reference would be circular, or another stack makes them."""

from aws_cdk import Stack

from stacks import names


def execution_prefix(stack: Stack) -> str:
    return f"{_states(stack)}:execution:{names.OPERATION_MACHINE}:"


def operation_machine(stack: Stack) -> str:
    return f"{_states(stack)}:stateMachine:{names.OPERATION_MACHINE}"


def admission_machine(stack: Stack) -> str:
    return f"{_states(stack)}:stateMachine:{names.ADMISSION_MACHINE}"


def late_watch_machine(stack: Stack) -> str:
    return f"{_states(stack)}:stateMachine:{names.LATE_WATCH_MACHINE}"


def late_watch_executions(stack: Stack) -> str:
    """Match all late watches: each has the name of its operation."""
    return f"{_states(stack)}:execution:{names.LATE_WATCH_MACHINE}:*"


def role(stack: Stack, account: str, name: str) -> str:
    return f"arn:{stack.partition}:iam::{account}:role/{name}"


def function(stack: Stack, name: str) -> str:
    return f"arn:{stack.partition}:lambda:{stack.region}:{stack.account}:function:{names.function(name)}"


def _states(stack: Stack) -> str:
    return f"arn:{stack.partition}:states:{stack.region}:{stack.account}"
