"""When an operation says that it will be over, soon after it began, against when it is over: a whole bank in virtual time."""

from datetime import datetime

import pytest
import trio

from sandboxd.world import World, run
from tests.faults.oracle import Oracle
from tests.faults.scenario import People

WHOLE = {"amq": True, "smart_client": True}
SOON = 30.0
"""seconds after which it is asked"""
VERBS = ("create", "stop", "start", "delete")


def seconds(operation, until):
    return (datetime.fromisoformat(until) - datetime.fromisoformat(operation.started_at)).total_seconds()


async def told(world, people, verb):
    """(seconds that it said after a while, seconds that it took)."""
    early = []

    async def ask():
        await trio.sleep(SOON)
        running = [one for one in world.house.shared.directory.operations.values() if one.state == "running"]
        early.extend(seconds(one, one.eta) for one in running)

    async with trio.open_nursery() as nursery:
        nursery.start_soon(ask)
        assert await people.command(verb, "one") == "succeeded"
    [said] = early
    over = [one for one in world.house.shared.directory.operations.values() if one.kind == verb]
    return said, seconds(over[-1], over[-1].ended_at)


async def life():
    world, out = World(seed=1), {}
    async with trio.open_nursery() as nursery:
        nursery.start_soon(world.keep_alive)
        people = People(world, Oracle(world), profile="model-bank", parameters=WHOLE, names=["one"], rng=world.rng)
        await people.onboard()
        for verb in VERBS:
            out[verb] = await told(world, people, verb)
        nursery.cancel_scope.cancel()
    return out


def test_an_operation_knows_soon_when_it_will_be_over():
    """The longest chain of what is still to come, in either direction."""
    for verb, (said, took) in run(life, seed=1).items():
        assert said == pytest.approx(took, rel=0.15), verb
