"""Random schedules of faults and deaths over lives with software on the machine: no installer runs twice, no secret is left or doubled."""

from collections import Counter
from functools import partial

import pytest
import trio
from softwarelab import ACP, AGENT, PROBE, WITH_SECRET, driver_of, machine_row, runs
from unlucky import FAULTS, Unlucky

from sandboxd.simulator.consistency import Weather
from sandboxd.world import run


async def life(seed, met, **settings):
    """Up, stopped, up, down, through everything."""
    lab = Unlucky(seed)
    async with trio.open_nursery() as lab.nursery:
        driver = await driver_of(lab, **settings)
        lab.armed = True
        if seed % 2:
            lab.world.weather = Weather(seed, chance=0.3)
        await driver.through(driver.raise_all)
        await trio.sleep(400)
        assert lab.there() == WITH_SECRET and runs(lab) == 1
        assert not any(one.get("ends", 0) > lab.clock.now() for one in machine_row(lab).data["disk"].values())
        await driver.through(
            lambda: driver.lower_all({key: {ACP: 1, AGENT: 0, PROBE: 0}.get(key, 9) for key in driver.rows})
        )
        await driver.through(driver.raise_all)
        await trio.sleep(400)
        assert lab.there() == WITH_SECRET and runs(lab) == 1
        await driver.through(driver.lower_all)
        await trio.sleep(400)
        assert lab.there() == {}
    met += lab.met


@pytest.mark.parametrize("seed", range(24))
def test_nothing_runs_twice_and_nothing_is_left(seed):
    """One run of the installer on one machine, whatever was lost, late or shown late."""
    run(partial(life, seed, Counter()), seed=seed)


def test_every_fault_is_met():
    """By some of the seeds."""
    met = Counter()
    for seed in range(6):
        run(partial(life, seed, met), seed=seed)
    assert set(met) == set(FAULTS)
