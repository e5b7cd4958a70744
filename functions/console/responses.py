"""The response to each GET of a page, of one of its files, of its settings, or of the API document."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from console.web_files import WebFile

Document = dict[str, Any]

OPENAPI, CONFIG, START = "openapi.json", "config.json", "index.html"
SCHEMES = {"iam": "Signature", "api_key": "ApiKey", "cognito": "IdentityToken"}
"""The security scheme of the API document that opens an API of each `authentication`."""
POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "font-src 'self' data:",
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
        "require-trusted-types-for 'script'",
        "trusted-types default dompurify 'allow-duplicates'",  # Swagger UI has a DOMPurify of its own
    )
)
SECURITY_HEADERS = {
    "Content-Security-Policy": POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Referrer-Policy": "no-referrer",
    "Strict-Transport-Security": "max-age=31536000",
    "X-Content-Type-Options": "nosniff",
}
_UNKNOWN = json.dumps({"error": "There is no such file. The console starts at /console/", "code": "unknown_route"})
_FRESH = "no-cache"  # kept, but asked for each time: a deployment is seen at once
_FOR_EVER = "public, max-age=31536000, immutable"


class Responses:
    """`settings`: what each page is told beside what its API says of itself."""

    def __init__(self, files: Mapping[str, WebFile], origin: str, settings: Mapping[str, str]) -> None:
        self._files = {name: file for name, file in files.items() if name != OPENAPI}
        self._openapi: Document = json.loads(files[OPENAPI].text)
        self._origin = origin
        self._settings = settings

    def response(self, event: Document) -> Document:
        """Answer a proxy event: 200, 304 to a browser that has the file, 307 to the start page, or 404."""
        if event["resource"] == f"/{OPENAPI}":
            return self._sent(event, self._document(event), {"Access-Control-Allow-Origin": self._origin})
        name = (event.get("pathParameters") or {}).get("proxy", "")
        if not name and not event["path"].endswith("/"):
            # The page's links are relative to the folder. Its name is in the URL, so that this cannot go on for ever.
            return self._answer(event, 307, "", {"Location": f"{_path(event)}/{START}", "Content-Type": "text/plain"})
        if name == CONFIG:
            return self._sent(event, self._config(event), {})
        file = self._files.get(name or START)
        return (
            self._sent(event, file, {})
            if file
            else self._answer(event, 404, _UNKNOWN, {"Content-Type": "application/json"})
        )

    def _document(self, event: Document) -> WebFile:
        """Return the API document of this API: with its URL, and with the one scheme that opens it."""
        path = _path(event).removesuffix(f"/{OPENAPI}")
        scheme = SCHEMES[_authentication(event)]
        is_plain = (event.get("headers") or {}).get("X-Forwarded-Proto") == "http"  # on the local cloud
        components = self._openapi["components"]
        schemes = {scheme: components["securitySchemes"][scheme]}
        document = {
            **self._openapi,
            "servers": [{"url": f"{'http' if is_plain else 'https'}://{event['requestContext']['domainName']}{path}"}],
            "security": [{scheme: []}],
            "components": {**components, "securitySchemes": schemes},
        }
        return WebFile.of(OPENAPI, json.dumps(document, ensure_ascii=False, indent=1))

    def _config(self, event: Document) -> WebFile:
        settings: Document = {
            **self._settings,
            "authentication": _authentication(event),
            "stage": event["requestContext"]["stage"],
            "version": self._openapi["info"]["version"],
            **_sign_in(event),
        }
        return WebFile.of(CONFIG, json.dumps(settings))

    def _sent(self, event: Document, file: WebFile, headers: Mapping[str, str]) -> Document:
        cached = {"ETag": file.etag, "Cache-Control": _FOR_EVER if file.is_hashed else _FRESH, **headers}
        if file.etag in _tags_of(event):
            return self._answer(event, 304, "", cached)
        return self._answer(event, 200, file.text, {**cached, "Content-Type": file.media_type})

    def _answer(self, event: Document, status: int, body: str, headers: Mapping[str, str]) -> Document:
        secured = {**SECURITY_HEADERS, "Content-Security-Policy": _policy(event)}
        return {"statusCode": status, "headers": {**secured, **headers}, "body": body}


def _path(event: Document) -> str:
    """Return the path as the browser has it: with the stage, or with a custom domain's base path.

    Two slashes at its start would make it another host's URL.
    """
    return "/" + str(event["requestContext"]["path"]).strip("/")


def _policy(event: Document) -> str:
    """Let the page fetch tokens from the pool's domain, where it has one."""
    domain = event["stageVariables"].get("sign_in_url", "")
    return POLICY.replace("connect-src 'self'", f"connect-src 'self' {domain}") if domain else POLICY


def _sign_in(event: Document) -> Document:
    variables = event["stageVariables"]
    if "sign_in_url" not in variables:
        return {}
    return {"sign_in": {name: variables[f"sign_in_{name}"] for name in ("url", "client", "pool")}}


def _authentication(event: Document) -> str:
    return str(event["stageVariables"]["authentication"])


def _tags_of(event: Document) -> list[str]:
    """Return the ETags that the browser has. API Gateway passes names of headers on as they were sent."""
    headers = {name.lower(): value for name, value in (event.get("headers") or {}).items()}
    tags = str(headers.get("if-none-match", "")).split(",")
    return [tag.strip().removeprefix("W/") for tag in tags]
