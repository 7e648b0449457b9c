"""Random schedules of faults and deaths over what several accounts are given at the same time, in fair and in bad weather.

All of them share one image, one key and two repository policies; what counts is who has what in the end.
"""

import random
from collections import Counter
from functools import partial

import pytest
import trio
from enginelab import Lab
from sharelab import House, given, members, to

from sandboxd.simulator.calls import is_mutation
from sandboxd.simulator.consistency import Weather
from sandboxd.world import run

FAULTS = ("lose", "drop", "late", "crash-before", "crash-after", "InternalError", "ThrottlingException")
ACCOUNTS = 4


class Unlucky(Lab):
    """Any change may go wrong, at a rate that the seed draws; so may reads, which are only cut."""

    def __init__(self, seed):
        super().__init__(seed, pool=ACCOUNTS, shared=False)
        self.rng = random.Random(seed)
        self.rate = self.rng.choice([0.05, 0.15, 0.3])
        self.met = Counter()
        if seed % 2:
            self.world.weather = Weather(seed)

    async def call(self, scope, service, operation, parameters):
        if self.rng.random() < self.rate:
            fault = self.rng.choice(FAULTS) if is_mutation(operation) else "drop"
            self.met[fault] += 1
            self.faults.setdefault(operation, []).append(fault)
        return await super().call(scope, service, operation, parameters)


async def life(seed):
    """Each account is given everything, some of it is taken back while others come, all is taken back in the end."""
    lab = Unlucky(seed)
    everybody = members(lab)
    early = lab.rng.sample(everybody, ACCOUNTS // 2)
    late = [one for one in everybody if one not in early]
    async with trio.open_nursery() as lab.nursery:
        house = House(lab, everybody)
        await house.all("raise_all", early)
        await trio.sleep(lab.rng.uniform(0, 400))
        await house.both(early[:1], late)
        await trio.sleep(400)
        assert given(lab) == to(*early[1:], *late)
        await house.all("lower_all")
        await trio.sleep(400)
        assert given(lab) == to()
    return lab.met


@pytest.mark.parametrize("seed", range(40))
def test_each_account_has_what_it_was_given_and_nothing_is_left(seed):
    """Once each, whoever writes when, whatever lands late."""
    run(partial(life, seed), seed=seed)


def test_the_schedules_meet_every_fault():
    """Else they prove little."""
    met = Counter()
    for seed in range(12):
        met += run(partial(life, seed), seed=seed)
    assert set(met) == set(FAULTS)
