"""docs/audit.md: every call of the page, on a local cloud of its own, gives the answer that the page prints."""

from pathlib import Path

from local import cloud
from rds_operations.records.audit_record import Event, Recorder, audit_record
from rds_operations.records.list_query import PARAMETERS
from rds_operations.rules.classification import Verdict
from tests.builders import MOMENT, a_request
from tests.local_commands.commands import local, project_beside_this
from tests.local_commands.pages import follow

PAGE = (Path(__file__).parents[2] / "docs" / "audit.md").read_text()


def test_every_call_of_the_page(tmp_path: Path) -> None:
    project = project_beside_this(tmp_path)
    try:
        done = local(project, "up", PORT=str(cloud.free_port()), TIME_SCALE="60")
        assert done.returncode == 0, done.stdout + done.stderr
        follow(project, "docs/audit.md", "## Try it")
    finally:
        cloud.stop(project / ".local")


def test_the_page_names_every_attribute_event_and_writer() -> None:
    refused = {"success": False}
    record = audit_record(
        a_request(), Event.REFUSED, refused, MOMENT, Verdict.from_document(_VERDICT), settings_digest="x"
    )
    for name in (*record, "dry_run", *Event, *Recorder):
        assert f"`{name}`" in PAGE


def test_the_pages_questions_use_parameters_that_there_are() -> None:
    known = {name for names in PARAMETERS.values() for name in names}
    for line in PAGE.splitlines():
        if "ask records " in line or "ask operations " in line:
            asked = line.split("ask ")[1].split("|")[0].split()[1:]
            names = [part.split("=")[0] for part in asked if "=" in part and not part.startswith("+%")]
            assert set(names) <= known


_VERDICT = {"environment": "test", "source": "tag Environment=test"}
