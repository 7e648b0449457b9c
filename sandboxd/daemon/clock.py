"""The daemon's clock: real time, or real time at a pace, so that a simulated AWS and the daemon agree.

`now = origin + (real - origin) * pace`: both processes compute it, nobody tells the other the time. What faces people,
sockets and other servers uses real time and does not come here.
"""

import time

import trio


class PacedClock:
    """Seconds since the epoch at a pace."""

    def __init__(self, *, pace: float = 1.0, origin: float = 0.0) -> None:
        self.pace, self.origin = pace, origin

    def now(self) -> float:
        """Seconds since the epoch, of AWS's time."""
        return self.origin + (time.time() - self.origin) * self.pace

    def monotonic(self) -> float:
        """Seconds that never go back, at the same pace."""
        return time.monotonic() * self.pace

    async def sleep(self, seconds: float) -> None:
        """Sleep for seconds of this clock."""
        await trio.sleep(seconds / self.pace)
