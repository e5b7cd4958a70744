"""`rds-ops`, installed and in a real terminal, against the local cloud."""

import json
import re
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pexpect
import pytest

from local.cloud import REGION
from local.demo_instances import DEVELOPMENT
from local.deployment import list_databases
from local.instance_tags import FAILS, NEVER, SNAPSHOT_TAG
from local.shells import SHELLS, advice
from tests.cli.stub import Stub, Told, serving
from tests.people.terminal import Terminal, ended, install
from tests.workflow.callers import _PASSWORD, assumed, signed_in
from tests.workflow.service import Service

NARROW = 40
READY = {
    "bash": (["--norc", "-i"], 'eval "$(rds-ops completion bash)"'),
    "zsh": (["-f", "-i"], 'autoload -Uz compinit; compinit -D; eval "$(rds-ops completion zsh)"'),
    "fish": (["--no-config", "-i"], "rds-ops completion fish | source"),
}
"""For each shell, how to start it without a configuration, and what makes it complete."""


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return install(tmp_path_factory.mktemp("rds-ops"))


@pytest.fixture
def home(tmp_path: Path) -> dict[str, str]:
    return {"HOME": str(tmp_path), "AWS_EC2_METADATA_DISABLED": "true"}


@pytest.fixture
def terminal(program: Path, service: Service, home: dict[str, str]) -> Terminal:
    """Return a terminal of 100 columns, whose environment has the API's URL and a key."""
    outputs = service.outputs
    return Terminal(program, {**home, "RDS_OPS_API": outputs["api_url"], "RDS_OPS_API_KEY": outputs["api_key"]})


@pytest.fixture
def stub() -> Iterator[Stub]:
    with serving() as found:
        yield found


class TestAsking:
    def test_a_table_at_a_terminal_and_text_in_a_pipe(self, terminal: Terminal, service: Service) -> None:
        instance = service.new_instance()
        list_databases(service.cloud)
        done = terminal.run("instances")
        assert done.code == 0
        assert re.search(r"^INSTANCE +ALLOWED +ENVIRONMENT", done.shown, re.MULTILINE)
        assert re.search(rf"^{instance} +yes +development", done.shown, re.MULTILINE)
        (line,) = [line for line in terminal.piped("instances").stdout.splitlines() if line.startswith(f"{instance}\t")]
        assert line.split("\t")[1:3] == ["yes", "development"]

    def test_json_is_exact(self, terminal: Terminal, service: Service) -> None:
        operation_id = service.accepted({"operation": "reboot_instance", "instance_id": service.new_instance()})
        document = service.result(operation_id)
        assert json.loads(terminal.piped("status", operation_id, "--output", "json").stdout) == document
        assert json.loads(terminal.run("status", operation_id, "--output", "json").shown) == document

    def test_explain(self, terminal: Terminal, service: Service) -> None:
        done = terminal.run("explain", service.new_instance("prod", {"Environment": "Production"}))
        told = [line.split(":")[0] for line in done.shown.splitlines() if not line.startswith(" ")]
        assert told == ["You may", "Why not the rest", "What to do"]
        assert "Please create a CloudOps request." in " ".join(done.shown.split())

    def test_what_became_of_it(self, terminal: Terminal, service: Service) -> None:
        instance = service.new_instance()
        service.result(service.accepted({"operation": "reboot_instance", "instance_id": instance}))
        shown = terminal.run("history", "--instance", instance, "--operation", "reboot", "--from", "7d").shown
        assert re.search(rf"apikey:\S+ +{instance} +.*done", shown)
        assert terminal.piped("list", "--instance", instance, "--query", "operations[].status").stdout == "available\n"
        csv = terminal.piped("history", "--instance", instance, "--output", "csv").stdout
        assert csv.count("reboot_instance") == 2

    def test_a_narrow_terminal_without_colours(self, terminal: Terminal) -> None:
        for command in (["instances"], ["history"], ["list"], ["whoami"]):
            narrow = Terminal(terminal.program, {**terminal.variables, "NO_COLOR": "1"}, NARROW)
            child = narrow.spawn(str(narrow.program), *command)
            child.expect(pexpect.EOF)
            done = ended(child)
            assert done.code == 0
            assert not re.search(r"\x1b\[[0-9;]*3[0-7]m", child.before or "")
            assert all(len(line) <= NARROW for line in done.shown.splitlines()), done.shown


class TestDoing:
    def test_waiting_shows_how_far_it_is(self, terminal: Terminal, service: Service) -> None:
        instance = service.new_instance()
        child = terminal.spawn(str(terminal.program), "snapshot", instance, "--wait")
        child.expect(f"{instance} is development \\(tag Environment=Development\\): allowed.")
        child.expect(f"The snapshot's name: {instance}-manual-\\d{{4}}-\\d\\d-\\d\\d")
        child.expect("Idempotency-Key: ")
        child.expect("0:0\\d .*polls left")
        child.expect("status +.*available")
        child.expect(pexpect.EOF)
        assert ended(child).code == 0
        assert [snapshot["Status"] for snapshot in service.snapshots(instance)] == ["available"]

    @pytest.mark.parametrize("answer", ["y", "n"])
    def test_a_reboot_asks(self, terminal: Terminal, service: Service, answer: str) -> None:
        instance = service.new_instance()
        child = terminal.spawn(str(terminal.program), "reboot", instance)
        child.expect(re.escape("Reboot it? Its connections break. [y/N]: "))
        child.sendline(answer)
        child.expect(pexpect.EOF)
        done = ended(child)
        assert done.code == (0 if answer == "y" else 130)
        assert ("Watch it: rds-ops watch " in done.shown) == (answer == "y")
        assert bool(service.operations_on(instance)) == (answer == "y")

    def test_ctrl_c_ends_the_waiting_and_not_the_operation(self, terminal: Terminal, service: Service) -> None:
        instance = service.new_instance("stopped")
        service.hold(instance)
        child = terminal.spawn(str(terminal.program), "reboot", instance, "--yes", "--wait")
        child.expect(r"Accepted: (\S+)")
        operation_id = str(child.match.group(1))
        child.expect("0:0")
        child.sendintr()
        child.expect(pexpect.EOF)
        done = ended(child)
        assert done.code == 130
        assert "Stopped waiting; the operation goes on." in done.shown
        assert f"Look again: rds-ops watch {operation_id}" in done.shown
        assert "Traceback" not in done.shown
        service.let_go(instance)
        assert service.result(operation_id)["success"]
        assert terminal.run("watch", operation_id).code == 0

    def test_a_backup_window(self, terminal: Terminal, service: Service) -> None:
        instance = service.new_instance()
        assert terminal.piped("backup-window", instance, "23:30-00:15", "--wait").returncode == 0
        assert service.instance(instance)["PreferredBackupWindow"] == "23:30-00:15"


class TestExitCodes:
    def test_0_and_2_and_3_and_4(self, terminal: Terminal, service: Service) -> None:
        production = service.new_instance("prod", {"Environment": "Production"})
        ends = {
            ("snapshot", service.new_instance(), "--dry-run"): 0,
            ("backup-window", service.new_instance(), "99:00"): 2,
            ("reboot", production, "--yes"): 3,
            ("reboot", "no-such-instance", "--yes"): 4,
        }
        for command, code in ends.items():
            done = terminal.run(*command)
            assert (done.code, "Traceback" in done.shown) == (code, False), done.shown
        assert [record.get("dry_run", False) for record in service.records(production)] == [True, False]

    def test_1_it_failed(self, terminal: Terminal, service: Service) -> None:
        done = terminal.run("snapshot", service.new_instance(tags={**DEVELOPMENT, SNAPSHOT_TAG: FAILS}), "--wait")
        assert done.code == 1
        assert "(snapshot_failed)" in done.shown

    def test_5_and_6(self, terminal: Terminal, service: Service) -> None:
        """A snapshot that never ends is in the way of a reboot, until its own time-out."""
        instance = service.new_instance("never", tags={**DEVELOPMENT, SNAPSHOT_TAG: NEVER})
        service.hold(instance)
        waited = terminal.run("snapshot", instance, "--wait", "--timeout", "1s")
        assert waited.code == 6
        assert terminal.run("reboot", instance, "--yes").code == 5
        service.let_go(instance)
        (operation_id,) = re.findall(r"Accepted: (\S+)", waited.shown)
        over = terminal.run("watch", operation_id)
        assert over.code == 6
        assert re.search("status +timeout", over.shown)

    def test_7_no_key_and_nobody_there(self, terminal: Terminal) -> None:
        variables = {**terminal.variables, "RDS_OPS_API_KEY": "key-id-1"}
        assert Terminal(terminal.program, variables).run("whoami").code == 7
        assert terminal.run("whoami", "--api", "http://127.0.0.1:1/v1").code == 7

    @pytest.mark.parametrize("status", [429, 503])
    def test_8_busy(self, terminal: Terminal, stub: Stub, status: int) -> None:
        stub.tell(Told(status, {"error": "Too Many Requests"}, {"Retry-After": "0"}))
        assert terminal.run("whoami", "--api", stub.url).code == 8


class TestAuthentication:
    def test_a_signature_by_a_profile(
        self, terminal: Terminal, service: Service, home: dict[str, str], tmp_path: Path
    ) -> None:
        credentials = assumed(service, "dba", "jane.doe@example.com").credentials
        keys = {name: credentials[name] for name in ("AccessKeyId", "SecretAccessKey", "SessionToken")}
        given = {"Version": 1, **keys}
        (tmp_path / "given.json").write_text(json.dumps(given))
        (tmp_path / "aws").write_text(
            f"[profile dba]\nregion = {REGION}\ncredential_process = cat {tmp_path}/given.json\n"
        )
        api = {"RDS_OPS_API": service.outputs["iam_api_url"], "AWS_CONFIG_FILE": str(tmp_path / "aws")}
        signed = Terminal(terminal.program, {**home, **api})
        done = signed.piped("whoami", "--profile", "dba", "--query", "[userId, authentication]")
        assert done.stdout == "jane.doe@example.com\tiam\n", done.stderr
        instance = service.new_instance()
        assert signed.run("snapshot", instance, "--profile", "dba", "--wait").code == 0
        (accepted, _) = service.records(instance)
        assert json.loads(accepted["user_identity"])["userId"] == "jane.doe@example.com"

    def test_a_token(self, terminal: Terminal, service: Service, home: dict[str, str]) -> None:
        token = signed_in(service, "token-user").token
        given = {"RDS_OPS_API": service.outputs["cognito_api_url"], "RDS_OPS_TOKEN": token}
        done = Terminal(terminal.program, {**home, **given}).piped("whoami", "--query", "[userId, authentication]")
        assert done.stdout == "token-user\tcognito\n", done.stderr

    def test_configure_and_sign_in(self, terminal: Terminal, service: Service, home: dict[str, str]) -> None:
        """The browser is a program that fills in the pool's own sign-in page."""
        signed_in(service, "browser-user")
        browser = f"{sys.executable} {Path(__file__).with_name('sign_in_program.py')} browser-user {_PASSWORD} %s"
        person = Terminal(terminal.program, {**home, "BROWSER": browser})
        child = person.spawn(str(person.program), "configure")
        outputs = service.outputs
        for question, answer in {
            "The API's URL": outputs["cognito_api_url"],
            "How to authenticate": "cognito",
            "The sign-in page": outputs["endpoint_url"],
            "The app client": outputs["cli_client_id"],
        }.items():
            child.expect(question)
            child.expect(": $")
            child.sendline(answer)
        child.expect("Try it: rds-ops login")
        child.expect(pexpect.EOF)
        assert ended(child).code == 0
        done = person.run("login")
        assert done.code == 0, done.shown
        done = person.run("whoami")
        assert re.search("user +browser-user", done.shown)


class TestCompletion:
    @pytest.mark.parametrize("shell", SHELLS)
    def test_names_of_instances(self, terminal: Terminal, service: Service, shell: str) -> None:
        found = shutil.which(shell)
        if not found:
            pytest.skip(advice([shell]))
        instance = service.new_instance(f"with-{shell}")
        list_databases(service.cloud)
        arguments, ready = READY[shell]
        child = terminal.spawn(found, *arguments)
        child.sendline(ready)
        child.sendline("echo is-$((1 + 1))-ready" if shell != "fish" else "echo is-(math 1 + 1)-ready")
        child.expect("is-2-ready")
        child.send(f"rds-ops explain with-{shell}-\t")
        child.expect(instance.removeprefix(f"with-{shell}-"))
        child.close(force=True)


def test_it_needs_nothing_of_the_service(program: Path) -> None:
    """The package has its own modules only, and they import none of the service's."""
    (installed,) = program.parent.parent.glob("lib/python3.*/site-packages")
    names = {path.name.partition("-")[0] for path in installed.iterdir()}
    assert names == {"beside.pth", "rds_ops", "rds_operations"}, "its modules, and its metadata"
    (metadata,) = installed.glob("rds_operations-*.dist-info")
    assert metadata.is_dir()
    text = "".join(path.read_text() for path in (installed / "rds_ops").rglob("*.py"))
    assert not re.search(r"^\s*(from|import) (rds_operations|stacks|local)\b", text, re.MULTILINE)
