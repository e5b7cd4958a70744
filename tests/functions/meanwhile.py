"""Something happens between a function's two calls to DynamoDB."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from tests.functions.calls import Call
from tests.functions.fake_aws import FakeAws


@contextmanager
def before(aws: FakeAws, state: str, action: str, meanwhile: Callable[[], object], skip: int = 0) -> Iterator[None]:
    """Run `meanwhile` once, right before the function's first such call after `skip`."""
    left = [skip]

    def strike(call: Call) -> None:
        if (call.state, call.action) != (state, action):
            return
        left[0] -= 1
        if left[0] == -1:
            meanwhile()
            aws.calls.state = state

    with aws.calls.answering(strike):
        yield
    assert left[0] < 0, "nothing has happened meanwhile"
