"""What docs/cli.md has from the program itself: its commands, options and exit codes."""

from __future__ import annotations

import click

from rds_ops.failures import MEANINGS
from rds_ops.options import COMMON, Command
from rds_ops.program import program


def command_sections() -> str:
    """Return a section for each command: what it does, its examples, its own options."""
    found = [(name, command) for name, command in program.commands.items() if isinstance(command, Command)]
    return "\n\n".join(_section(name, command) for name, command in found)


def common_options() -> str:
    command = program.commands["whoami"]
    options = [item for item in command.params if item.name in COMMON and isinstance(item, click.Option)]
    rows = ["| option | variable | meaning |", "|---|---|---|"]
    rows += [f"| {_usage(item)} | `{item.envvar}` | {(item.help or '').partition('  [')[0]} |" for item in options]
    return "\n".join(rows)


def exit_codes() -> str:
    rows = [f"| {int(code)} | {meaning} |" for code, meaning in MEANINGS.items()]
    return "\n".join(["| code | meaning |", "|---|---|", *rows])


def _section(name: str, command: Command) -> str:
    arguments = " ".join(item.make_metavar(click.Context(command)) for item in command.params if not _is_option(item))
    text = " ".join((command.help or "").split())
    examples = "\n".join(command.examples)
    lines = [f"### {name}", f"`{' '.join(('rds-ops', name, arguments)).strip()}`: {text}", f"```\n{examples}\n```"]
    if own := [item for item in command.params if isinstance(item, click.Option) and item.name not in COMMON]:
        lines += ["\n".join(["| option | meaning |", "|---|---|", *(f"| {_usage(i)} | {_help(i)} |" for i in own)])]
    return "\n".join(lines)


def _is_option(item: click.Parameter) -> bool:
    return isinstance(item, click.Option)


def _usage(item: click.Option) -> str:
    names = " ".join(f"`{name}`" for name in (*item.opts, *item.secondary_opts))
    if item.is_flag:
        return names
    if isinstance(item.type, click.Choice):
        return f"{names} {' '.join(f'`{choice}`' for choice in item.type.choices)}"
    return f"{names} {item.metavar or ''}".strip()


def _help(item: click.Option) -> str:
    shown = f" Default: {item.default}." if item.show_default else ""
    return (item.help or "") + shown
