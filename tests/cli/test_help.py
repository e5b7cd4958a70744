"""Every command has the same options, and a help with an example that is one."""

import re
import shlex

import click
import pytest

from rds_ops.options import COMMON, Command
from rds_ops.program import program
from tests.cli.answers import INSTANCE, service
from tests.cli.conftest import Run
from tests.cli.stub import Stub, Told

COMMANDS = sorted(program.commands)
ALONE = {"completion"}
"""What asks no service."""
TROUBLES = [Told(403, {"error": "No"}), Told(503, {}), Told(200, "x"), Told(200, {"instances": 1})]


def command(name: str) -> Command:
    found = program.commands[name]
    assert isinstance(found, Command)
    return found


@pytest.mark.parametrize("name", COMMANDS)
def test_the_help_shows_examples(run: Run, name: str) -> None:
    done = run(name, "--help")
    assert done.code == 0
    assert command(name).examples
    for example in command(name).examples:
        assert f"  {example}\n" in done.out


@pytest.mark.parametrize("name", COMMANDS)
def test_every_example_is_a_command_that_is_understood(name: str) -> None:
    for example in command(name).examples:
        found = re.search(r"rds-ops ([^>)]*)", example)
        assert found
        said, *arguments = shlex.split(found[1], comments=True)
        assert said == name
        command(name).make_context(name, arguments)


@pytest.mark.parametrize("name", [name for name in COMMANDS if name not in ALONE])
def test_every_command_has_the_common_options_and_their_variables(name: str) -> None:
    options = {item.name: item for item in command(name).params if isinstance(item, click.Option)}
    for common in COMMON:
        assert options[common].envvar == f"RDS_OPS_{common.upper()}"


def test_the_help_of_the_program_names_every_command_and_exit_code(run: Run) -> None:
    out = run("--help").out
    for name in COMMANDS:
        assert re.search(rf"^  {name} ", out, re.MULTILINE)
    assert re.search(r"^  130 ", out, re.MULTILINE)


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_completion_of_a_shell(run: Run, shell: str) -> None:
    assert "_RDS_OPS_COMPLETE" in run("completion", shell).out


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("rds-ops sna", {"snapshot"}),
        ("rds-ops explain ", {"dev-1", "dev-2"}),
        ("rds-ops snapshot dev-2", {"dev-2"}),
        ("rds-ops history --instance dev-", {"dev-1", "dev-2"}),
        ("rds-ops explain dev-1 --out", {"--output"}),
        ("rds-ops explain dev-1 --output t", {"table", "text"}),
    ],
)
def test_completion_knows_the_services_instances(
    rds_ops: Run, stub: Stub, monkeypatch: pytest.MonkeyPatch, words: str, expected: set[str]
) -> None:
    names = [{**INSTANCE, "instance_id": name} for name in ("dev-1", "dev-2", "dev-1")]
    stub.tell(Told(200, {"instances": names}))
    assert completed(rds_ops, monkeypatch, words) == expected


@pytest.mark.parametrize("answer", TROUBLES)
def test_completion_in_trouble_is_none_at_once(
    rds_ops: Run, stub: Stub, monkeypatch: pytest.MonkeyPatch, answer: Told
) -> None:
    stub.tell(answer)
    assert completed(rds_ops, monkeypatch, "rds-ops explain ") == set()
    assert len(stub.asked) == 1


def test_completion_of_operations(rds_ops: Run, stub: Stub, monkeypatch: pytest.MonkeyPatch) -> None:
    stub.script = service()
    assert completed(rds_ops, monkeypatch, "rds-ops watch dev") == {"dev-1-create-snapshot-0123456789abcdef"}


def completed(run: Run, monkeypatch: pytest.MonkeyPatch, words: str) -> set[str]:
    """Return what bash would offer."""
    monkeypatch.setenv("_RDS_OPS_COMPLETE", "bash_complete")
    monkeypatch.setenv("COMP_WORDS", words)
    monkeypatch.setenv("COMP_CWORD", str(len(words.split(" ")) - 1))
    done = run()
    assert (done.code, done.err) == (0, "")
    return {line.partition(",")[2] for line in done.out.splitlines() if line}


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("verify", "--from", "nonsense"), "nonsense is no time."),
        (("export", "--from", "2026-11-28", "--to", "2026-11-27"), "--from is not before --to."),
    ],
)
def test_a_range_that_is_none_is_said_before_aws_is_asked(run: Run, words: tuple[str, ...], told: str) -> None:
    done = run(*words)
    assert done.code == 2
    assert told in done.err
