"""The settings group `console`: whether there is a page, how people sign in to it, and what it says."""

from __future__ import annotations

import re
from dataclasses import dataclass, fields
from typing import Any

from stacks.setting_checks import require

_URL = re.compile(r"https://[A-Za-z0-9.\-]+(:[0-9]{1,5})?(/[A-Za-z0-9\-._~:/?#@!$&()*+,;=%]*)?")
_ORIGIN = re.compile(r"https://[a-z0-9]([a-z0-9.\-]*[a-z0-9])?")
_PREFIX = re.compile(r"[a-z0-9]([a-z0-9\-]{0,61}[a-z0-9])?")
# https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_CreateIdentityProvider.html
_PROVIDER = re.compile(r"[^_\s][^_]{1,31}")
_LONGEST_TITLE, _LONGEST_URL = 60, 500
_COGNITO = "COGNITO"


@dataclass(frozen=True)
class ConsoleSettings:
    """Hold what docs/settings.md describes."""

    enabled: bool = True
    title: str = "RDS Operations"
    cloudops_url: str = ""
    domain_prefix: str = ""
    pool_domain: str = ""
    identity_providers: tuple[str, ...] = (_COGNITO,)


def checked_console(document: Any) -> ConsoleSettings:
    require(isinstance(document, dict), "console must be an object")
    known = {item.name: item.default for item in fields(ConsoleSettings)}
    unknown = sorted(set(document) - set(known))
    require(not unknown, f"console: unknown {', '.join(unknown)}. Known: {', '.join(sorted(known))}")
    for name, value in document.items():
        if name != "identity_providers":
            kind = type(known[name])
            require(type(value) is kind, f"console: {name} must be {'true or false' if kind is bool else 'text'}")
    providers = document.get("identity_providers", [_COGNITO])
    require(
        isinstance(providers, list)
        and providers
        and all(isinstance(name, str) and _PROVIDER.fullmatch(name) for name in providers),
        f"console: identity_providers must be a list of the pool's identity providers, or [{_COGNITO!r}]",
    )
    return _checked(ConsoleSettings(**{**document, "identity_providers": tuple(providers)}))


def _checked(console: ConsoleSettings) -> ConsoleSettings:
    title, url, domain = console.title, console.cloudops_url, console.pool_domain
    require(
        title.strip() and title.isprintable() and len(title) <= _LONGEST_TITLE,
        f"console: title must be 1 to {_LONGEST_TITLE} printable characters",
    )
    require(
        not url or (_URL.fullmatch(url) and len(url) <= _LONGEST_URL),
        "console: cloudops_url must be a URL such as https://requests.example.com/cloudops",
    )
    require(
        not domain or _ORIGIN.fullmatch(domain),
        "console: pool_domain must be the URL of the pool's sign-in pages without a path, such as "
        "https://login.example.com",
    )
    _check_prefix(console.domain_prefix)
    return console


def _check_prefix(prefix: str) -> None:
    """https://docs.aws.amazon.com/cognito/latest/developerguide/cognito-user-pools-assign-domain-prefix.html"""
    require(
        not prefix or (_PREFIX.fullmatch(prefix) and not any(word in prefix for word in ("aws", "amazon", "cognito"))),
        "console: domain_prefix must be 1 to 63 lower-case letters, digits or hyphens, without aws, amazon or cognito",
    )
