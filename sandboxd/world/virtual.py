"""Virtual time: it stands still while anybody computes, and jumps to the next deadline as soon as everybody waits.

A nap is a sleep without a cancel scope of its own: worlds sleep some hundred thousand times a minute, and half of what
Trio did for them was opening and closing scopes.
"""

import heapq
import itertools
import math

import trio


class Nap:
    """One task that sleeps until a moment, or until somebody wakes it."""

    def __init__(self) -> None:
        self._task = trio.lowlevel.current_task()
        self.is_over = False

    def wake(self) -> None:
        """End it."""
        if not self.is_over:
            self.is_over = True
            trio.lowlevel.reschedule(self._task)

    async def wait(self) -> None:
        """Sleep."""

        def abort(_: object) -> trio.lowlevel.Abort:
            self.is_over = True
            return trio.lowlevel.Abort.SUCCEEDED

        await trio.lowlevel.wait_task_rescheduled(abort)


class VirtualClock(trio.abc.Clock):
    """Seconds since the world's first moment."""

    def __init__(self) -> None:
        self._now = 0.0
        self._naps: list[tuple[float, int, Nap]] = []
        self._numbers = itertools.count()

    def start_clock(self) -> None:
        """Trio begins."""

    def current_time(self) -> float:
        """Now."""
        return self._now

    def deadline_to_sleep_time(self, deadline: float) -> float:
        """Everybody waits, says Trio, at the soonest until `deadline`: it is that late now."""
        naps = self._naps
        while naps and naps[0][2].is_over:
            heapq.heappop(naps)
        soonest = min(deadline, naps[0][0]) if naps else deadline
        if soonest == math.inf:
            return math.inf
        self._now = max(self._now, soonest)
        while naps and naps[0][0] <= self._now:
            heapq.heappop(naps)[2].wake()
        return 0.0

    def nap(self, seconds: float) -> Nap:
        """Return a nap of the current task, to be waited for."""
        nap = Nap()
        heapq.heappush(self._naps, (self._now + seconds, next(self._numbers), nap))
        return nap


def clock() -> VirtualClock:
    """Return the clock of this world."""
    running = trio.lowlevel.current_clock()
    assert isinstance(running, VirtualClock)
    return running
