"""Random schedules of faults and deaths, and bad weather, over the lives of load balancers, targets and web ACLs.

As `test_engine_schedules`, for kinds that are found by name, that show their tags elsewhere, and whose creates succeed on
what is there already.
"""

from collections import Counter
from functools import partial

import pytest
import trio
from balancinglab import FULL, ingress_of, rows
from enginelab import Driver, shared
from unlucky import FAULTS, Unlucky

from sandboxd.simulator.consistency import CALM, Weather
from sandboxd.world import run


async def life(seed, *, weather=False, **settings):
    """Up, the hourly ones down, up again, down; raise AssertionError where the account is not as believed."""
    lab = Unlucky(seed)
    async with trio.open_nursery() as lab.nursery:
        driver = Driver(lab, await ingress_of(lab), **settings)
        lab.armed = True
        if weather:
            lab.world.weather = Weather(seed)
        await driver.through(driver.raise_all)
        await trio.sleep(600)
        assert lab.there() == FULL
        hourly = ("load-balancer", "listener", "web-acl", "web-acl-association")
        stay = {key: 9 for key, row in driver.rows.items() if row.node.kind not in hourly}
        await driver.through(lambda: driver.lower_all(stay))
        await trio.sleep(600)
        assert not rows(lab, "load-balancer") and not rows(lab, "listener") and not rows(lab, "web-acl")
        await driver.through(driver.raise_all)
        await trio.sleep(600)
        assert lab.there() == FULL
        _check(lab, driver)
        lab.world.weather = Weather(seed + 1) if weather else CALM
        await driver.through(driver.lower_all)
        await trio.sleep(600)
        assert lab.there() == {}
    return lab.met


def _check(lab, driver):
    """What is believed is what there is: the ACL stands before the load balancer, and each group has its one target."""
    application = lab.world.rows.find(driver.rows[shared("alb")].facts["id"])
    assert application.refs["acl"] == driver.rows[shared("acl")].facts["id"]
    now = lab.clock.now()
    targets = [row for row in rows(lab, "target") if row.state(now) == "registered"]
    assert len(targets) == 2
    assert all(row.data["target"] == driver.rows[shared("envoy")].facts["id"] for row in targets)


@pytest.mark.parametrize("seed", range(30))
def test_nothing_is_doubled_and_nothing_is_left(seed):
    """One of each, as believed, and nothing in the end."""
    run(partial(life, seed), seed=seed)


@pytest.mark.parametrize("seed", range(100, 130))
def test_nor_when_reads_are_late(seed):
    """What is new is not seen, then without its tags, then not again; WAF and EC2's own news come minutes late."""
    run(partial(life, seed, weather=True), seed=seed)


def test_the_schedules_meet_every_fault():
    """They are no easy lives."""
    met = Counter()
    for seed in range(8):
        met += run(partial(life, seed), seed=seed)
    assert set(met) == set(FAULTS)
