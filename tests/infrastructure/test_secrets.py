"""No file of the repository has a key, token or password. The search is offline, and tries nothing that it finds."""

import subprocess
from pathlib import Path

import pytest
from detect_secrets.core.plugins.util import get_mapping_from_secret_type_to_class
from detect_secrets.core.secrets_collection import SecretsCollection
from detect_secrets.settings import transient_settings

from tests.infrastructure.conftest import ROOT

# Values that look like secrets, and what they really are.
LIKE_SECRETS = {
    "a key for a cloud in memory": {"not-a-secret"},
    "a password for users of the local cloud": {"Correct-horse-battery-1"},
    "what a test makes up, to see that it is nowhere in an answer": {"the-value-of-an-api-key"},
    "the id of an API key or of an account, in a test": {"a1b2c3d4e5", "key-id-1", "12345678901a"},
    "the name of an output": {"ApiKeyId"},
    "the id of an operation, in an example of an answer": {
        "test-mysql-01-reboot-instance-0123456789abcdef",
        "dev-oracle-01-modify-backup-window-0123456789abcdef",
    },
}
NOT_SECRETS = set().union(*LIKE_SECRETS.values())
SHORTEST = 8  # for values after a word like "key": real keys are longer
# All detectors, with detect-secrets' own entropy limits.
LIMITS = {"Base64HighEntropyString": {"limit": 4.5}, "HexHighEntropyString": {"limit": 3.0}}
_CLASSES: dict[str, type] = get_mapping_from_secret_type_to_class()
DETECTORS = sorted(detector.__name__ for detector in _CLASSES.values())
# These skip what is plainly made up, and the lock files' hashes. No comment or file name can silence the search.
_HEURISTICS = (
    "is_sequential_string",
    "is_potential_uuid",
    "is_templated_secret",
    "is_indirect_reference",
    "is_not_alphanumeric_string",
    "is_prefixed_with_dollar_sign",
)
_HASHES = [r"^\s+--hash=sha256:[0-9a-f]{64}( \\)?$", r'^\s+"integrity": "sha512-[A-Za-z0-9+/]{86}==",?$']
SETTINGS = {
    "plugins_used": [{"name": name, **LIMITS.get(name, {})} for name in DETECTORS],
    "filters_used": [
        *({"path": f"detect_secrets.filters.heuristic.{name}"} for name in _HEURISTICS),
        {"path": "detect_secrets.filters.regex.should_exclude_line", "pattern": _HASHES},
    ],
}


def scan(*paths: Path) -> list[tuple[str, int, str]]:
    with transient_settings(SETTINGS) as settings:
        settings.disable_filters("detect_secrets.filters.heuristic.is_non_text_file")  # would skip *.lock by its name
        found = SecretsCollection()
        for path in paths:
            found.scan_file(str(path))
        return [
            (file, secret.line_number, secret.secret_value or "")
            for file, secret in found
            if secret.type != "Secret Keyword" or len(secret.secret_value or "") >= SHORTEST
        ]


@pytest.fixture(scope="module")
def found() -> list[tuple[str, int, str]]:
    """Scan all files that are or may be committed."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split("\0")
    paths = [ROOT / name for name in names if name and (ROOT / name).is_file()]
    assert len(paths) > 100
    return scan(*paths)


def test_there_are_no_secrets(found: list[tuple[str, int, str]]) -> None:
    unknown = sorted(f"{file}:{line}" for file, line, value in found if value not in NOT_SECRETS)
    assert not unknown, "take it out and revoke it, or say in REVIEWED why it is no secret"


def test_no_exception_is_left_over(found: list[tuple[str, int, str]]) -> None:
    assert {value for file, _, value in found if file != __file__} >= NOT_SECRETS


@pytest.mark.parametrize(
    "line",
    [
        "aws_key = 'AKIA" + "Z3VJ7QK5WX2MTB4N'",
        "aws_secret_access_key = '" + "kT8vQ2mZr5Yw1Lx9Pb3N" + "d7Gh4Js6Fc0Ae8Ru2Vi5'",
        "-----BEGIN RSA " + "PRIVATE KEY-----",
        "url = 'https://dba:" + "w8Xk2pQ9@db.example.com'",
        "token: ghp_" + "a9B8c7D6e5F4g3H2i1" + "J0k9L8m7N6o5P4q3R2",
        '{"password": "' + 'correct-horse-battery"}',
        "x = 'AKIA" + "Z3VJ7QK5WX2MTB4N'  # pragma: allowlist secret",
    ],
)
@pytest.mark.parametrize("name", ["settings.py", "settings.yaml", "package-lock.json", "requirements.lock"])
def test_a_secret_is_found(tmp_path: Path, name: str, line: str) -> None:
    path = tmp_path / name
    path.write_text(f"first: line\n{line}\n")
    assert scan(path)
