"""Repeatable chance: a throw depends on the seed and its purpose, not on earlier throws.

So a history without one of its actions or faults otherwise stays the same, and can be shrunk.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from hashlib import blake2b
from typing import TypeVar

T = TypeVar("T")
_WHOLE = float(2**32)
_THROWS = 16


class Dice:
    """Make all throws for one purpose."""

    def __init__(self, seed: int, purpose: str) -> None:
        self._purpose = f"{seed}/{purpose}"
        self._throws: list[int] = []
        self._rounds = 0

    def chance(self) -> float:
        """Return at least 0 and less than 1."""
        if not self._throws:
            self._rounds += 1
            digest = blake2b(f"{self._purpose}/{self._rounds}".encode(), digest_size=4 * _THROWS).digest()
            self._throws = list(struct.unpack(f"{_THROWS}I", digest))
        return self._throws.pop() / _WHOLE

    def hits(self, rate: float) -> bool:
        return self.chance() < rate

    def between(self, least: float, most: float) -> float:
        return least + (most - least) * self.chance()

    def one_of(self, choices: Sequence[T]) -> T:
        return choices[int(self.chance() * len(choices))]


class Thrown(Dice):
    """Throw this number every time."""

    def __init__(self, chance: float) -> None:
        super().__init__(0, "")
        self._chance = chance

    def chance(self) -> float:
        return self._chance
