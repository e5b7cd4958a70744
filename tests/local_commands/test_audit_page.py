"""docs/audit.md: every call of the page, on a local cloud of its own, gives the answer that the page prints."""

import re
from pathlib import Path

from local import cloud
from rds_operations.operations import OPERATIONS
from rds_operations.records.audit_record import NO_INSTANCE, Event, Recorder, audit_record
from rds_operations.records.list_query import MOST, PARAMETERS, USUAL, Route
from rds_operations.rules.classification import Environment, Verdict
from tests.builders import MOMENT, a_request
from tests.local_commands.commands import local, project_beside_this
from tests.local_commands.pages import follow

PAGE = (Path(__file__).parents[2] / "docs" / "audit.md").read_text()


def test_every_call_of_the_page(tmp_path: Path) -> None:
    project = project_beside_this(tmp_path)
    try:
        done = local(project, "up", PORT=str(cloud.free_port()), TIME_SCALE="60")
        assert done.returncode == 0, done.stdout + done.stderr
        follow(project, "docs/audit.md", "## Ask")
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
    questions = 0
    known = {name for names in PARAMETERS.values() for name in names}
    for line in PAGE.splitlines():
        if asks := re.search(r"(?:ask|pages) (?:records|operations) ([^|]*)", line):
            asked = asks[1].split()
            names = [part.split("=")[0] for part in asked if "=" in part and not part.startswith("+%")]
            assert set(names) <= known
            questions += 1
    assert questions >= 8


def test_the_page_lists_the_filters_of_each_list_and_their_values() -> None:
    section = PAGE.split("| filter |")[1].split("\n\n")[0]
    cells = [line.strip("| ").split(" | ") for line in section.splitlines()[2:]]
    found = {name: (values, lists) for names, values, lists in cells for name in re.findall(r"`(\w+)`", names)}
    of_list = {Route.OPERATIONS: ("both", "operations"), Route.RECORDS: ("both", "records")}
    for route, lists in of_list.items():
        assert [name for name in found if found[name][1].strip("`").startswith(lists)] == list(PARAMETERS[route])
    for name, known in {"operation": [*OPERATIONS], "environment": [*Environment], "event": [*Event]}.items():
        values = found[name][0]
        assert set(re.findall(r"`([\w-]+)`", values)) - {NO_INSTANCE} == set(known)
    assert f"{USUAL} if left out" in PAGE
    assert f"1 to {MOST}" in PAGE


_VERDICT = {"environment": "test", "source": "tag Environment=test"}
