"""Simulated time: `now = origin + (real - origin) * pace`, the formula that daemon and simulator share."""

import time
from collections.abc import Callable


class SimClock:
    """Seconds since the epoch of the simulated world; `shift` is added by a store that goes on where it ended."""

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
        """Choose the origin such that it is `now` at this moment: a saved world goes on where its time stood."""
        real = self._real()
        if self.pace != 1:
            self.origin = (now - real * self.pace) / (1 - self.pace)
