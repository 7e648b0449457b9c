"""The daemon's clock: real time, or real time at a pace, so that a simulated AWS and the daemon agree.

`now = origin + (real - origin) * pace`: both processes compute it, nobody tells the other the time. What faces people,
sockets and other servers uses real time and does not come here. Real time is read from the wall once, at the start, and
counted on from there: a wall clock that is set, forward or back, must not end a settle time or keep a timer from ringing.
"""

import time
from collections.abc import Callable
from functools import cache
from pathlib import Path

import trio

from sandboxd.model.readings import Reading


def _since_boot() -> float:
    """Seconds that no setting of the wall clock changes, and that go on while the machine sleeps."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


@cache
def _boot() -> str:
    """The boot of this machine; empty where the system does not say."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text("ascii").strip()
    except OSError:
        return ""


class PacedClock:
    """Seconds since the epoch at a pace."""

    def __init__(
        self,
        *,
        pace: float = 1.0,
        origin: float = 0.0,
        wall: Callable[[], float] = time.time,
        boot: Callable[[], float] = _since_boot,
    ) -> None:
        self.pace, self.origin = pace, origin
        self._boot = boot
        self._offset = wall() - boot()

    def now(self) -> float:
        """Seconds since the epoch, of AWS's time."""
        return self.origin + (self._boot() + self._offset - self.origin) * self.pace

    def monotonic(self) -> float:
        """Seconds that never go back, at the same pace."""
        return self._boot() * self.pace

    def reading(self) -> Reading:
        """The clock beside the machine's own."""
        return Reading(f"{_boot()} {self.origin} {self.pace}", self.monotonic(), self.now())

    async def sleep(self, seconds: float) -> None:
        """Sleep for seconds of this clock."""
        await trio.sleep(seconds / self.pace)
