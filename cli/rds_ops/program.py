"""The program `rds-ops`: its commands, and the one place where an error becomes a sentence and an exit code."""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Sequence
from typing import NoReturn

import click

from rds_ops import __version__
from rds_ops.commands import account, act, evidence, follow, instances
from rds_ops.failures import MEANINGS, ExitCode, Failure
from rds_ops.voice import advise, say

NAME = "rds-ops"
_SIGPIPE = 141


class Program(click.Group):
    """List the commands in the order in which a newcomer needs them."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self.commands)

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Start"):
            for line in ("rds-ops configure", "rds-ops instances --allowed", "rds-ops snapshot dev-postgres-01 --wait"):
                formatter.write(f"  {line}\n")
        with formatter.section("Exit codes"):
            formatter.write_dl([(str(int(code)), meaning) for code, meaning in MEANINGS.items()])


@click.command(cls=Program, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name=NAME)
def program() -> None:
    """Take a snapshot of, reboot, or move the backup window of a non-production RDS instance.

    Options come after the command. Each command's own help has an example.
    """


for _command in (
    *(instances.instances, instances.explain),
    *(act.snapshot, act.reboot, act.backup_window),
    *(follow.status, follow.watch, follow.list_operations, follow.history),
    *(evidence.verify, evidence.export),
    *(account.whoami, account.login, account.configure, account.completion),
):
    program.add_command(_command)


def run(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run and leave. Whatever goes wrong is one sentence on stderr, never a traceback."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")  # a terminal that is not UTF-8
    try:
        code = _ran(arguments)
        sys.stdout.flush()
    except BrokenPipeError:  # the reader, such as `head`, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = _SIGPIPE
    sys.exit(code)


def _ran(arguments: Sequence[str] | None) -> int:
    try:
        return int(program.main(arguments, NAME, standalone_mode=False) or 0)
    except Failure as failure:
        return _told(failure)
    except click.exceptions.Exit as left:
        return left.exit_code
    except click.Abort:
        return _told(Failure(ExitCode.INTERRUPTED, "Interrupted; nothing was begun."))
    except click.ClickException as error:
        error.show()
        return ExitCode.USAGE
    except BrokenPipeError:
        raise
    except Exception as error:  # a fault of this program: whoever reads this cannot mend it
        where = traceback.extract_tb(error.__traceback__)[-1]
        sentence = (
            f"This program failed: {type(error).__name__}: {error} ({os.path.basename(where.filename)}:{where.lineno})."
        )
        return _told(Failure(ExitCode.FAILED, sentence, "Tell its maintainers, with this sentence."))


def _told(failure: Failure) -> int:
    say(f"{NAME}: {failure.sentence}")
    for line in failure.advice.splitlines():
        advise(line)
    return failure.code
