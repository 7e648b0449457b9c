"""What goes wrong at AWS in a schedule: faults of calls and weather by seed, and somebody who takes things away."""

import contextlib
import random
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Literal

import trio
from msgspec import Struct, field

from sandboxd.model.keys import SHARED
from sandboxd.simulator.calls import Request
from sandboxd.simulator.chaos import Chaos
from sandboxd.simulator.consistency import Weather
from sandboxd.simulator.errors import ApiError
from sandboxd.simulator.gate import Fault
from sandboxd.simulator.needs import IAM
from sandboxd.simulator.rows import Row
from sandboxd.world import World
from sandboxd.world.wire import REGION
from tests.faults.oracle import SANDBOX
from tests.faults.scenario import People

RATES = (0.0, 0.05, 0.1, 0.2, 0.35)
CHANCES = (0.0, 0.1, 0.3)
SKEWS = (0.0, 0.0, 0.0, 0.0, 90.0, -90.0, 3600.0, -3600.0, 86_400.0, -86_400.0)
"""seconds by which a life's clock may be wrong"""
MORTAL = (0.0, 0.0, 0.05)
Losses = Literal["machines", "shared", "profiles"]
"""what somebody takes away: machines of sandboxes; Envoys and NAT gateways; the instance profile of machines"""


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
    """A hook that meets one call of one operation, the first or a later one; a word after its name must be in what is sent."""

    def __init__(self, operation: str, fault: Fault, before: int = 0) -> None:
        self._operation, _, self._word = operation.partition(" ")
        self._fault, self._before = fault, before

    def __call__(self, q: Request) -> Fault | None:
        """What happens to this call."""
        if self._before < 0 or q.operation != self._operation or self._word not in str(dict(q.parameters)):
            return None
        self._before -= 1
        return self._fault if self._before < 0 else None


def disturb(
    world: World, *, seed: int, faults: bool, one: tuple[str, Fault] | None = None, before: int = 0
) -> Disturbed:
    """Let things go wrong from now on."""
    if one is not None:
        world.simulated.hook = Once(*one, before)
    if one is not None or not faults:
        return Disturbed(world, None)
    rng = random.Random(f"{seed} faults")
    weather = Weather(seed, chance=rng.choice(CHANCES), mortal=rng.choice(MORTAL))
    chaos = Chaos(seed, rng.choice(RATES), weather=weather)
    chaos.set_on(world.simulated)
    return Disturbed(world, chaos)


class Harm:
    """Somebody with access to the account takes away what sandboxd has made."""

    def __init__(self, world: World, rng: random.Random, taken: Losses) -> None:
        """`taken`: all but machines is only what no sandbox has for itself, which is made anew without asking anybody."""
        self._world, self._rng, self._taken = world, rng, taken
        self._shared = taken != "machines"

    async def do(self, people: People) -> None:
        """Once or twice, somewhere in the life."""
        for _ in range(self._rng.randint(1, 2)):
            await trio.sleep(self._rng.uniform(200, 1000))
            self._take_one(people)

    def _take_one(self, people: People) -> None:
        there = [row for kind in TAKEN[self._taken] for row in self._there(people.account, kind)]
        if not there:
            return
        taken = self._rng.choice(there)
        for name, sandbox in people.sandboxes.items():
            sandbox.harmed = not self._shared
            if not self._shared:
                people.give_up(name)
        self._world.trace.note("harm", people.account, taken.id)
        for service, operation, parameters in TAKE[taken.kind](taken):
            self._do(people.account, service, operation, parameters)

    def _there(self, account: str, kind: str) -> list[Row]:
        simulated = self._world.simulated
        return [
            row
            for row in simulated.rows.everywhere(IAM if kind == "instance-profile" else REGION, kind)
            if row.account == account
            and row.state(simulated.clock.now()) in ("running", "stopped", "available")
            and not (self._shared and row.tags.get(SANDBOX) != SHARED)
        ]

    def _do(self, account: str, service: str, operation: str, parameters: dict[str, object]) -> None:
        simulated = self._world.simulated
        caller = simulated.caller(account)
        hook, simulated.hook = simulated.hook, lambda _: None
        with contextlib.suppress(ApiError):  # too young to be seen by everybody
            simulated.call(caller, REGION, service, operation, parameters)
        simulated.hook = hook

    async def put_right(self, people: People) -> None:
        """Somebody does what he is told about machines whose profile is gone: he associates the new one with them."""
        while True:
            await trio.sleep(60)
            profiles = {row.data["name"]: row for row in self._there(people.account, "instance-profile")}
            for machine in self._world.simulated.rows.of(people.account, REGION, "machine"):
                old = machine.data["profile"]
                new = profiles.get(old["Arn"].rpartition("/")[2]) if old else None
                if new is not None and "role" in new.refs:
                    machine.data["profile"] = {"Arn": old["Arn"], "Id": new.id}


def _profile(row: Row) -> list[tuple[str, str, dict[str, object]]]:
    """EC2 does not mind that machines have it."""
    name = {"InstanceProfileName": row.data["name"]}
    return [
        ("iam", "RemoveRoleFromInstanceProfile", name | {"RoleName": row.data["name"]}),
        ("iam", "DeleteInstanceProfile", name),
    ]


TAKEN: Mapping[Losses, tuple[str, ...]] = {
    "machines": ("machine",),
    "shared": ("machine", "nat-gateway"),
    "profiles": ("instance-profile",),
}
TAKE: Mapping[str, Callable[[Row], list[tuple[str, str, dict[str, object]]]]] = {
    "machine": lambda row: [("ec2", "TerminateInstances", {"InstanceIds": [row.id]})],
    "nat-gateway": lambda row: [("ec2", "DeleteNatGateway", {"NatGatewayId": row.id})],
    "instance-profile": _profile,
}
"""kind -> how it is removed"""
