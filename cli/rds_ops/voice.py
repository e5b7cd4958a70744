"""What the program tells a person, and asks one: on stderr, so that stdout is the answer alone."""

from __future__ import annotations

import os
import sys
import textwrap
from typing import TextIO

import click

from rds_ops.tables import cell


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
