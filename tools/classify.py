"""`python -m tools.classify <settings> <instances>` shows how the gate decides on an estate, without asking AWS.

It runs the gate's own code, but does not check callers or whether an operation fits an instance.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from rds_operations.aws.live_instance import verdict_with_replication
from rds_operations.model.place import Place
from rds_operations.rules.classification import READ_REPLICA, REPLICATION_SOURCE, UNREADABLE, Verdict
from rds_operations.rules.eligibility import gate
from rds_operations.settings.gate import GateSettings
from stacks.setting_checks import SettingsError
from stacks.settings import Settings
from tools.estate import Estate, EstateError, load

ALLOWED = "allowed"
_HEAD = ("instance", "account/Region", "decision", "environment", "by what")
_USAGE = "Say make classify SETTINGS=settings/mine.json INSTANCES=instances.json (or .csv)"


@dataclass(frozen=True)
class Decision:
    """Hold a decision. `text` is what a refused caller is told."""

    instance_id: str
    place: Place
    verdict: Verdict
    code: str
    text: str

    @property
    def cells(self) -> tuple[str, ...]:
        place = f"{self.place.account_id}/{self.place.region}"
        by_what = "; ".join(filter(None, (self.verdict.source, self.verdict.disagreement)))
        return self.instance_id, place, self.code, self.verdict.environment.value, by_what

    @property
    def is_cut_off(self) -> bool:
        """Return whether the file lacks a source or replica that was needed."""
        source = self.verdict.source
        return source.startswith((REPLICATION_SOURCE, READ_REPLICA)) and source.endswith(UNREADABLE)


def decisions(estate: Estate, settings: GateSettings) -> list[Decision]:
    """Judge each instance as the inventory does: by its tags, place, name, sources and replicas."""
    found = []
    for place, instance in estate.instances:
        name, verdict = instance["DBInstanceIdentifier"], verdict_with_replication(estate, instance, settings)
        refusal = gate(name, verdict, settings.tag_name_to_use)
        code, text = (refusal.code.value, refusal.error) if refusal else (ALLOWED, "")
        found.append(Decision(name, place, verdict, code, text))
    return found


def report(found: Sequence[Decision]) -> str:
    return "\n".join([*_table(found), "", *_told(found), *_sums(found)])


def main(arguments: Sequence[str]) -> int:
    """Return 2 where the input is bad, after printing what to do."""
    if len(arguments) != 2 or not all(arguments):
        return _bad(_USAGE)
    try:
        settings = Settings.load(Path(arguments[0]), {})
        estate = load(Path(arguments[1]))
    except SettingsError as error:
        return _bad(f"settings: {error}")
    except EstateError as error:
        return _bad(f"instances: {error}")
    print(report(decisions(estate, settings.gate)))
    return 0


def _table(found: Iterable[Decision]) -> list[str]:
    rows = [_HEAD, *(tuple(map(_plain, decision.cells)) for decision in found)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(_HEAD))]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]


def _told(found: Iterable[Decision]) -> list[str]:
    """List each sentence once: all production instances have the same one."""
    texts = list(dict.fromkeys(decision.text for decision in found if decision.text))
    return ["What a caller is told who is refused:", *(f"- {_plain(text)}" for text in texts), ""] if texts else []


def _sums(found: Sequence[Decision]) -> list[str]:
    counts = Counter(decision.code for decision in found)
    lines = [f"{count:>6}  {code}  {count / len(found):.1%}" for code, count in sorted(counts.items())]
    cut_off = sum(decision.is_cut_off for decision in found)
    more = f"{cut_off} refused for a source or replica that is not in the file, or a cluster: it could not be read."
    return [f"{len(found)} instances:", *lines, *([more] if cut_off else [])]


def _plain(text: str) -> str:
    """Escape what does not print: no tag may move the terminal's cursor."""
    return "".join(letter if letter.isprintable() else repr(letter)[1:-1] for letter in text)


def _bad(sentence: str) -> int:
    print(sentence, file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
