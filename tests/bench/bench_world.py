"""What worlds cost, and how near a create comes to what AWS itself would need, in virtual time."""

import time
from functools import partial
from typing import Any, NamedTuple

import trio

from sandboxd.simulator.bound import bound
from sandboxd.world import World, build_clients
from sandboxd.world import run as run_world
from tests.bench.counted import price
from tests.bench.rows import Row, row
from tests.faults.oracle import Oracle
from tests.faults.scenario import People

SEEDS = 20
TIMES = {"calls": 20, "wire": 5}
WHOLE = {"amq": True, "smart_client": True}
CREATES: dict[str, tuple[str, dict[str, Any]]] = {
    "model-bank with everything": ("model-bank", WHOLE),
    "model-bank": ("model-bank", {}),
    "training": ("training", {}),
}
"""words -> profile and parameters"""
ASIDE = "its mutations; without STS, the look before the first, tails of installers and looks at them"


PREPARED = 120.0
"""seconds after which a claimed account has its service roles: a person who creates the first sandbox takes as long"""


class _Lived(NamedTuple):
    """Of one life."""

    ratio: float
    """how many times its bound the create took"""
    price: float
    """calls of the create for each mutation, what only watches aside"""
    calls: int
    """of all"""


async def _life(seed: int, profile: str, depth: str, parameters: dict[str, Any]) -> _Lived:
    """Create and delete."""
    world = World(seed=seed, pool=1, depth=depth)  # type: ignore[arg-type]
    people = People(world, Oracle(world), profile=profile, names=["one"], rng=world.rng, parameters=parameters)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(world.keep_alive)
        await people.onboard()
        await trio.sleep(PREPARED)
        mark, first = world.simulated.log.count, len(world.trace.entries)
        assert await people.command("create", "one") == "succeeded"
        accepted = next(at for at, _, _, _, detail in world.trace.entries if b"create was accepted" in detail)
        ratio = (trio.current_time() - accepted) / bound(world.simulated.log.since(mark)).bound_seconds
        commands = [one for one in world.simulated.rows.all() if one.kind == "command"]
        paid = price(world.trace.entries[first:], commands).ratio
        assert await people.command("delete", "one") == "succeeded"
        nursery.cancel_scope.cancel()
    return _Lived(ratio, paid, world.trace.calls)


def _creates(words: str) -> list[Row]:
    """How near creates of a profile come to their bound, and what they cost."""
    profile, parameters = CREATES[words]
    lives = [run_world(partial(_life, seed, profile, "calls", parameters), seed=seed) for seed in range(SEEDS)]
    ratios = [life.ratio for life in lives]
    return [
        row(f"create of {words}, virtual time", ratios, "× bound", 1.05, "the simulator's bound, median of 20 seeds"),
        row("the slowest of these", [max(ratios)], "× bound", None, ""),
        row(f"calls of a create of {words}", [life.price for life in lives], "× mutations", 1.5, ASIDE),
    ]


def _rates(profile: str, depth: str) -> tuple[list[float], list[float]]:
    """Lives, and calls, for a second of CPU."""
    lives, calls = [], []
    for seed in range(TIMES[depth]):
        began = time.process_time()
        made = run_world(partial(_life, seed, profile, depth, {}), seed=seed).calls
        spent = time.process_time() - began
        lives.append(1 / spent)
        calls.append(made / spent)
    return lives, calls


def run() -> list[Row]:
    """The table's rows."""
    build_clients()
    rows = [one for words in CREATES for one in _creates(words)]
    for depth in TIMES:
        for profile in ("trial", "model-bank"):
            lives, calls = _rates(profile, depth)
            rows.append(row(f"create and delete of {profile}, depth {depth}", lives, "a second and core", None, ""))
            rows.append(row(f"calls of {profile}, depth {depth}", calls, "a second and core", None, ""))
    return rows
