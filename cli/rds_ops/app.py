"""What every command has: its settings, the service, its output, and a voice on stderr."""

from __future__ import annotations

import os
import shlex
import sys
import textwrap
from functools import cached_property
from typing import TextIO

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
    print(wrapped(cell(sentence), sys.stderr), file=sys.stderr, flush=True)


def advise(line: str) -> None:
    """Print one line that may have a command to paste: it is left whole."""
    print(cell(line), file=sys.stderr, flush=True)


def ask(question: str) -> bool:
    return click.confirm(wrapped(cell(question), sys.stderr), default=False, err=True)


def is_attended() -> bool:
    """Return whether a person can be asked."""
    return sys.stdin.isatty() and sys.stderr.isatty()


def wrapped(sentence: str, stream: TextIO, indent: str = "") -> str:
    """Break it between words at the terminal's width; in a pipe it stays one line."""
    if not stream.isatty():
        return sentence
    width = max(20, os.get_terminal_size(stream.fileno()).columns - 1)
    return textwrap.fill(sentence, width, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)
