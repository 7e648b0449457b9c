"""Which services of AWS a whole life calls: the daemon builds their clients before its first command."""

from functools import partial

import trio

from sandboxd.aws.clients import SERVICES
from sandboxd.world import World, run
from tests.faults.oracle import Oracle
from tests.faults.scenario import People


async def _called() -> set[str]:
    world = World(seed=5, pool=1)
    everything = {"amq": True, "smart_client": True}
    people = People(
        world, Oracle(world), profile="model-bank", names=["one"], rng=world.rng, parameters=everything
    )  # fmt: skip
    async with trio.open_nursery() as nursery:
        nursery.start_soon(world.keep_alive)
        await people.onboard()
        for verb in ("create", "stop", "start", "delete"):
            assert await people.command(verb, "one") == "succeeded"
        nursery.cancel_scope.cancel()
    return {entry.service for entry in world.simulated.log.since(0)}


def test_a_whole_life_calls_services_that_are_known_beforehand():
    """A client that is built in the middle of a create takes its CPU from everybody else's steps."""
    assert run(partial(_called), seed=5) - {"sts"} == set(SERVICES) - {"sts"}
