"""What time it is for the daemon: its last word plus the time since, at its pace. Pure; reads a clock that is passed in.

Ages are always counted on this clock, never on our own. While the daemon is away its clock stands still here: nobody
knows what has happened since, and a frozen age says so.
"""

from collections.abc import Callable


class DaemonClock:
    """An estimate of the daemon's time; `ticks` is a monotonic clock of real seconds."""

    def __init__(self, ticks: Callable[[], float]) -> None:
        self._ticks = ticks
        self._at, self._since, self._pace = 0.0, ticks(), 1.0
        self._frozen: float | None = 0.0

    @property
    def now(self) -> float:
        """Seconds since the epoch, as the daemon would say now."""
        if self._frozen is not None:
            return self._frozen
        return self._at + (self._ticks() - self._since) * self._pace

    @property
    def pace(self) -> float:
        """How much faster than ours the daemon's time runs."""
        return self._pace

    def hear(self, at: float, pace: float | None = None) -> None:
        """Take the daemon's word: it is so late now. Of events only those count that are ahead of the estimate."""
        if pace is None and self._frozen is None and at <= self.now:
            return
        self._at, self._since = at, self._ticks()
        self._pace = pace if pace is not None else self._pace
        if pace is not None:
            self._frozen = None

    def freeze(self) -> None:
        """The daemon is away."""
        self._frozen = self.now

    def thaw(self) -> None:
        """The daemon is back, and its clock ran on meanwhile."""
        if self._frozen is not None and self._at:
            self._frozen = None
