"""What goes wrong at AWS in a schedule: faults of calls and weather by seed, and somebody who takes machines away."""

import contextlib
import random
from collections import Counter

import trio
from msgspec import Struct, field

from sandboxd.simulator.calls import Request
from sandboxd.simulator.chaos import Chaos
from sandboxd.simulator.consistency import Weather
from sandboxd.simulator.errors import ApiError
from sandboxd.simulator.gate import Fault
from sandboxd.world import World
from tests.faults.scenario import People

RATES = (0.0, 0.05, 0.1, 0.2, 0.35)
CHANCES = (0.0, 0.1, 0.3)
SKEWS = (0.0, 0.0, 0.0, 0.0, 90.0, -90.0, 3600.0, -3600.0, 86_400.0, -86_400.0)
"""seconds by which a life's clock may be wrong"""
MORTAL = (0.0, 0.0, 0.05)


class Disturbed(Struct):
    """The faults of one world, and an end to them."""

    world: World
    chaos: Chaos | None
    met: Counter[str] = field(default_factory=Counter)

    def calm(self) -> None:
        """From now on AWS is as the textbooks say."""
        if self.chaos is not None:
            self.met = self.chaos.met
            self.chaos.until = self.chaos.weather.until = self.world.simulated.clock.now()


class Once:
    """A hook that meets the first call of one operation."""

    def __init__(self, operation: str, fault: Fault) -> None:
        self._operation, self._fault = operation, fault
        self.met = False

    def __call__(self, q: Request) -> Fault | None:
        """What happens to this call."""
        if self.met or q.operation != self._operation:
            return None
        self.met = True
        return self._fault


def disturb(world: World, *, seed: int, faults: bool, one: tuple[str, Fault] | None = None) -> Disturbed:
    """Let things go wrong from now on."""
    if one is not None:
        world.simulated.hook = Once(*one)
    if one is not None or not faults:
        return Disturbed(world, None)
    rng = random.Random(f"{seed} faults")
    weather = Weather(seed, chance=rng.choice(CHANCES), mortal=rng.choice(MORTAL))
    chaos = Chaos(seed, rng.choice(RATES), weather=weather)
    chaos.set_on(world.simulated)
    return Disturbed(world, chaos)


class Harm:
    """Somebody with access to the account terminates machines and gateways."""

    def __init__(self, world: World, rng: random.Random) -> None:
        self._world, self._rng = world, rng

    async def do(self, people: People) -> None:
        """Once or twice, somewhere in the life."""
        for _ in range(self._rng.randint(1, 2)):
            await trio.sleep(self._rng.uniform(200, 1000))
            self._take_one(people)

    def _take_one(self, people: People) -> None:
        simulated, rng = self._world.simulated, self._rng
        machines = [
            row
            for row in simulated.rows.everywhere("eu-central-1", "machine")
            if row.account == people.account and row.state(simulated.clock.now()) in ("running", "stopped")
        ]
        if not machines:
            return
        taken = rng.choice(machines)
        for sandbox in people.sandboxes.values():
            sandbox.harmed = True
        self._world.trace.note("harm", people.account, taken.id)
        caller = simulated.caller(people.account)
        hook, simulated.hook = simulated.hook, lambda _: None
        with contextlib.suppress(ApiError):  # too young to be seen by everybody
            simulated.call(caller, "eu-central-1", "ec2", "TerminateInstances", {"InstanceIds": [taken.id]})
        simulated.hook = hook
