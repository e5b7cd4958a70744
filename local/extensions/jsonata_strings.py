"""Extension: `$string` writes characters as they are, like JSONata's reference implementation.

The engine would escape all that are not ASCII: what a service does not take would seem to be taken.
https://docs.jsonata.org/string-functions#string
"""

import json
from typing import Any

from jsonata.functions import Functions


def install() -> None:
    Functions._string = staticmethod(_text)


def _text(value: Any, prettify: bool) -> str:
    layout: dict[str, Any] = {"indent": 2} if prettify else {"separators": (",", ":")}
    return json.dumps(value, cls=Functions.Encoder, ensure_ascii=False, **layout)
