"""The archive's table in Athena, and three questions on real objects of the archive. DuckDB answers here, no mock."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from local.cloud import ROOT
from rds_operations.archive.record_object import object_key
from tests.workflow.records.test_archive import archived, digests, eventually
from tests.workflow.service import Service, reboot_of

SQL = ROOT / "docs" / "athena"
DATABASE = "audit"


class Athena:
    def __init__(self, service: Service) -> None:
        self._athena = service.aws("athena")
        self._bucket = service.outputs["archive_bucket"]

    def ask(self, name: str, **values: str) -> list[list[str]]:
        """Run the query of docs/athena, and return its rows with the header."""
        text = (SQL / f"{name}.sql").read_text().replace("<ArchiveBucket>", self._bucket)
        for placeholder, value in values.items():
            text = text.replace(f"<{placeholder.replace('_', ' ')}>", value)
        assert "<" not in text.replace("<=", "")
        return self.run(text)

    def run(self, text: str) -> list[list[str]]:
        query = self._athena.start_query_execution(
            QueryString=text,
            QueryExecutionContext={"Database": DATABASE},
            ResultConfiguration={"OutputLocation": f"s3://{self._bucket}/athena/"},
        )["QueryExecutionId"]
        execution = eventually(lambda: self._over(query), "the query does not end")
        assert execution["State"] == "SUCCEEDED", execution
        rows = self._athena.get_query_results(QueryExecutionId=query)["ResultSet"]["Rows"]
        return [[cell.get("VarCharValue", "") for cell in row["Data"]] for row in rows]

    def _over(self, query: str) -> dict[str, str] | None:
        status: dict[str, str] = self._athena.get_query_execution(QueryExecutionId=query)["QueryExecution"]["Status"]
        return status if status["State"] in ("SUCCEEDED", "FAILED", "CANCELLED") else None


@pytest.fixture(scope="module")
def athena(service: Service) -> Iterator[Athena]:
    found = Athena(service)
    service.aws("glue").create_database(DatabaseInput={"Name": DATABASE})
    found.ask("table")
    yield found
    service.aws("glue").delete_table(DatabaseName=DATABASE, Name="rds_audit_archive")
    service.aws("glue").delete_database(Name=DATABASE)


def test_three_questions_are_answered_from_the_archive(service: Service, athena: Athena) -> None:
    instance, production = service.new_instance("test"), service.new_instance("any", {"Stage": "prod"})
    service.result(service.accepted(reboot_of(instance)))
    for _time in range(2):
        assert service.post(reboot_of(production)).status == 403
    records = [*service.records(instance), *service.records(production)]
    keys = {object_key(record) for record in records}
    for key in keys:
        archived(service, key)

    def packed() -> bool:
        service.digest()
        listed = b"".join(body for _, body in digests(service))
        return all(key.encode() in listed for key in keys)

    eventually(packed, "no digest lists the records")
    today = datetime.now(UTC).strftime("%Y-%m-%d")
    principal = records[0]["principal"]
    accepted = records[0]["timestamp"]

    header, *rows = athena.ask("who-did-it", instance=instance, first_day=today)
    assert header == ["asked_at", "principal", "success"]
    ((asked_at, who, success),) = rows
    assert (who, success) == (principal, "true")
    assert asked_at[:10] == accepted[:10]

    header, *rows = athena.ask("production", first_day=today)
    assert header == ["principal", "attempts", "first_at"]
    assert int(next(row[1] for row in rows if row[0] == principal)) >= 2

    header, *rows = athena.ask("failures", first_day=today)
    assert header == ["day", "operation", "event", "records"]
    refused = next(int(row[3]) for row in rows if row[1:3] == ["reboot_instance", "refused"])
    assert refused >= 2
    first = next(row for row in rows if row[1:3] == ["reboot_instance", "refused"])
    assert first[0] == today


def test_an_answer_is_of_the_data_and_no_mock(service: Service, athena: Athena) -> None:
    assert athena.run("SELECT count(*) AS n FROM rds_audit_archive WHERE operation = 'no such operation'") == [
        ["n"],
        ["0"],
    ]
