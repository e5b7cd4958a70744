"""Signs of production outside of the environment tags. They can refuse, and never open anything.

IAM cannot: its conditions name each tag that they ask for. docs/security.md says so.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Set
from functools import cache

_TRUE = frozenset({"", "true", "yes", "y", "1", "on"})
"""Values of a flag such as `is-production`; an empty one counts."""
_ENVIRONMENT_NAME = re.compile(r"environment|(?<![a-z])(?:environ|env|stage)(?![a-z])")
_GLUED = "production|prod|prd"
"""These count at the end of a longer word, too (`euprod`); `live` and `dr` do not (`olive`)."""


def says_production(text: str, words: Set[str]) -> bool:
    """Tell whether one of production's words stands in it between other characters than letters, and is not denied:
    `shop-prod`, `prod2` and `ShopProd` do; `nonprod`, `pre-prod` and `product` do not.
    """
    denied, said = _patterns(frozenset(words))
    return bool(said.search(denied.sub(" ", _hyphenated(text))))


def production_sign(tags: Mapping[str, str], words: Set[str]) -> str | None:
    """Return the first tag, by name, that says production: by its whole value under any name, by a part of its value
    under a name like `environment-name`, or as a flag like `is-production=true`.
    """
    return next((f"tag {name}={tags[name]}" for name in sorted(tags) if _is_sign(name, tags[name], words)), None)


def _is_sign(name: str, value: str, words: Set[str]) -> bool:
    plain = value.strip().lower()
    if plain in words or (plain in _TRUE and says_production(name, words)):
        return True
    return bool(_ENVIRONMENT_NAME.search(_hyphenated(name))) and says_production(value, words)


def _hyphenated(text: str) -> str:
    """`EnvironmentName` has two words."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "-", text).lower()


@cache
def _patterns(words: frozenset[str]) -> tuple[re.Pattern[str], re.Pattern[str]]:
    """Those that are denied, and those that are said. Digits part words, as in `prod2`."""
    one = "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))
    denied = re.compile(rf"(?<![a-z])(?:non|not|pre)[-_.:/ ]?(?:{one})(?![a-z])")
    return denied, re.compile(rf"(?:(?<![a-z])(?:{one})|{_GLUED})(?![a-z])")
