"""Eventual consistency: what a read sees of a row, and when. Drawn once per row and change from a stream of its own.

A fresh resource is invisible for a while, its tags come later still, a read may lose sight of it once again, changes are
seen late, and what was deleted is still listed. All of it is over `VISIBLE` seconds after the change: that is what the
simulator promises. Operations know nothing of it; `Rows` asks here.
"""

import math
import random
from typing import Any, NamedTuple

from msgspec import Struct

VISIBLE = 120.0
NEVER = 1e12
"""a moment that does not come, and can be saved"""
BLINK = 20.0
"""longest time for which a read loses sight of what it has seen"""
LAG = 30.0
"""longest time by which a change of state is seen late"""


class Former(NamedTuple):
    """What a row was before a change that is not seen yet."""

    until: float
    data: dict[str, Any]
    tags: dict[str, str]
    refs: dict[str, str]


class Haze(Struct):
    """Why a read sees a row as it is not. Moments in simulated seconds."""

    seen_from: float
    tags_from: float = 0.0
    blinks_from: float = NEVER
    blinks_until: float = NEVER
    lag: float = 0.0
    former: Former | None = None

    def hides(self, now: float) -> bool:
        """Whether the row is not there for anybody yet."""
        return now < self.seen_from

    def is_over(self, now: float, changed: float) -> bool:
        """Whether reads see the row as it is, which changed last at a moment."""
        late = self.former is not None and now < self.former.until
        return not late and now >= self.tags_from and now >= changed + self.lag

    def blinks(self, now: float) -> bool:
        """Whether reads have lost sight of it again."""
        return self.blinks_from <= now < self.blinks_until


class Weather:
    """How bad it is: `chance` is that of each thing that can go wrong, `mortal` that of what was accepted to die."""

    def __init__(self, seed: int, *, chance: float = 0.3, mortal: float = 0.0, until: float = math.inf) -> None:
        self._rng = random.Random(f"weather {seed}")
        self.chance, self.mortal, self.until = chance, mortal, until

    def _strikes(self, now: float, chance: float) -> bool:
        return bool(chance) and now < self.until and self._rng.random() < chance

    def haze(self, now: float) -> Haze | None:
        """What is to be seen of a row made at this moment."""
        if not self.chance or now >= self.until:
            return None
        end, draw = now + VISIBLE, self._rng.uniform
        haze = Haze(draw(now, end) if self._strikes(now, self.chance) else now)
        if self._strikes(now, self.chance):
            haze.tags_from = draw(haze.seen_from, end)
        if self._strikes(now, self.chance):
            haze.blinks_from = draw(haze.seen_from, end)
            haze.blinks_until = min(end, haze.blinks_from + draw(1.0, BLINK))
        if self._strikes(now, self.chance):
            haze.lag = draw(1.0, LAG)
        return haze

    def late(self, now: float, most: float = LAG) -> float:
        """By how many seconds a change is seen, or comes true, late; 0 for most."""
        return self._rng.uniform(1.0, most) if self._strikes(now, self.chance) else 0.0

    def dies(self, now: float) -> bool:
        """Whether something that is accepted now will fail on its way."""
        return self._strikes(now, self.mortal)

    def happens(self, now: float) -> bool:
        """Whether one of the rarer things happens: an empty page, a change that clashes with another one."""
        return self._strikes(now, self.chance / 2)

    def choose(self, *among: Any) -> Any:
        """One of several."""
        return self._rng.choice(among)


CALM = Weather(0, chance=0.0)
"""every read sees everything at once, and nothing dies"""
