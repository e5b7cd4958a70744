"""An estate in a file: the output of `aws rds describe-db-instances`, a list of such pages, or a CSV file."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from rds_operations.model.place import Place, is_account, is_region

if TYPE_CHECKING:
    from mypy_boto3_rds.type_defs import DBInstanceTypeDef

COLUMNS = ("name", "account", "region", "tags")
"""Of a CSV file. Other columns are not read."""
_FORMS = (
    "Give what `aws rds describe-db-instances` prints, a list of such pages, or a CSV file with the columns "
    f"{', '.join(COLUMNS)}"
)


class EstateError(ValueError):
    """Say what is wrong with the file, and what to do."""


@dataclass(frozen=True)
class Estate:
    """Hold instances by place and name, for the gate to read as it reads RDS."""

    by_place: dict[Place, dict[str, DBInstanceTypeDef]]

    def reading(self, place: Place) -> _At:
        """Return the instances of a place, none where the file has none."""
        return _At(self.by_place.get(place, {}))

    @property
    def instances(self) -> Iterator[tuple[Place, DBInstanceTypeDef]]:
        for place in sorted(self.by_place):
            for name in sorted(self.by_place[place]):
                yield place, self.by_place[place][name]


@dataclass(frozen=True)
class _At:
    by_name: dict[str, DBInstanceTypeDef]

    def instance(self, instance_id: str) -> DBInstanceTypeDef | None:
        return self.by_name.get(instance_id)


def load(path: Path) -> Estate:
    """Read the file. Raises `EstateError`."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise EstateError(f"{path} cannot be read: {error.strerror}. {_FORMS}") from error
    except UnicodeDecodeError as error:
        raise EstateError(f"{path} is not UTF-8 text. Save it as UTF-8") from error
    is_json = text.lstrip().startswith(("{", "["))
    return _by_place(_of_json(text) if is_json else _of_csv(text))


def _by_place(found: Iterable[tuple[str, dict[str, Any]]]) -> Estate:
    by_place: dict[Place, dict[str, DBInstanceTypeDef]] = {}
    for where, instance in found:
        place, name = Place.of_arn(instance["DBInstanceArn"]), instance["DBInstanceIdentifier"]
        names = by_place.setdefault(place, {})
        if name in names:
            raise EstateError(f"{where}: {name} of {place} is in the file twice. Leave one of them out")
        names[name] = cast("DBInstanceTypeDef", instance)
    if not by_place:
        raise EstateError(f"There is no instance in the file. {_FORMS}")
    return Estate(by_place)


def _of_json(text: str) -> Iterator[tuple[str, dict[str, Any]]]:
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise EstateError(f"The file is not JSON: {error}. {_FORMS}") from error
    for number, page in enumerate(document if isinstance(document, list) else [document], 1):
        instances = page.get("DBInstances") if isinstance(page, dict) else None
        if not isinstance(instances, list):
            raise EstateError(f"Page {number} has no list DBInstances. {_FORMS}")
        for place, instance in enumerate(instances, 1):
            where = f"Page {number}, instance {place}"
            _check(where, instance)
            yield where, instance


def _check(where: str, instance: Any) -> None:
    if not isinstance(instance, dict):
        raise EstateError(f"{where} is not an object. {_FORMS}")
    for name in ("DBInstanceIdentifier", "DBInstanceArn"):
        if not (isinstance(instance.get(name), str) and instance[name]):
            raise EstateError(f"{where} has no {name}. Give the documents whole, as the AWS CLI prints them")
    arn = instance["DBInstanceArn"].split(":")
    if len(arn) != 7 or not (is_region(arn[3]) and is_account(arn[4])):
        raise EstateError(f"{where}: {instance['DBInstanceArn']!r} is no ARN of an instance. Correct it in the file")
    for name, (sound, what) in _SOUND.items():
        if name in instance and not sound(instance[name]):
            raise EstateError(f"{where}: {name} must be {what}, or left out")


def _are_texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


def _are_tags(value: Any) -> bool:
    return isinstance(value, list) and all(
        isinstance(tag, dict) and isinstance(tag.get("Key"), str) and isinstance(tag.get("Value", ""), str)
        for tag in value
    )


_TEXTS = (_are_texts, "a list of texts")
_TEXT = (lambda value: isinstance(value, str), "text")
_SOUND: dict[str, tuple[Callable[[Any], bool], str]] = {
    "TagList": (_are_tags, "a list of objects with the texts Key and Value"),
    "ReadReplicaDBInstanceIdentifiers": _TEXTS,
    "ReadReplicaDBClusterIdentifiers": _TEXTS,
    "ReadReplicaSourceDBInstanceIdentifier": _TEXT,
    "ReadReplicaSourceDBClusterIdentifier": _TEXT,
}
"""What the gate reads of an instance, besides its name and ARN."""


def _of_csv(text: str) -> Iterator[tuple[str, dict[str, Any]]]:
    rows = csv.DictReader(io.StringIO(text, newline=""), strict=True)
    try:
        if missing := [name for name in COLUMNS if name not in (rows.fieldnames or ())]:
            raise EstateError(f"The first line lacks {', '.join(missing)}. {_FORMS}")
        for row in rows:
            where = f"Line {rows.line_num}"
            yield where, _instance(where, row)
    except csv.Error as error:
        raise EstateError(f"Line {rows.line_num} is not CSV: {error}. {_FORMS}") from error


def _instance(where: str, row: dict[str, Any]) -> dict[str, Any]:
    """Return what DescribeDBInstances would, with identifiers in lower case. A short line's missing columns are
    None.
    """
    if None in row or None in row.values():
        raise EstateError(f"{where} has not as many columns as the first line. Put a text that has a comma into quotes")
    name, account, region = (row[column].strip() for column in COLUMNS[:3])
    if not (name and is_account(account) and is_region(region)):
        raise EstateError(f"{where}: give a name, an account of 12 digits and a Region such as eu-west-1")
    return {
        "DBInstanceIdentifier": name.lower(),
        "DBInstanceArn": f"arn:aws:rds:{region}:{account}:db:{name.lower()}",
        "TagList": _tags(where, row["tags"]),
    }


def _tags(where: str, text: str) -> list[dict[str, str]]:
    """Parse `Environment=dev;Team=x`. A value may contain `=`, and its spaces count, as on AWS."""
    pairs = [part.partition("=") for part in text.split(";") if part.strip()]
    names = [name for name, _, _ in pairs]
    if len(set(names)) < len(names):
        raise EstateError(f"{where} has a tag twice. Leave one of them out")
    return [{"Key": name, "Value": value} for name, _, value in pairs]
