"""The configuration file, and where secrets are kept."""

import stat
import sys
from pathlib import Path
from types import ModuleType

import pytest

from rds_ops import config
from rds_ops.failures import ExitCode
from tests.cli.answers import service
from tests.cli.conftest import Run
from tests.cli.stub import Stub

API = "https://abc.execute-api.eu-west-1.amazonaws.com/v1"


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_what_is_written_is_read_again(run: Run) -> None:
    odd = 'a "b" \\ c'
    assert (
        run("configure", "--deployment", odd, "--api", f"{API}/", "--profile", "dba", "--region", "eu-west-1").code == 0
    )
    deployment = config.Deployment(API, "iam", "dba", "eu-west-1")
    assert config.load() == config.Config(odd, {odd: deployment})
    assert mode(config.path()) == 0o600
    assert mode(config.path().parent) == 0o700


def test_several_deployments(run: Run, stub: Stub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RDS_OPS_API_KEY", "key-id-1")
    stub.script = service()
    assert run("configure", "--deployment", "here", "--api", stub.url, "--auth", "api_key").code == 0
    done = run("configure", "--deployment", "there", "--api", API)
    assert "Try it: rds-ops whoami --deployment there" in done.err
    monkeypatch.delenv("RDS_OPS_API_KEY")
    assert config.load().default == "here"
    assert run("whoami").code == 0
    assert run("whoami", "--deployment", "here").code == 0
    assert [asked.headers["X-Api-Key"] for asked in stub.asked] == ["key-id-1"] * 2
    done = run("whoami", "--deployment", "elsewhere")
    assert (done.code, "It has: here, there." in done.err) == (ExitCode.USAGE, True)
    assert run("configure", "--deployment", "there", "--default").code == 0
    assert config.load().default == "there"


def test_a_key_is_in_a_file_of_its_own(run: Run, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RDS_OPS_API_KEY", "key-id-1")
    assert run("configure", "--deployment", "../x", "--api", API, "--auth", "api_key").code == 0
    (kept,) = (home / "rds-ops" / "secrets").iterdir()
    assert (kept.read_text(), mode(kept), mode(kept.parent)) == ("key-id-1\n", 0o600, 0o700)
    assert "key-id-1" not in config.path().read_text()


def test_a_key_in_the_keyring(run: Run, stub: Stub, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept: dict[tuple[str, str], str] = {}
    keyring = ModuleType("keyring")
    keyring.set_password = lambda service, name, secret: kept.update({(service, name): secret})  # type: ignore[attr-defined]
    keyring.get_password = lambda service, name: kept.get((service, name))  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "keyring", keyring)
    monkeypatch.setenv("RDS_OPS_API_KEY", "key-id-1")
    stub.script = service()
    assert run("configure", "--api", stub.url, "--auth", "api_key", "--keep-in", "keyring").code == 0
    assert kept == {("rds-ops", "default/api-key"): "key-id-1"}
    assert not (home / "rds-ops" / "secrets").exists()
    monkeypatch.delenv("RDS_OPS_API_KEY")
    assert run("whoami").code == 0


def test_a_keyring_that_is_not_installed_or_locked(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RDS_OPS_API_KEY", "key-id-1")
    command = ["configure", "--api", API, "--auth", "api_key", "--keep-in", "keyring"]
    monkeypatch.setitem(sys.modules, "keyring", None)
    done = run(*command)
    assert (done.code, "rds-operations[keyring]" in done.err) == (ExitCode.NO_ACCESS, True)
    locked = ModuleType("keyring")
    monkeypatch.setitem(sys.modules, "keyring", locked)
    done = run(*command)
    assert (done.code, "The keyring does not answer" in done.err) == (ExitCode.NO_ACCESS, True)


@pytest.mark.parametrize(
    "text",
    [
        "not toml",
        "[deployments.x]\napi = 1",
        '[deployments.x]\nsecret = "x"',
        "deployments = 3",
        "[deployments]\nx = 1",
    ],
)
def test_a_file_that_cannot_be_understood(run: Run, text: str) -> None:
    config.write_private(config.path(), text)
    done = run("whoami")
    assert done.code == ExitCode.USAGE
    assert f"The configuration {config.path()} cannot be used" in done.err


def test_without_any_configuration_it_says_how_to_begin(run: Run) -> None:
    done = run("whoami")
    assert done.code == ExitCode.USAGE
    assert "rds-ops configure" in done.err


def test_options_come_before_variables_and_those_before_the_file(
    run: Run, stub: Stub, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stub.script = service()
    (home / "key").write_text("of the option\n".replace(" ", "-"))
    monkeypatch.setenv("RDS_OPS_API_KEY", "of-the-file")
    assert run("configure", "--api", stub.url, "--auth", "api_key").code == 0
    monkeypatch.delenv("RDS_OPS_API_KEY")
    assert run("whoami").code == 0
    monkeypatch.setenv("RDS_OPS_API_KEY", "of-the-variable")
    assert run("whoami").code == 0
    assert run("whoami", "--api-key-file", str(home / "key")).code == 0
    sent = [asked.headers["X-Api-Key"] for asked in stub.asked]
    assert sent == ["of-the-file", "of-the-variable", "of-the-option"]
