"""Each alarm has its section in the runbook, and each section has the same four parts and something to paste."""

import re

import pytest

from stacks import names
from stacks.log_queries import QUERIES
from tests.infrastructure.conftest import ROOT, Template
from tests.infrastructure.test_alarms import alarms, sections

PAGE = (ROOT / "docs" / "runbook.md").read_text()
SECTIONS = {
    re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-"): text
    for heading, text in re.findall(r"^## ([^\n]+)\n(.*?)(?=^## |\Z)", PAGE, re.MULTILINE | re.DOTALL)
}
REPORTS = {"it-timed-out", "it-was-refused", "access_denied", "it-is-stuck", "a-record-is-missing"}
SWITCH = {"stop-all-operations-now", "start-again"}


def blocks(text: str) -> list[tuple[str, str]]:
    """Return language and text of each block."""
    return re.findall(r"^```(\w*)\n(.*?)\n```$", text, re.MULTILINE | re.DOTALL)


def test_there_is_a_section_for_each_alarm_and_each_report_and_for_nothing_else(all_modes_template: Template) -> None:
    assert set(SECTIONS) == sections(all_modes_template) | REPORTS | SWITCH


def test_the_first_table_links_every_section() -> None:
    index = PAGE.split("## ")[0]
    assert set(re.findall(r"\(#([\w-]+)\)", index)) == set(SECTIONS) - {"start-again"}


@pytest.mark.parametrize("section", sorted(set(SECTIONS) - SWITCH))
def test_a_section_says_what_it_means_where_to_look_what_to_decide_and_what_to_do(section: str) -> None:
    text = SECTIONS[section]
    parts = re.findall(r"^\*\*(It means|Look here|Decide|Act)\*\*", text, re.MULTILINE)
    assert parts == ["It means", "Look here", "Decide", "Act"]
    assert blocks(text.split("**Look here**")[1].split("**Decide**")[0])


def test_every_block_is_a_saved_query_or_commands() -> None:
    saved = {query.text for query in QUERIES.values()}
    for section, text in SECTIONS.items():
        for language, block in blocks(text):
            assert language in ("", "bash"), section
            assert language or block in saved, section


def test_every_query_is_for_the_log_group_that_its_section_names() -> None:
    """The functions' is the one where a section names none."""
    of_access = {query.text for query in QUERIES.values() if query.log_group == names.ACCESS_LOG_GROUP}
    for section, text in SECTIONS.items():
        queries = [block for language, block in blocks(text) if not language]
        if any(query in of_access for query in queries):
            assert f"`{names.ACCESS_LOG_GROUP}`" in text, section
            assert queries[0] in of_access, section
        else:
            assert names.ACCESS_LOG_GROUP not in text, section
    assert names.FUNCTIONS_LOG_GROUP in PAGE.split("## ")[0]


def test_an_alarm_names_the_query_that_its_section_begins_with(all_modes_template: Template) -> None:
    names_by_text = {query.text: name for name, query in QUERIES.items()}
    for name, alarm in alarms(all_modes_template).items():
        language, first = blocks(SECTIONS[re.sub(r"-\d+$", "", name)])[0]
        asked = re.findall(r"Run the saved query rds-operations/([\w-]+)\.", alarm["AlarmDescription"])
        assert asked == ([] if language else [names_by_text[first]]), name
