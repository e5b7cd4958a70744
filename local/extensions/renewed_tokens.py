"""Extension: tokens that were renewed say when the person signed in, as on AWS. MiniStack says when they were renewed,
and clients of OpenID Connect refuse them.

https://openid.net/specs/openid-connect-core-1_0.html#RefreshTokenResponse
"""

from __future__ import annotations

from typing import Any

from ministack.services import cognito

_signed_in: dict[str, int] = {}


def install() -> None:
    sign = cognito._signed_jwt

    def with_first_time(claims: dict[str, Any], *more: Any, **named: Any) -> str:
        if "auth_time" in claims:
            claims = {**claims, "auth_time": _signed_in.setdefault(claims["origin_jti"], claims["auth_time"])}
        return str(sign(claims, *more, **named))

    cognito._signed_jwt = with_first_time
