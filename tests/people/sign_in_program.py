"""A browser for tests, `sign_in_program.py <user> <password> <url>`: fills in the sign-in form, follows redirects."""

from __future__ import annotations

import html
import re
import sys
import urllib.parse
import urllib.request


def main(user: str, password: str, url: str) -> None:
    with urllib.request.urlopen(url, timeout=30) as page:  # noqa: S310 - 127.0.0.1
        text = page.read().decode()
    fields = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', text))
    given = {name: html.unescape(value) for name, value in fields.items()} | {"username": user, "password": password}
    form = urllib.parse.urlencode(given).encode()
    urllib.request.urlopen(urllib.parse.urljoin(url, "/login"), form, timeout=30).close()  # noqa: S310 - 127.0.0.1


if __name__ == "__main__":
    main(*sys.argv[1:])
