"""Simulated time: `now = origin + (real - origin) * pace`, the one formula that daemon and simulator share.

Both sides compute it by themselves from the same two numbers; nothing is sent between them.
"""

import time
from collections.abc import Callable


class SimClock:
    """Seconds since the epoch in the simulated world."""

    def __init__(
        self, *, pace: float = 1.0, origin: float | None = None, real: Callable[[], float] = time.time
    ) -> None:
        self._real = real
        self.pace = pace
        self.origin = real() if origin is None else origin

    def now(self) -> float:
        """Return the simulated moment."""
        return self.origin + (self._real() - self.origin) * self.pace

    def go_on_at(self, now: float) -> None:
        """Choose the origin such that it is `now` at this moment: a saved world goes on where its time stood.

        At pace 1 there is no choice; ValueError when real time has not come there yet.
        """
        real = self._real()
        if self.pace != 1:
            self.origin = (now - real * self.pace) / (1 - self.pace)
        elif now > real:
            raise ValueError("this world has run ahead of real time and cannot go on at pace 1; choose a faster pace")
