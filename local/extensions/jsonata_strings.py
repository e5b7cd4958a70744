"""Extension: `$string` does not escape characters outside ASCII, as in JSONata's reference implementation.

If it did, characters that a service refuses would seem to be accepted. https://docs.jsonata.org/string-functions#string
"""

import json
from typing import Any

from jsonata.functions import Functions


def install() -> None:
    Functions._string = staticmethod(_text)


def _text(value: Any, prettify: bool) -> str:
    layout: dict[str, Any] = {"indent": 2} if prettify else {"separators": (",", ":")}
    return json.dumps(value, cls=Functions.Encoder, ensure_ascii=False, **layout)
