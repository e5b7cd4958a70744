"""An operation in the console, from the form to its end, in a real browser."""

from __future__ import annotations

import json
import re
import time
from typing import Any
from urllib.parse import unquote

import pytest

from local.instance_tags import FAILS, NEVER, SNAPSHOT_TAG
from stacks.log_queries import QUERIES
from tests.people.browser import PATIENCE_MS, Seen
from tests.people.console import CLOUDSCAPES_OWN, PHONE, confirmed, lit, signed_in, view_of
from tests.workflow.service import Service, reboot_of, snapshot_of


def ended(page: Any, look: str) -> None:
    page.locator(f"[data-look={look}]").wait_for()


def test_a_snapshot_from_the_form_to_its_end(service: Service, seen: Seen) -> None:
    name = service.new_instance("from-form")
    service.hold(name)
    page = signed_in(service, seen, view_of(name))
    page.get_by_role("link", name="Take a snapshot").click()
    suggested = page.get_by_label("Snapshot name").input_value()
    assert re.fullmatch(rf"{name}-manual-\d{{4}}-\d\d-\d\d-\d{{6}}", suggested)
    page.get_by_role("button", name="Add a tag").click()
    page.get_by_label("Key of tag 1").fill("Ticket")
    page.get_by_label("Value of tag 1").fill("OPS-17")
    assert seen.axe_violations() == []
    page.get_by_role("button", name="Check and continue").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_text(f"This takes the snapshot {suggested} of {name}.").wait_for()
    assert service.snapshots(name) == []
    assert seen.axe_violations() == []
    dialog.get_by_role("button", name="Take a snapshot").click()
    page.locator("[data-state=Wait][data-look=running]").wait_for()
    assert {"Validate", "Classify", "Execute"} <= set(lit(page, "passed"))
    assert seen.axe_violations() == []
    service.let_go(name)
    ended(page, "succeeded")
    page.get_by_text(f"Snapshot of {name} is done after").first.wait_for()
    links = page.get_by_role("link", name=name, exact=True).all()
    assert {link.get_attribute("href") for link in links} == {view_of(name)}
    assert lit(page, "succeeded") == ["Audit"]
    (snapshot,) = service.snapshots(name)
    assert snapshot["DBSnapshotIdentifier"] == suggested
    assert {"Key": "Ticket", "Value": "OPS-17"} in snapshot["TagList"]
    assert seen.axe_violations() == []
    assert seen.problems() == []


def test_a_reboot_with_failover_says_what_it_interrupts(service: Service, seen: Seen) -> None:
    name = service.new_instance(MultiAZ=True)
    page = signed_in(service, seen, view_of(name, "reboot_instance"))
    page.get_by_label("Force failover").check()
    page.get_by_role("button", name="Check and continue").click()
    page.get_by_text(f"This fails {name} over to its standby").wait_for()
    page.get_by_role("button", name="Cancel").click()
    assert not service.rebooted(name)
    operation_id = confirmed(page, "Reboot")
    ended(page, "succeeded")
    assert service.result(operation_id)["force_failover"] is True
    assert seen.problems() == []


def test_a_backup_window_is_checked_as_one_types(service: Service, seen: Seen) -> None:
    name = service.new_instance()
    page = signed_in(service, seen, view_of(name, "modify_backup_window"))
    window = page.get_by_role("textbox", name="Backup window")
    window.fill("25:00-26:00")
    page.get_by_text("Enter a value such as 02:30-03:30.").wait_for()
    check = page.get_by_role("button", name="Check and continue")
    check.click()
    assert page.get_by_role("dialog").count() == 0
    window.fill(service.instance(name)["PreferredBackupWindow"])
    page.get_by_text("This is its backup window already.").wait_for()
    check.click()
    assert page.get_by_role("dialog").count() == 0
    window.fill("01:30 - 02:30")
    operation_id = confirmed(page, "Move the backup window")
    ended(page, "succeeded")
    assert service.result(operation_id)["backup_window"] == "01:30-02:30"
    assert seen.problems() == []


def test_each_field_says_what_is_wrong_with_it(service: Service, seen: Seen) -> None:
    name = service.new_instance()
    page = signed_in(service, seen, view_of(name, "create_snapshot"))
    check = page.get_by_role("button", name="Check and continue")
    page.get_by_label("Snapshot name").fill(" my snap! ")
    page.get_by_text("Enter a value such as").wait_for()
    page.get_by_text("Starts with a letter; then letters, digits and single hyphens").wait_for()
    page.get_by_label("Snapshot name").fill(" my-snap\t")
    page.get_by_text("Enter a value such as").wait_for(state="detached")
    for _ in range(2):
        page.get_by_role("button", name="Add a tag").click()
    check.click()
    page.get_by_text("Enter a key, or remove the tag.").nth(1).wait_for()
    page.get_by_label("Key of tag 1").fill("Ticket")
    page.get_by_label("Key of tag 2").fill("Ticket")
    page.get_by_text("Another tag has this key.").nth(1).wait_for()
    assert seen.axe_violations() == []
    page.get_by_role("button", name="Remove the tag").last.click()
    service.result(service.accepted(snapshot_of(name, snapshot_id="my-snap")))
    check.click()
    page.get_by_text("Snapshot my-snap already exists.").wait_for()
    assert page.get_by_role("dialog").count() == 0
    page.get_by_role("link", name="Cancel").click()
    page.get_by_role("form").wait_for(state="detached")
    assert [snapshot["DBSnapshotIdentifier"] for snapshot in service.snapshots(name)] == ["my-snap"]
    assert seen.problems() == []


def test_what_an_instance_rules_out_cannot_be_chosen(service: Service, seen: Seen) -> None:
    name = service.new_instance()
    page = signed_in(service, seen, view_of(name, "reboot_instance"))
    page.get_by_text(f"{name} has no standby: it is not Multi-AZ.").wait_for()
    assert page.get_by_label("Force failover").is_disabled()
    assert seen.axe_violations() == []
    pending = service.new_instance()
    service.aws("rds").modify_db_instance(DBInstanceIdentifier=pending, DBInstanceClass="db.t3.large")
    page.goto(service.outputs["console_url"] + view_of(pending, "modify_backup_window"))
    page.get_by_text("It would apply the pending changes, too: DBInstanceClass.").wait_for()
    assert page.get_by_label("Apply immediately").is_disabled()
    page.get_by_role("textbox", name="Backup window").fill("01:30-02:30")
    confirmed(page, "Move the backup window")
    ended(page, "succeeded")
    page.get_by_text("The daily backups are at 01:30-02:30 UTC now.").wait_for()
    assert service.instance(pending)["PreferredBackupWindow"] == "01:30-02:30"


def test_what_would_be_refused_is_said_before_the_confirmation(service: Service, seen: Seen) -> None:
    name = service.new_instance()
    page = signed_in(service, seen, view_of(name, "reboot_instance"))
    service.aws("rds").add_tags_to_resource(
        ResourceName=service.instance(name)["DBInstanceArn"], Tags=[{"Key": "Environment", "Value": "Production"}]
    )
    page.get_by_role("button", name="Check and continue").click()
    page.get_by_text("This would be refused").wait_for()
    assert service.post({**reboot_of(name), "dry_run": True}).body["error"] in page.get_by_role("form").inner_text()
    assert page.get_by_role("dialog").count() == 0
    assert service.operations_on(name) == []


def test_production_has_no_form_not_even_by_its_address(service: Service, seen: Seen) -> None:
    name = service.new_instance("prod", {"Environment": "Production"})
    page = signed_in(service, seen, view_of(name, "reboot_instance"))
    page.get_by_text("Please create a CloudOps request").first.wait_for()
    assert page.get_by_role("form").count() == 0
    assert page.get_by_role("link", name="Reboot").count() == 0
    assert seen.axe_violations() == []
    assert seen.problems() == []


def test_a_lost_answer_starts_nothing_twice(service: Service, seen: Seen) -> None:
    name = service.new_instance("lost")
    service.hold(name)
    page = signed_in(service, seen, view_of(name, "create_snapshot"))
    lost: list[str] = []

    def lose(route: Any) -> None:
        if "dry_run" in (route.request.post_data or "") or lost:
            route.continue_()
            return
        route.fetch()  # the service has it, and the page never hears of it
        lost.append(route.request.headers["idempotency-key"])
        route.abort()

    page.route("**/operations", lose)
    snapshot_id = page.get_by_label("Snapshot name").input_value()
    page.get_by_role("button", name="Check and continue").click()
    page.get_by_role("dialog").get_by_role("button", name="Take a snapshot").click()
    page.get_by_text("No answer came").wait_for()
    page.reload()
    page.get_by_text("has been running since").wait_for()
    page.get_by_role("link", name="Watch it").click()
    service.let_go(name)
    ended(page, "succeeded")
    assert len(lost) == 1
    (snapshot,) = service.snapshots(name)
    assert snapshot["DBSnapshotIdentifier"] == snapshot_id
    assert len([item for item in service.operations_on(name) if "operation" in item]) == 1


def test_the_second_try_carries_the_key_of_the_first(service: Service, seen: Seen) -> None:
    name = service.new_instance()
    page = signed_in(service, seen, view_of(name, "create_snapshot"))
    keys: list[str] = []

    def fail_first(route: Any) -> None:
        key = route.request.headers.get("idempotency-key")
        if key:
            keys.append(key)
        if keys == [key]:
            route.abort()
        else:
            route.continue_()

    page.route("**/operations", fail_first)
    page.get_by_role("button", name="Check and continue").click()
    confirm = page.get_by_role("dialog").get_by_role("button", name="Take a snapshot")
    confirm.click()
    page.get_by_text("No answer came").wait_for()
    confirm.click()
    page.wait_for_url("**/console/#/operations/*")
    assert len(keys) == 2
    assert keys[0] == keys[1]
    assert page.evaluate("sessionStorage.getItem('rds-operations.request')") is None
    ended(page, "succeeded")


def test_a_reload_and_a_second_tab_see_the_same(service: Service, seen: Seen, chrome: Any) -> None:
    name = service.new_instance("again")
    service.hold(name)
    operation_id = service.accepted(snapshot_of(name))
    page = signed_in(service, seen, f"#/operations/{operation_id}")
    page.locator("[data-look=running]").wait_for()
    page.reload()
    page.locator("[data-look=running]").wait_for()
    service.let_go(name)
    ended(page, "succeeded")
    other = Seen(chrome.new_page())
    ended(signed_in(service, other, f"#/operations/{operation_id}"), "succeeded")
    other.page.close()
    assert seen.problems() == []


def test_an_end_is_told_on_the_other_views(service: Service, seen: Seen) -> None:
    name = service.new_instance("told")
    service.hold(name)
    page = signed_in(service, seen, view_of(name, "create_snapshot"))
    confirmed(page, "Take a snapshot")
    page.get_by_role("link", name="Instances").first.click()
    page.get_by_text(f"Snapshot of {name}: creating").first.wait_for()
    page.reload()
    page.get_by_text(f"Snapshot of {name}: creating").first.wait_for()
    service.let_go(name)
    page.get_by_text(f"Snapshot of {name} is done after").first.wait_for()
    page.reload()
    page.get_by_role("link", name="Show").click()
    ended(page, "succeeded")
    page.get_by_role("link", name="Instances").first.click()
    page.get_by_role("heading", name="Instances").wait_for()
    assert page.get_by_role("link", name="Show").count() == 0, "it was seen"
    assert seen.problems() == []


def test_a_failure_says_why(service: Service, seen: Seen) -> None:
    name = service.new_instance(tags={"Environment": "Development", SNAPSHOT_TAG: FAILS})
    operation_id = service.accepted(snapshot_of(name))
    page = signed_in(service, seen, f"#/operations/{operation_id}")
    ended(page, "failed")
    assert lit(page, "failed") == ["Failed"]
    assert service.result(operation_id)["error"] in page.get_by_role("main").inner_text()
    assert seen.axe_violations() == []
    assert seen.problems() == []


def test_a_time_out_is_told_apart_from_a_failure(service: Service, seen: Seen) -> None:
    name = service.new_instance(tags={"Environment": "Development", SNAPSHOT_TAG: NEVER})
    operation_id = service.accepted(snapshot_of(name))
    page = signed_in(service, seen, f"#/operations/{operation_id}")
    ended(page, "failed")
    page.get_by_text(f"Snapshot of {name} had not ended when the service stopped waiting").first.wait_for()
    page.get_by_text("The service checks until").wait_for()
    assert seen.problems() == []


def test_the_later_end_of_a_time_out_is_told(service: Service, seen: Seen) -> None:
    """The snapshot takes longer than the polls, and the late watch sees it done: held back until it is."""
    name = service.new_instance("late", tags={"Environment": "Development", SNAPSHOT_TAG: "1200"})
    service.hold(name, "late-watch:Wait")
    operation_id = service.accepted(snapshot_of(name))
    page = signed_in(service, seen, f"#/operations/{operation_id}")
    timed_out = page.get_by_text(f"Snapshot of {name} had not ended when the service stopped waiting")
    timed_out.first.wait_for()
    page.get_by_role("link", name="Instances").first.click()
    with page.expect_response(lambda answer: answer.url.endswith(operation_id)):
        page.reload()
    with page.expect_response(lambda answer: answer.url.endswith(operation_id)):
        pass  # the first is shown by then
    assert timed_out.count() == 0, "it was seen"
    page.go_back()
    timed_out.first.wait_for()
    deadline = time.monotonic() + PATIENCE_MS / 1000
    while service.snapshots(name)[0]["Status"] != "available":
        assert time.monotonic() < deadline
        time.sleep(0.2)
    service.let_go(name)
    while "final_status" not in service.result(operation_id):
        assert time.monotonic() < deadline
        time.sleep(0.2)
    page.evaluate("window.dispatchEvent(new Event('online'))")  # or within the minute
    page.get_by_text(f"Snapshot of {name} was done after the time-out").first.wait_for()
    assert service.result(operation_id)["final_status"] == "available"
    page.reload()
    page.get_by_text("final", exact=True).first.wait_for()
    assert seen.axe_violations() == []
    assert seen.problems() == []


def test_without_the_network_it_goes_on_trying(service: Service, seen: Seen) -> None:
    name = service.new_instance("offline")
    service.hold(name)
    operation_id = service.accepted(snapshot_of(name))
    page = signed_in(service, seen, f"#/operations/{operation_id}")
    page.locator("[data-look]").first.wait_for()
    page.route(f"**/operations/{operation_id}", lambda route: route.abort())
    page.get_by_text("The latest state could not be read").wait_for()
    page.unroute(f"**/operations/{operation_id}")
    service.let_go(name)
    ended(page, "succeeded")
    page.get_by_text("The latest state could not be read").wait_for(state="detached")


def test_an_unknown_operation_is_said_to_be_unknown(service: Service, seen: Seen) -> None:
    unknown = f"nothing-create-snapshot-{'a' * 16}"
    page = signed_in(service, seen, f"#/operations/{unknown}")
    page.get_by_text(unknown).first.wait_for()
    page.get_by_text("The latest state could not be read").wait_for()
    assert page.locator("[data-look]").count() == 0


def test_a_state_that_is_added_to_the_definition_is_drawn(service: Service, seen: Seen) -> None:
    operation_id = service.accepted(snapshot_of(service.new_instance()))

    def with_one_more(route: Any) -> None:
        graph = route.fetch().json()
        (audit,) = [node for node in graph["nodes"] if node["id"] == "Audit"]
        audit["next"] = ["Tell everybody"]
        graph["nodes"].append(
            {"id": "Tell everybody", "type": "Task", "comment": "<b>new</b>", "next": [], "caught": []}
        )
        route.fulfill(json=graph)

    seen.page.route("**/console/operation.json", with_one_more)
    page = signed_in(service, seen, f"#/operations/{operation_id}")
    ended(page, "succeeded")
    assert lit(page, "succeeded") == ["Tell everybody"]
    assert "Audit" in lit(page, "passed")
    assert seen.problems() == []


def test_the_picture_has_every_state_of_the_deployed_definition(service: Service, seen: Seen) -> None:
    arn = service.outputs["state_machine_arn"]
    definition = service.aws("stepfunctions").describe_state_machine(stateMachineArn=arn)["definition"]
    operation_id = service.accepted(snapshot_of(service.new_instance()))
    page = signed_in(service, seen, f"#/operations/{operation_id}")
    page.locator("[data-state]").first.wait_for()
    drawn = {state.get_attribute("data-state") for state in page.locator("[data-state]").all()}
    assert all(f'"{state}"' in definition for state in drawn)
    assert drawn == set(json.loads(definition)["States"])


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_views_can_be_read_on_a_phone(service: Service, chrome: Any, scheme: str) -> None:
    name = service.new_instance()
    seen = Seen(chrome.new_page(viewport=PHONE, color_scheme=scheme))
    page = signed_in(service, seen, view_of(name, "create_snapshot"))
    page.get_by_label("Snapshot name").wait_for()
    assert seen.axe_violations(CLOUDSCAPES_OWN) == []
    confirmed(page, "Take a snapshot")
    ended(page, "succeeded")
    assert seen.axe_violations(CLOUDSCAPES_OWN) == []
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), "the page scrolls sideways"
    assert seen.problems() == []
    page.close()


def test_links_lead_to_the_execution_and_the_logs_where_the_service_runs_on_aws(service: Service, seen: Seen) -> None:
    """The local service stands behind another name here, as that of an API on AWS."""
    operation = service.accepted(reboot_of(service.new_instance()))
    service.result(operation)
    page, site = seen.page, "https://abc.execute-api.eu-west-1.example.com"

    def forward(route: Any) -> None:
        route.fulfill(response=route.fetch(url=route.request.url.replace(site, service.cloud.endpoint)))

    page.route(f"{site}/**", forward)
    page.goto(service.outputs["console_url"].replace(service.cloud.endpoint, site) + f"#/operations/{operation}")
    page.get_by_label("API key").fill(service.outputs["api_key"])
    page.get_by_role("button", name="Sign in").click()
    links = page.get_by_role("link", name="In AWS's console")
    links.nth(1).wait_for()
    execution, logs = (str(link.get_attribute("href")) for link in links.all())
    assert execution.startswith("https://eu-west-1.console.aws.amazon.com/states/home?region=eu-west-1#/v2/executions/")
    assert execution.endswith(operation)
    query = QUERIES["one-operation"]
    assert query.text.replace("<operation id>", operation) in decoded(logs)
    assert f"source~(~'{query.log_group})" in decoded(logs)
    assert logs.startswith(
        "https://eu-west-1.console.aws.amazon.com/cloudwatch/home?region=eu-west-1#logsV2:logs-insights"
    )


def decoded(link: str) -> str:
    """Undo what AWS's console does to a query in its links: `$` for `%`, then `*` and two digits."""
    return re.sub(r"\*([0-9a-f]{2})", lambda found: chr(int(found[1], 16)), unquote(link.replace("$", "%")))
