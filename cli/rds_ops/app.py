"""What every command has: its settings, the service, and its output."""

from __future__ import annotations

import shlex
from functools import cached_property

from rds_ops.output import Output
from rds_ops.service import Service
from rds_ops.settings import Given, Settings, resolved
from rds_ops.voice import say

_REPEATED_OPTIONS = ("deployment", "api", "auth", "profile", "region", "api_key_file")


class App:
    def __init__(self, given: Given, typed: frozenset[str] = frozenset()) -> None:
        self.given = given
        self._typed = typed

    @cached_property
    def output(self) -> Output:
        return Output(self.given.output, self.given.query)

    @cached_property
    def settings(self) -> Settings:
        return resolved(self.given)

    @cached_property
    def service(self) -> Service:
        return Service(self.settings, say)

    def command(self, *words: str) -> str:
        """Return a command to paste, which reaches the same deployment in the same way. It has no secret."""
        options = [
            part
            for name in _REPEATED_OPTIONS
            if name in self._typed
            for part in (f"--{name.replace('_', '-')}", getattr(self.given, name))
        ]
        return shlex.join(["rds-ops", *words, *options])
