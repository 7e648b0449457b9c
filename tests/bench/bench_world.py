"""What worlds cost, and how near a create comes to what AWS itself would need, in virtual time."""

import time
from functools import partial

import trio

from sandboxd.simulator.bound import bound
from sandboxd.world import World, build_clients
from sandboxd.world import run as run_world
from tests.bench.rows import Row, row
from tests.faults.oracle import Oracle
from tests.faults.scenario import People

SEEDS = 20
TIMES = {"calls": 20, "wire": 5}


async def _life(seed: int, profile: str, depth: str) -> tuple[float, int]:
    """Create and delete; return how many times its bound the create took, and the calls of all."""
    world = World(seed=seed, pool=1, depth=depth)  # type: ignore[arg-type]
    people = People(world, Oracle(world), profile=profile, names=["one"], rng=world.rng)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(world.keep_alive)
        await people.onboard()
        mark = world.simulated.log.count
        assert await people.command("create", "one") == "succeeded"
        accepted = next(at for at, _, _, _, detail in world.trace.entries if b"create was accepted" in detail)
        ratio = (trio.current_time() - accepted) / bound(world.simulated.log.since(mark)).bound_seconds
        assert await people.command("delete", "one") == "succeeded"
        nursery.cancel_scope.cancel()
    return ratio, world.trace.calls


def _ratio(seed: int) -> float:
    return run_world(partial(_life, seed, "model-bank", "calls"), seed=seed)[0]


def _rates(profile: str, depth: str) -> tuple[list[float], list[float]]:
    """Lives, and calls, for a second of CPU."""
    lives, calls = [], []
    for seed in range(TIMES[depth]):
        began = time.process_time()
        _, made = run_world(partial(_life, seed, profile, depth), seed=seed)
        spent = time.process_time() - began
        lives.append(1 / spent)
        calls.append(made / spent)
    return lives, calls


def run() -> list[Row]:
    """The table's rows."""
    build_clients()
    ratios = [_ratio(seed) for seed in range(SEEDS)]
    rows = [
        row("create of model-bank, virtual time", ratios, "× bound", 1.05, "the simulator's bound, median of 20 seeds"),
        row("the slowest of these", [max(ratios)], "× bound", None, ""),
    ]
    for depth in TIMES:
        for profile in ("trial", "model-bank"):
            lives, calls = _rates(profile, depth)
            rows.append(row(f"create and delete of {profile}, depth {depth}", lives, "a second and core", None, ""))
            rows.append(row(f"calls of {profile}, depth {depth}", calls, "a second and core", None, ""))
    return rows
