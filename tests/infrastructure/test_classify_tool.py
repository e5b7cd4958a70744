"""`make classify`: the gate's own code judges an estate in a file."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from rds_operations.rules.eligibility import PRODUCTION_TEXT
from rds_operations.settings.gate import GateSettings
from tests.infrastructure.conftest import ROOT
from tools.classify import decisions, main
from tools.estate import EstateError, load

ACCOUNT, REGION = "111122223333", "eu-west-1"


def instance(name: str, region: str = REGION, **more: Any) -> dict[str, Any]:
    tags = [{"Key": key, "Value": value} for key, value in more.pop("tags", {"Env": "dev"}).items()]
    arn = f"arn:aws:rds:{region}:{ACCOUNT}:db:{name}"
    return {"DBInstanceIdentifier": name, "DBInstanceArn": arn, "TagList": tags, **more}


def written(folder: Path, content: Any, name: str = "instances.json") -> Path:
    file = folder / name
    file.write_text(content if isinstance(content, str) else json.dumps(content), newline="")
    return file


def codes(file: Path, settings: GateSettings | None = None) -> dict[str, str]:
    return {it.instance_id: it.code for it in decisions(load(file), settings or GateSettings())}


def test_a_page_and_a_list_of_pages_are_read_alike(tmp_path: Path) -> None:
    one, other = instance("a"), instance("b", tags={"Stage": "live"})
    expected = {"a": "allowed", "b": "production_instance"}
    assert codes(written(tmp_path, {"DBInstances": [one, other]})) == expected
    assert codes(written(tmp_path, [{"DBInstances": [one]}, {"DBInstances": []}, {"DBInstances": [other]}])) == expected


def test_a_csv_file_with_more_columns_and_a_byte_order_mark(tmp_path: Path) -> None:
    text = (
        "\ufeffowner,name,account,region,tags\r\n"
        f'x,a,{ACCOUNT},{REGION},"Environment=dev;Team=a=b, c"\r\n'
        f"x,B,{ACCOUNT},us-east-1,Environment= dev\r\n"
        f"x,c,{ACCOUNT},{REGION},\r\n"
        f"x,a,{ACCOUNT},us-east-1,env=PRD;\r\n"
    )
    found = decisions(load(written(tmp_path, text, "instances.csv")), GateSettings())
    assert [(it.instance_id, it.place.region, it.code) for it in found] == [
        ("a", "eu-west-1", "allowed"),
        ("c", "eu-west-1", "environment_unknown"),
        ("a", "us-east-1", "production_instance"),
        ("b", "us-east-1", "environment_unknown"),
    ]


def test_replication_inside_the_file_is_judged_as_the_gate_does(tmp_path: Path) -> None:
    arn = f"arn:aws:rds:us-east-1:{ACCOUNT}:db:source-b"
    instances = [
        instance("source-a", tags={"Env": "prod"}, ReadReplicaDBInstanceIdentifiers=["replica-a"]),
        instance("replica-a", ReadReplicaSourceDBInstanceIdentifier="source-a"),
        instance("source-b", "us-east-1", ReadReplicaDBInstanceIdentifiers=["x"]),
        instance("x", "us-east-1", tags={"is-production": "true"}, ReadReplicaSourceDBInstanceIdentifier="source-b"),
        instance("replica-b", ReadReplicaSourceDBInstanceIdentifier=arn),
        instance("lost", ReadReplicaSourceDBInstanceIdentifier="elsewhere"),
        instance("c", ReadReplicaDBClusterIdentifiers=["cluster"]),
    ]
    assert codes(written(tmp_path, {"DBInstances": instances})) == {
        "source-a": "production_instance",
        "replica-a": "production_instance",
        "source-b": "environment_disputed",
        "x": "environment_disputed",
        "replica-b": "allowed",
        "lost": "environment_unknown",
        "c": "environment_unknown",
    }


def test_tags_that_are_not_in_the_document_are_unreadable(tmp_path: Path) -> None:
    bare = {name: value for name, value in instance("a").items() if name != "TagList"}
    assert codes(written(tmp_path, {"DBInstances": [bare]})) == {"a": "environment_unknown"}


def test_the_report(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    instances = [
        instance("a"),
        instance("b", tags={"Env": "prod"}),
        instance("c", tags={"Env": "preview"}),
        instance("d", tags={"workload": "prod"}),
        instance("lost", ReadReplicaSourceDBInstanceIdentifier="elsewhere"),
        instance("odd", tags={"Env": "x\x1b[2J"}),
    ]
    settings = written(tmp_path, {"default_environment": "test"}, "settings.json")
    assert main([str(settings), str(written(tmp_path, {"DBInstances": instances}))]) == 0
    out, err = capsys.readouterr()
    assert not err
    assert "\x1b" not in out
    rows = [line.split() for line in out.splitlines()]
    assert rows[0] == ["instance", "account/Region", "decision", "environment", "by", "what"]
    assert rows[1] == ["a", f"{ACCOUNT}/{REGION}", "allowed", "development", "tag", "Env=dev"]
    assert "default_environment; default_environment says test, tag workload=prod says production" in out
    assert f"- {PRODUCTION_TEXT}" in out
    assert "have the word taught in the settings (environment_words)." in out
    assert out.splitlines()[-6:] == [
        "6 instances:",
        "     1  allowed  16.7%",
        "     1  environment_disputed  16.7%",
        "     3  environment_unknown  50.0%",
        "     1  production_instance  16.7%",
        "1 refused for a source or replica that is not in the file, or a cluster: it could not be read.",
    ]


CSV = "name,account,region,tags\n"
BAD: dict[str, tuple[Any, str]] = {
    "empty": ("", "The first line lacks name, account, region, tags. Give what"),
    "no instance": ({"DBInstances": []}, "There is no instance in the file. Give what"),
    "only a head": (CSV, "There is no instance in the file. Give what"),
    "broken JSON": ("{", "The file is not JSON: "),
    "too deep": ("[" * 100_000, "The file is not JSON: "),
    "another answer": ({"DBClusters": []}, "Page 1 has no list DBInstances. Give what"),
    "a list of instances": ([instance("a")], "Page 1 has no list DBInstances. Give what"),
    "a text": ({"DBInstances": ["a"]}, "Page 1, instance 1 is not an object"),
    "no ARN": ({"DBInstances": [{"DBInstanceIdentifier": "a"}]}, "has no DBInstanceArn. Give the documents whole"),
    "odd ARN": ({"DBInstances": [instance("a") | {"DBInstanceArn": "arn:a"}]}, "'arn:a' is no ARN of an instance"),
    "odd tags": ({"DBInstances": [instance("a") | {"TagList": {}}]}, "TagList must be a list of objects"),
    "odd replicas": (
        {"DBInstances": [instance("a", ReadReplicaDBInstanceIdentifiers="b")]},
        "ReadReplicaDBInstanceIdentifiers must be a list of texts, or left out",
    ),
    "odd source": (
        {"DBInstances": [instance("a", ReadReplicaSourceDBInstanceIdentifier=1)]},
        "ReadReplicaSourceDBInstanceIdentifier must be text, or left out",
    ),
    "twice": (
        {"DBInstances": [instance("a")] * 2},
        "instance 2: a of account 111122223333, Region eu-west-1 is in the",
    ),
    "too few columns": (f"{CSV}a,{ACCOUNT}\n", "Line 2 has not as many columns as the first line"),
    "too many columns": (f"{CSV}a,{ACCOUNT},{REGION},Env=dev,x\n", "Line 2 has not as many columns"),
    "odd account": (f"{CSV}a,1,{REGION},\n", "Line 2: give a name, an account of 12 digits and a Region"),
    "tag twice": (f"{CSV}a,{ACCOUNT},{REGION},Env=a;Env=b\n", "Line 2 has a tag twice"),
    "broken quotes": (f'{CSV}a,{ACCOUNT},{REGION},"Env=a\n', "is not CSV"),
}


@pytest.mark.parametrize(("content", "sentence"), BAD.values(), ids=BAD.keys())
def test_bad_input_gets_a_sentence_and_ends_with_2(
    tmp_path: Path, content: Any, sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = str(ROOT / "settings" / "default.json")
    assert main([settings, str(written(tmp_path, content))]) == 2
    out, err = capsys.readouterr()
    assert not out
    assert sentence in err
    assert err.startswith("instances: ")
    assert err.count("\n") == 1


def test_files_that_are_not_there_or_are_no_text(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    settings = str(ROOT / "settings" / "default.json")
    (tmp_path / "binary").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(EstateError, match="is not UTF-8 text"):
        load(tmp_path / "binary")
    for arguments, start in (
        ([settings, str(tmp_path / "none")], "instances: "),
        ([str(tmp_path / "none"), str(tmp_path / "none")], "settings: The settings file"),
        ([str(written(tmp_path, {"max_polls": 0})), "x"], "settings: max_polls must be"),
        (["", ""], "Say make classify SETTINGS="),
        ([], "Say make classify SETTINGS="),
    ):
        assert main(arguments) == 2
        assert capsys.readouterr().err.startswith(start)


def test_the_makefile_passes_the_two_files_on() -> None:
    done = subprocess.run(
        ["make", "-n", "classify", "SETTINGS=a b.json", "INSTANCES=c.json"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert 'python -m tools.classify "$SETTINGS" "$INSTANCES"' in done.stdout
