"""Random schedules of faults and deaths over whole lives, engine and simulator in one task under a clock that jumps.

Crashes fall at calls, where it hurts: evenly over time they would hardly ever meet one. What counts is the account.
"""

from collections import Counter
from functools import partial

import pytest
import trio
from enginelab import REGION, Driver, image_of, nodes, zone_of
from operations import FULL
from unlucky import FAULTS, Unlucky

from sandboxd.world import run


async def life(seed, **settings):
    """Up, stopped, up, down, through everything; raise AssertionError where the account is not as believed."""
    lab = Unlucky(seed)
    async with trio.open_nursery() as lab.nursery:
        driver = Driver(lab, nodes(await image_of(lab), await zone_of(lab)), **settings)
        machine = next(key for key in driver.rows if key.endswith("/acp"))
        lab.armed = True
        await driver.through(driver.raise_all)
        await trio.sleep(400)
        assert lab.there() == FULL
        await driver.through(lambda: driver.lower_all({key: (1 if key == machine else 9) for key in driver.rows}))
        await driver.through(driver.raise_all)
        await trio.sleep(400)
        assert lab.there() == FULL
        states = [row.state(lab.clock.now()) for row in lab.world.rows.of(lab.account, REGION, "machine")]
        assert [state for state in states if state != "terminated"] == ["running"]
        await driver.through(driver.lower_all)
        await trio.sleep(400)
        assert lab.there() == {}
    return lab.met


@pytest.mark.parametrize("seed", range(60))
def test_nothing_is_doubled_and_nothing_is_left(seed):
    """One of each, as believed, and nothing in the end; also where no life of the daemon outlives the settle time."""
    run(partial(life, seed), seed=seed)


def test_the_schedules_are_sensitive():
    """An engine that does not wait out the settle time fails some of the same schedules."""
    failed, met = 0, Counter()
    for seed in range(60):
        try:
            met += run(partial(life, seed, settle=5), seed=seed)
        except* AssertionError:
            failed += 1
    assert failed
    assert set(met) == set(FAULTS)
