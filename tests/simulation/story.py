"""What happened, for people to read: time, who, what, effect."""

from __future__ import annotations

from tests.simulation.world import World


class Story:
    def __init__(self, world: World) -> None:
        self._world = world
        self.lines: list[tuple[float, str, str]] = []

    def tell(self, who: str, what: str) -> None:
        self.lines.append((self._world.seconds, who, what))

    def text(self) -> str:
        return "\n".join(f"{_clock(seconds)}  {who:<44}  {what}" for seconds, who, what in self.lines)


def _clock(seconds: float) -> str:
    minutes, rest = divmod(seconds, 60)
    return f"{int(minutes):4d}:{rest:06.3f}"
