"""The daemon's clock: the formula that it shares with the simulator, and a wall clock that somebody sets."""

from sandboxd.daemon.clock import PacedClock


class Machine:
    """A wall clock that can be set, and a counter that cannot."""

    def __init__(self):
        self.wall, self.boot = 1_900_000_000.0, 5_000.0

    def passes(self, seconds):
        self.wall += seconds
        self.boot += seconds

    def clock(self, **settings):
        return PacedClock(wall=lambda: self.wall, boot=lambda: self.boot, **settings)


def test_it_is_the_formula():
    """now = origin + (real - origin) * pace."""
    machine = Machine()
    clock = machine.clock(pace=60, origin=1_899_999_000.0)
    machine.passes(10)
    assert clock.now() == 1_899_999_000.0 + 1010 * 60
    assert machine.clock().now() == machine.wall


def test_a_wall_clock_that_is_set_ends_no_settle_time():
    """An hour forward, a day back, 1970, 2038: the same seconds pass as before."""
    machine = Machine()
    clock = machine.clock()
    before = clock.now()
    for jump in (3600.0, -86_400.0, -1_900_000_000.0, 247_483_648.0):
        machine.wall += jump
        machine.passes(1)
    assert clock.now() == before + 4


def test_a_new_life_believes_the_wall():
    """After a restart the set clock counts, so that expiries mean what people see on it."""
    machine = Machine()
    machine.wall += 3600
    assert machine.clock().now() == machine.wall
