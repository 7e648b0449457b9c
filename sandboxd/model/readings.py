"""What a clock said, and whether it was set between two lives of the daemon."""

from msgspec import Struct


class Reading(Struct, frozen=True):
    """What a clock says, and how long the machine has been up, of which nobody sets the clock."""

    boot: str
    """of the machine, at a pace: readings of another boot say nothing of how long it has been"""
    up: float
    """seconds"""
    at: float
    """seconds since the epoch"""


SLEWED = 5.0
"""seconds by which a clock is put right without anybody noticing"""


def shift(then: Reading, now: Reading) -> float:
    """Return by how many seconds the clock was set between two readings; 0 where it was not, or nobody can know.

    After a boot a clock that went back is seen, one that was set forward is not: it is taken for time that has passed.
    """
    passed = now.up - then.up if now.boot == then.boot else max(0.0, now.at - then.at)
    by = now.at - then.at - passed
    return by if abs(by) > SLEWED else 0.0
