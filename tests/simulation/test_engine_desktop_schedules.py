"""Random schedules of faults and deaths over the lives of a fleet with its stack and role."""

import random
from functools import partial

import pytest
import trio
from desktoplab import FLEET, UP, driver_of, fleet
from enginelab import Lab

from sandboxd.simulator.calls import is_mutation
from sandboxd.world import run

FAULTS = ("lose", "drop", "late", "crash-before", "crash-after", "InternalError", "ThrottlingException")


class Unlucky(Lab):
    """Any mutation may go wrong, at a rate that the seed draws; so may reads, which are only cut."""

    def __init__(self, seed):
        super().__init__(seed)
        self.rng = random.Random(seed)
        self.rate, self.armed = self.rng.choice([0.1, 0.2, 0.35]), False

    async def call(self, scope, service, operation, parameters):
        if self.armed and self.rng.random() < self.rate:
            fault = self.rng.choice(FAULTS) if is_mutation(operation) else "drop"
            self.faults.setdefault(operation, []).append(fault)
        return await super().call(scope, service, operation, parameters)


async def life(seed):
    """Up, stopped, up, down, through everything; raise AssertionError where the account is not as believed."""
    lab = Unlucky(seed)
    async with trio.open_nursery() as lab.nursery:
        driver = driver_of(lab)
        lab.armed = True
        for state in ("RUNNING", "STOPPED", "RUNNING"):
            stays = {key: len(row.node.states) for key, row in driver.rows.items()} | {FLEET: 1}
            work = partial(driver.lower_all, stays) if state == "STOPPED" else driver.raise_all
            await driver.through(work)
            await trio.sleep(400)
            assert (lab.there(), fleet(lab)["State"]) == (UP, state)
        await driver.through(driver.lower_all)
        await trio.sleep(400)
        assert lab.there() == {}


@pytest.mark.parametrize("seed", range(24))
def test_nothing_is_doubled_and_nothing_is_left(seed):
    """One of each, as believed, and nothing in the end."""
    run(partial(life, seed), seed=seed)
