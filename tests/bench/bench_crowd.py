"""Many in one account, in virtual time: a class created together, and a stop in the midst of somebody else's installer.

What is shared is counted in the simulated world, deliveries of an Envoy configuration where its machines receive them.
"""

from collections import Counter
from functools import partial

import trio

from sandboxd.world import World
from sandboxd.world import run as run_world
from tests.bench.rows import Row, row
from tests.faults.oracle import Oracle
from tests.faults.scenario import People

CLASS, SEEDS = 20, 3
ENVOYS = 2
SHARED = ("vpc", "nat-gateway", "elastic-ip", "load-balancer", "web-acl", "listener", "target-group", "role")
BUSY = (60.0, 300.0)
"""seconds after its begin at which an installer is in the midst of it"""


class Crowd:
    """A world with some sandboxes, and the scripts that its machines received."""

    def __init__(self, seed: int, profile: str, names: list[str]) -> None:
        self.world = World(seed=seed, pool=1)
        self.oracle = Oracle(self.world)
        self.people = People(self.world, self.oracle, profile=profile, names=names, rng=self.world.rng)
        self.scripts: list[str] = []
        self.installing = trio.Event()
        self.world.simulated.guest_hook = self._runs

    def _runs(self, _account: str, verb: str, _now: float) -> None:
        self.scripts.append(verb)
        if verb == "install":
            self.installing.set()

    async def create(self, *names: str) -> None:
        """All of them together; each must succeed."""

        async def one(name: str) -> None:
            assert await self.people.command("create", name) == "succeeded", name

        async with trio.open_nursery() as nursery:
            for name in names:
                nursery.start_soon(one, name)

    def shared(self) -> int:
        """How many there are of that of which there must be one; all else must be there as often as it is needed."""
        people, oracle = self.people, self.oracle
        oracle.whole(people.account, len(people.sandboxes), people.profile)
        assert not oracle.findings, oracle.findings
        assert not self.world.broken, self.world.broken
        return max(Counter(item["kind"] for item in oracle.there(people.account) if item["kind"] in SHARED).values())


async def _class(seed: int, size: int) -> tuple[float, float, int]:
    """How long a class takes to create, how often the machines before it received a configuration, and what is shared."""
    crowd = Crowd(seed, "training", [f"s{n:02}" for n in range(size)])
    async with trio.open_nursery() as nursery:
        nursery.start_soon(crowd.world.keep_alive)
        await crowd.people.onboard(sandboxes=size)
        began = trio.current_time()
        await crowd.create(*crowd.people.sandboxes)
        took = trio.current_time() - began
        shared = crowd.shared()
        nursery.cancel_scope.cancel()
    return took, crowd.scripts.count("envoy-deliver") / ENVOYS, shared


async def _stop_beside(seed: int) -> float:
    """Seconds from asking for a stop, while another sandbox is being installed, to the first machine that is told to stop."""
    crowd = Crowd(seed, "model-bank", ["old", "new"])
    async with trio.open_nursery() as nursery:
        nursery.start_soon(crowd.world.keep_alive)
        await crowd.people.onboard()
        await crowd.create("old")
        crowd.installing = trio.Event()
        nursery.start_soon(crowd.people.command, "create", "new")
        await crowd.installing.wait()
        await trio.sleep(crowd.world.rng.uniform(*BUSY))
        mark, asked = crowd.world.simulated.log.count, crowd.world.simulated.clock.now()
        assert await crowd.people.command("stop", "old") == "succeeded"
        entries = crowd.world.simulated.log.since(mark)
        told = next(entry.at for entry in entries if entry.operation == "StopInstances")
        nursery.cancel_scope.cancel()
    return told - asked


def run() -> list[Row]:
    """The table's rows."""
    ratios, deliveries, shared, stops = [], [], [], []
    for seed in range(SEEDS):
        alone, _, _ = run_world(partial(_class, seed, 1), seed=seed)
        together, written, there = run_world(partial(_class, seed, CLASS), seed=seed)
        ratios.append(together / alone)
        deliveries.append(written)
        shared.append(float(there))
        stops.append(run_world(partial(_stop_beside, seed), seed=seed))
    return [
        row(f"{CLASS} of training together", ratios, "× one", 1.3, "the makespan of one, in virtual time"),
        row("… NAT gateways, load balancers, …", [max(shared)], "each", 1, f"{CLASS}, were they not shared"),
        row("… Envoy configurations delivered", [max(deliveries)], "each machine", 3, f"{CLASS}, one for each sandbox"),
        row("a stop beside an installer", [max(stops)], "s (virtual)", 5, "until the first machine is told to stop"),
    ]
