"""Whether a clock was set between two readings: the machine's own uptime says, where it is the same boot."""

import pytest

from sandboxd.daemon.clock import PacedClock
from sandboxd.model.readings import Reading, shift

DAY = 86_400.0


@pytest.mark.parametrize(
    ("then", "now", "by"),
    [
        (Reading("a", 100, 1000), Reading("a", 160, 1060), 0.0),
        (Reading("a", 100, 1000), Reading("a", 160, 1063), 0.0),
        (Reading("a", 100, 1000), Reading("a", 160, 1060 + DAY), DAY),
        (Reading("a", 100, 1000), Reading("a", 160, 1060 - DAY), -DAY),
        (Reading("a", 100, 1000), Reading("b", 5, 1000 + DAY), 0.0),
        (Reading("a", 100, 1000), Reading("b", 5, 1000 - DAY), -DAY),
    ],
)
def test_a_clock_that_was_set_is_seen(then, now, by):
    """Either way within a boot, back also across one; a few seconds are what time servers do."""
    assert shift(then, now) == by


def test_the_daemons_clock_is_read_beside_the_machines():
    """At a pace both run faster; another pace is another clock."""
    wall, boot = [5000.0], [100.0]

    def clock(pace):
        return PacedClock(pace=pace, origin=1000.0, wall=lambda: wall[0], boot=lambda: boot[0])

    before = clock(20.0).reading()
    boot[0], wall[0] = 160.0, 5060.0
    assert shift(before, clock(20.0).reading()) == 0.0
    wall[0] += 3600
    assert shift(before, clock(20.0).reading()) == pytest.approx(3600 * 20)
    assert before.boot != clock(1.0).reading().boot
