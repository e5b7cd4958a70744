"""What ends a command: an exit code, one sentence, and what to do."""

from __future__ import annotations

from enum import IntEnum
from typing import Any


class ExitCode(IntEnum):
    """Tell a script how a command ended. docs/cli.md lists them."""

    DONE = 0
    FAILED = 1
    USAGE = 2
    REFUSED = 3
    NOT_FOUND = 4
    IN_THE_WAY = 5
    TIMED_OUT = 6
    NO_ACCESS = 7
    BUSY = 8
    INTERRUPTED = 130


MEANINGS = {
    ExitCode.DONE: "done",
    ExitCode.FAILED: "the operation failed, or the service did (500, 502, 504)",
    ExitCode.USAGE: "the command or the request is not valid (400)",
    ExitCode.REFUSED: "refused: production, an unclear environment, no permission (403)",
    ExitCode.NOT_FOUND: "no such instance or operation (404)",
    ExitCode.IN_THE_WAY: "something is in the way now (409)",
    ExitCode.TIMED_OUT: "time-out, of the operation or of `--timeout`",
    ExitCode.NO_ACCESS: "the service cannot be reached, or does not know you",
    ExitCode.BUSY: "the service is busy (429, 503)",
    ExitCode.INTERRUPTED: "interrupted; an operation that was waited for goes on",
}


class Failure(Exception):
    """End the command. `body` is the service's own answer, which `--output json` prints."""

    def __init__(self, code: ExitCode, sentence: str, advice: str = "", body: Any = None) -> None:
        super().__init__(sentence)
        self.code = code
        self.sentence = sentence
        self.advice = advice
        self.body = body


class Unreachable(Failure):
    """Say that no answer came. `sent` tells whether the request may have arrived."""

    def __init__(self, sentence: str, advice: str = "", *, sent: bool = False) -> None:
        super().__init__(ExitCode.NO_ACCESS, sentence, advice)
        self.sent = sent
