"""The console's function, from the package that is deployed: what it serves, to whom, and how it is found."""

from __future__ import annotations

import importlib.util
import json
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.responses import SCHEMES
from console.web_files import MEDIA_TYPES
from rds_operations.rules.identity import Authentication
from stacks import console_package

Document = dict[str, Any]
DOMAIN = "abc123.execute-api.eu-west-1.amazonaws.com"
POLICY = "Content-Security-Policy"


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a copy: to import it makes bytecode, which would change what is deployed."""
    folder = tmp_path_factory.mktemp("package") / "console"
    shutil.copytree(console_package.build() / "console", folder)
    return folder


@pytest.fixture(scope="module")
def handler(package: Path) -> Iterator[Any]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_REGION", "eu-west-1")
        patch.setenv("ALLOWED_ORIGIN", "https://dashboard.example.com")
        patch.setenv("CONSOLE_TITLE", "Databases <of> us")
        patch.setenv("CLOUDOPS_URL", "https://requests.example.com/cloudops?a=1")
        spec = importlib.util.spec_from_file_location("built_console_handler", package / "handler.py")
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
    yield module.handler
    sys.modules.pop("built_console_handler", None)


def get(path: str, *, authentication: str = "api_key", base: str = "/v1", **headers: str) -> Document:
    """Return API Gateway's event. `{proxy+}` is what follows /console/."""
    resource = path if path == "/openapi.json" else "/console/{proxy+}"
    proxy = path.removeprefix("/console/")
    if path.rstrip("/") == "/console":
        resource, proxy = "/console", ""
    return {
        "resource": resource,
        "path": path,
        "headers": {"X-Forwarded-Proto": "https", "Host": "evil.example.com", **headers},
        "pathParameters": {"proxy": proxy} if resource == "/console/{proxy+}" else None,
        "stageVariables": {"authentication": authentication},
        "requestContext": {"domainName": DOMAIN, "path": f"{base}{path}", "stage": "v1"},
    }


def test_every_page_and_all_that_it_asks_for_is_there(handler: Any, package: Path) -> None:
    pages = [path.name for path in (package / "files").glob("*.html")]
    assert {"index.html", "api.html"} <= set(pages)
    for page in pages:
        text = handler(get(f"/console/{page}"), None)["body"]
        asked = [part.split('"')[0] for part in text.split('src="')[1:] + text.split('href="')[1:]]
        for name in [name for name in asked if not name.startswith("data:")]:
            answer = handler(get(f"/console/{name}"), None)
            assert (answer["statusCode"], answer["body"] != "") == (200, True), name
            assert answer["headers"]["Content-Type"] in MEDIA_TYPES.values()
        assert "<style" not in text
        assert "<script>" not in text
        assert " style=" not in text


def test_the_start_page_is_found_with_and_without_its_slash(handler: Any) -> None:
    assert "<h1>RDS Operations" in handler(get("/console/"), None)["body"]
    answer = handler(get("/console"), None)
    assert (answer["statusCode"], answer["headers"]["Location"]) == (307, "/v1/console/index.html")
    answer = handler(get("/console", base=""), None)
    assert answer["headers"]["Location"] == "/console/index.html"
    assert handler(get("/console", base="//evil.example.com"), None)["headers"]["Location"].startswith("/evil")


@pytest.mark.parametrize("authentication", [mode.value for mode in Authentication])
def test_the_document_is_that_of_its_own_api(handler: Any, authentication: str) -> None:
    answer = handler(get("/openapi.json", authentication=authentication), None)
    document = json.loads(answer["body"])
    assert document["servers"] == [{"url": f"https://{DOMAIN}/v1"}]
    assert document["security"] == [{SCHEMES[authentication]: []}]
    assert list(document["components"]["securitySchemes"]) == [SCHEMES[authentication]]
    original = json.loads((console_package.ROOT / "docs" / "openapi.json").read_text())
    assert document["paths"] == original["paths"]
    assert answer["headers"]["Access-Control-Allow-Origin"] == "https://dashboard.example.com"


@pytest.mark.parametrize("forwarded", ["javascript", "https://evil.example.com/?", "", "HTTP"])
def test_a_forwarded_protocol_is_one_of_two(handler: Any, forwarded: str) -> None:
    event = get("/openapi.json", **{"X-Forwarded-Proto": forwarded})
    assert json.loads(handler(event, None)["body"])["servers"] == [{"url": f"https://{DOMAIN}/v1"}]


def test_the_document_has_the_base_path_of_a_custom_domain(handler: Any) -> None:
    document = json.loads(handler(get("/openapi.json", base="/databases"), None)["body"])
    assert document["servers"] == [{"url": f"https://{DOMAIN}/databases"}]


def test_the_settings_hold_nothing_but_what_a_page_needs_to_start(handler: Any) -> None:
    settings = json.loads(handler(get("/console/config.json"), None)["body"])
    version = json.loads((console_package.ROOT / "docs" / "openapi.json").read_text())["info"]["version"]
    assert settings == {
        "authentication": "api_key",
        "cloudops_url": "https://requests.example.com/cloudops?a=1",
        "region": "eu-west-1",
        "stage": "v1",
        "title": "Databases <of> us",
        "version": version,
    }


def test_where_the_pool_has_sign_in_pages_the_page_is_told_and_may_ask_them(handler: Any) -> None:
    event = get("/console/config.json", authentication="cognito")
    pool = {"url": "https://dbas.auth.eu-west-1.amazoncognito.com", "client": "abc", "pool": "eu-west-1_1"}
    event["stageVariables"] |= {f"sign_in_{name}": value for name, value in pool.items()}
    answer = handler(event, None)
    assert json.loads(answer["body"])["sign_in"] == pool
    assert f"connect-src 'self' {pool['url']};" in answer["headers"][POLICY]
    assert "amazoncognito" not in handler(get("/console/config.json"), None)["headers"][POLICY]


def test_a_browser_that_has_a_file_is_sent_nothing(handler: Any) -> None:
    first = handler(get("/console/api.html"), None)
    etag = first["headers"]["ETag"]
    for known in (etag, f"W/{etag}", f'"other", {etag}'):
        again = handler(get("/console/api.html", **{"if-none-match": known}), None)
        assert (again["statusCode"], again["body"]) == (304, "")
        assert again["headers"][POLICY]
    assert handler(get("/console/api.html", **{"If-None-Match": '"other"'}), None)["statusCode"] == 200


def test_only_a_file_with_a_hash_in_its_name_is_kept_unasked(handler: Any, package: Path) -> None:
    files = package / "files"
    for path in [path for path in files.rglob("*") if path.is_file() and path.name != "openapi.json"]:
        name = path.relative_to(files).as_posix()
        kept = handler(get(f"/console/{name}"), None)["headers"]["Cache-Control"]
        assert ("immutable" in kept) is name.startswith("assets/"), name


ASTRAY = (
    "../handler.py",
    "..%2fhandler.py",
    "%2e%2e/handler.py",
    "assets/../../handler.py",
    "/etc/passwd",
    "//etc/passwd",
    "assets",
    "assets/",
    "openapi.json",
    "handler.py",
    "index.html/",
    "INDEX.HTML",
    "index.html\0",
    "\\..\\handler.py",
)


@pytest.mark.parametrize("name", ASTRAY)
def test_nothing_else_is_a_file(handler: Any, name: str) -> None:
    answer = handler(get(f"/console/{name}"), None)
    assert answer["statusCode"] == 404
    assert json.loads(answer["body"])["code"] == "unknown_route"


@given(name=st.text(max_size=60))
def test_no_name_breaks_it_or_comes_back(handler: Any, name: str) -> None:
    answer = handler(get("/console/x") | {"pathParameters": {"proxy": f"{name}?"}}, None)
    assert answer["statusCode"] == 404
    assert "?" not in answer["body"]


@pytest.mark.parametrize("path", ["/console", "/console/", "/console/api.html", "/console/nothing", "/openapi.json"])
def test_every_answer_has_the_policy(handler: Any, path: str) -> None:
    headers = handler(get(path), None)["headers"]
    policy = dict(part.strip().split(" ", 1) for part in headers[POLICY].split(";"))
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == policy["connect-src"] == "'self'"
    assert policy["frame-ancestors"] == policy["base-uri"] == policy["form-action"] == "'none'"
    assert "unsafe" not in headers[POLICY]
    assert policy["require-trusted-types-for"] == "'script'"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["Strict-Transport-Security"]


def test_the_same_sources_give_the_same_bytes(package: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(console_package, "BUILT", tmp_path)
    again = console_package.build() / "console"
    names = sorted(path.relative_to(package) for path in package.rglob("*") if path.suffix != ".pyc" and path.is_file())
    assert names == sorted(path.relative_to(again) for path in again.rglob("*") if path.is_file())
    assert all((package / name).read_bytes() == (again / name).read_bytes() for name in names)


def test_a_changed_source_is_built_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    project = tmp_path / "project"
    for source in ("console", "docs/examples", "functions/console", "statemachine"):
        shutil.copytree(console_package.ROOT / source, project / source)
    for source in ("docs/openapi.json", "package-lock.json"):
        shutil.copy(console_package.ROOT / source, project / source)
    (project / "node_modules").symlink_to(console_package.ROOT / "node_modules")
    monkeypatch.setattr(console_package, "ROOT", project)
    monkeypatch.setattr(console_package, "BUILT", tmp_path / "built")
    before = console_package.build()
    assert console_package.build() == before
    page = project / "console" / "api.html"
    page.write_text(page.read_text().replace("the API", "the API itself"))
    after = console_package.build()
    assert "the API itself" in (after / "console" / "files" / "api.html").read_text()
    assert [path.name for path in (tmp_path / "built").iterdir()] == [after.name]


def test_no_answer_is_too_long_for_lambda(package: Path) -> None:
    """6 MB: https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html"""
    assert max(len(json.dumps(path.read_text())) for path in (package / "files").rglob("*.*")) < 5_500_000
