"""The sentences of RDS's events, as documented and as sent."""

import pytest

from rds_operations.operations.rds_events import RebootEvent, first_message

RESTARTED, FAILED_OVER, ABANDONED = RebootEvent.RESTARTED, RebootEvent.FAILED_OVER, RebootEvent.FAILOVER_ABANDONED


@pytest.mark.parametrize(
    ("message", "what"),
    [
        ("DB instance restarted", RESTARTED),
        ("The DB instance restarted.", RESTARTED),
        ("Multi-AZ instance failover completed", FAILED_OVER),
        ("A Multi-AZ failover has completed.", FAILED_OVER),
        ("A Multi-AZ failover that resulted in the promotion of a standby instance is complete.", FAILED_OVER),
        ("Multi-AZ instance activation completed.", FAILED_OVER),
        ("A Multi-AZ activation is complete. Your database should be accessible now.", FAILED_OVER),
        # zalando/rds-health#9: the events of a failover.
        ("Recovered from partial failover.", FAILED_OVER),
        ("The instance has recovered from a partial failover.", FAILED_OVER),
        # aws-cloudformation-resource-providers-rds#345.
        ("Abandoning user requested failover since a failover recently occurred on the database instance.", ABANDONED),
        (
            "Amazon RDS is not attempting a requested failover because a failover recently occurred on the DB "
            "instance.",
            ABANDONED,
        ),
    ],
)
def test_a_sentence_tells_one_thing(message: str, what: RebootEvent) -> None:
    assert [one for one in RebootEvent if first_message(["Finished DB Instance backup", message], one)] == [what]
    assert first_message([message], what) == message


@pytest.mark.parametrize(
    "message",
    [
        "",
        "DB instance shutdown",
        "Multi-AZ instance failover started.",
        "A Multi-AZ failover that resulted in the promotion of a standby instance has started.",
        "A Multi-AZ activation has started after a successful instance recovery.",
        "An error has occurred while restarting MySQL.",
        "A failover for the DB cluster has restarted.",
        "A failover for the DB cluster has failed.",
        "The DB instance has been started.",
        "Finished DB Instance backup",
        "Recovery of the DB instance is complete.",
    ],
)
def test_other_sentences_tell_nothing(message: str) -> None:
    assert first_message([message], *RebootEvent) == ""
