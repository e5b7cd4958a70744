"""What every command has: its settings, the service, its output, and a voice on stderr."""

from __future__ import annotations

import shlex
import shutil
import sys
import textwrap
from functools import cached_property

import click

from rds_ops.output import Output
from rds_ops.service import Service
from rds_ops.settings import Given, Settings, resolved
from rds_ops.tables import cell

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


def say(sentence: str) -> None:
    """Tell the person something, on stderr, broken between words at the terminal's width."""
    print(_wrapped(cell(sentence)), file=sys.stderr, flush=True)


def advise(line: str) -> None:
    """Print one line that may have a command to paste: it is left whole."""
    print(cell(line), file=sys.stderr, flush=True)


def ask(question: str) -> bool:
    return click.confirm(_wrapped(cell(question)), default=False, err=True)


def is_attended() -> bool:
    """Return whether a person can be asked."""
    return sys.stdin.isatty() and sys.stderr.isatty()


def _wrapped(sentence: str) -> str:
    if not sys.stderr.isatty():
        return sentence
    width = shutil.get_terminal_size().columns
    return textwrap.fill(sentence, max(20, width - 1), break_long_words=False, break_on_hyphens=False)
