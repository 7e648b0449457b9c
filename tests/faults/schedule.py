"""One schedule: a seed becomes a life with crashes and faults, and what the oracle says of it.

Crashes fall at calls, replies and commits, where they hurt: evenly over hours they would hardly ever meet one.
"""

import random
import time
import traceback
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any, Literal

import trio
from msgspec import Struct, field

from sandboxd.daemon.settings import Aws, Prepare, Settings
from sandboxd.simulator.gate import Fault
from sandboxd.world import Point, World, build_clients, run
from sandboxd.world.trace import Entry
from sandboxd.world.wire import REGION
from tests.faults.disturb import SKEWS, Harm, Losses, disturb
from tests.faults.oracle import Oracle
from tests.faults.scenario import LATEST, TENANT, TENANTS, People

WILD = {"brief": (50.0, 350.0), "long": (2000.0, 4000.0)}
"""seconds in which everything goes wrong"""
CALM = 500.0
"""seconds after which nothing of before can land or stay unseen any more"""
HEALED = 4000.0
"""seconds after which what somebody took away was missed and is there again"""
MOST_CALLS = 20_000
"""after which a schedule has run away"""
WATCH = 1500.0
"""seconds after the last delete in which something might still turn up"""


class Case(Struct, frozen=True, kw_only=True):
    """What kind of schedule."""

    profile: str = "trial"
    parameters: dict[str, Any] = field(default_factory=dict)
    sandboxes: int = 1
    """of each tenant"""
    tenants: int = 1
    """each has an account of its own; what they share is the image account"""
    faults: bool = True
    losses: Losses | None = None
    """somebody takes these away"""
    depth: Literal["calls", "wire"] = "calls"
    span: Literal["brief", "long"] = "brief"
    straight: bool = False
    """create, stop, start, delete, each to its end; without: people who wander"""
    crash_at: int | None = None
    """the one point at which the daemon dies; without: by chance"""
    fault: tuple[str, Fault] | None = None
    """the one fault that meets the first call of an operation, with a word in it that is named, too; without: by chance"""
    before: int = 0
    """calls of that operation that it does not meet"""


class Result(Struct, kw_only=True):
    """What came of it."""

    seed: int
    findings: list[str] = field(default_factory=list)
    crashes: int = 0
    faults: dict[str, int] = field(default_factory=dict)
    calls: int = 0
    points: int = 0
    seconds: float = 0.0
    """of CPU"""
    simulated: float = 0.0
    trace: str = ""
    entries: list[Entry] = field(default_factory=list)


class Crashes:
    """Says where the daemon dies."""

    def __init__(self, rng: random.Random, at: int | None) -> None:
        self._rng, self._at = rng, at
        self.chance = rng.choice((0.0, 0.01, 0.03)) if at is None else 0.0
        self.left = rng.randint(1, 5)
        self.points = 0

    def __call__(self, point: Point) -> bool:
        """Whether it dies at this point."""
        self.points += 1
        if self._at is not None:
            return self.points == self._at
        if self.left and self._rng.random() < (self.chance / 10 if point == "wake" else self.chance):
            self.left -= 1
            return True
        return False

    def calm(self) -> None:
        """No more."""
        self.left, self._at = 0, None

    def over(self, result: Result) -> None:
        """The life is over, and this is what came of it."""


def schedule(
    seed: int,
    case: Case,
    *,
    world: Callable[..., World] = World,
    crashes: Callable[[random.Random], Crashes] | None = None,
) -> Result:
    """Run one schedule; nothing of it remains. `crashes`: where the daemon dies, if the case does not say it."""
    result = Result(seed=seed)
    if case.depth == "wire":
        build_clients()
    began = time.process_time()
    run(partial(_life, result, case, world, crashes or partial(Crashes, at=case.crash_at)), seed=seed)
    result.seconds = time.process_time() - began
    return result


async def _life(
    result: Result, case: Case, make: Callable[..., World], dying: Callable[[random.Random], Crashes]
) -> None:
    rng = random.Random(f"{result.seed} schedule")
    crashes = dying(rng)
    try:
        await _schedule(result, case, make, crashes, rng)
    except* Exception as group:  # noqa: BLE001 - whatever breaks it is a finding
        result.findings.append(f"lost: the schedule broke: {''.join(traceback.format_exception(group))}")
    crashes.over(result)


async def _schedule(
    result: Result, case: Case, make: Callable[..., World], crashes: Crashes, rng: random.Random
) -> None:
    wrong = random.Random(f"{result.seed} clock")
    world = make(
        seed=result.seed, pool=case.tenants, settings=_settings(case), dies_at=crashes, depth=case.depth,
        skew=partial(wrong.choice, SKEWS if case.faults and not case.straight else (0.0,)),
    )  # fmt: skip
    oracle = Oracle(world)
    disturbed = disturb(world, seed=result.seed, faults=case.faults, one=case.fault, before=case.before)
    everybody = _everybody(world, oracle, case, rng)
    async with trio.open_nursery() as nursery:
        world.trace.watch = partial(_look, world, oracle, nursery.cancel_scope)
        nursery.start_soon(world.keep_alive)
        await _each(everybody, People.onboard)
        if case.straight:
            await _each(everybody, _straight)
        else:
            wild = rng.uniform(*WILD[case.span])
            nursery.start_soon(_operate, world, oracle, rng, wild)
            harm = Harm(world, rng, case.losses) if case.losses else None
            for people in everybody if harm and case.losses == "profiles" else ():
                nursery.start_soon(harm.put_right, people)
            await _each(everybody, lambda people: _wander(people, wild, harm))
        crashes.calm()
        disturbed.calm()
        await trio.sleep(HEALED if case.losses in ("shared", "profiles") else CALM)
        if case.losses != "machines":
            await _each(everybody, People.check_believed)
        up = not case.straight and case.losses != "machines" and rng.random() < 1 / 2
        await _end(oracle, everybody, up=up)
        nursery.cancel_scope.cancel()
    oracle.lost += [f"the daemon broke: {text}" for text in world.broken]
    result.findings = oracle.findings
    result.crashes, result.calls, result.points = world.deaths, world.trace.calls, crashes.points
    result.faults, result.simulated = dict(disturbed.met), trio.current_time()
    result.trace, result.entries = world.trace.digest(), world.trace.entries


def _settings(case: Case) -> Settings:
    """Roles that an account has for ever are made where a bank is: without one nothing asks for them."""
    return Settings(aws=Aws(regions=(REGION,)), prepare=Prepare(roles=case.profile == "model-bank"))


def _everybody(world: World, oracle: Oracle, case: Case, rng: random.Random) -> list[People]:
    """The people of each tenant; a sandbox's name is its own."""
    return [
        People(
            world, oracle, profile=case.profile, parameters=case.parameters, rng=rng, tenant=tenant,
            names=[f"{'' if tenant == TENANT else tenant}s{n}" for n in range(1, case.sandboxes + 1)],
        )
        for tenant in TENANTS[: case.tenants]
    ]  # fmt: skip


async def _each(everybody: list[People], what: Callable[[People], Awaitable[object]]) -> None:
    """Something for the people of each tenant, side by side; who is alone has the histories that he always had."""
    if len(everybody) == 1:
        await what(everybody[0])
        return
    async with trio.open_nursery() as nursery:
        for people in everybody:
            nursery.start_soon(what, people)


def _look(world: World, oracle: Oracle, scope: trio.CancelScope) -> None:
    oracle.look()
    if world.trace.calls >= MOST_CALLS and not scope.cancel_called:
        oracle.lost.append(f"{MOST_CALLS} calls, and no end")
        scope.cancel()


async def _straight(people: People) -> None:
    """Every verb once, each sandbox beside the others; before the last one there is time for what is late."""

    async def one(name: str) -> None:
        for verb in ("create", "stop", "start"):
            await people.command(verb, name)

    async with trio.open_nursery() as nursery:
        for name in people.sandboxes:
            nursery.start_soon(one, name)
    await trio.sleep(LATEST)
    await people.check_believed()
    async with trio.open_nursery() as nursery:
        for name in people.sandboxes:
            nursery.start_soon(people.command, "delete", name)


async def _operate(world: World, oracle: Oracle, rng: random.Random, wild: float) -> None:
    """Somebody restarts the daemon properly, or lets its disk run full, or break; once or twice, or never."""
    for _ in range(rng.choice((0, 0, 1, 2))):
        await trio.sleep(rng.uniform(0, wild / 2))
        match rng.choice(("restart", "restart", "full", "broken")):
            case "restart":
                oracle.lost += [f"a stop cut off {name}" for name in await world.restart()]
            case trouble:
                world.trace.note("disk", "", trouble)
                setattr(world.disk, trouble, True)
                await trio.sleep(rng.uniform(1, 90))
                setattr(world.disk, trouble, False)


async def _wander(people: People, wild: float, harm: Harm | None) -> None:
    async with trio.open_nursery() as nursery:
        for name in people.sandboxes:
            nursery.start_soon(partial(people.wander, name, until=wild))
        if harm is not None:
            nursery.start_soon(harm.do, people)


async def _end(oracle: Oracle, everybody: list[People], *, up: bool) -> None:
    """Nothing goes wrong any more: everything up, one of each; then everything gone, for good."""
    if up:
        await _each(everybody, lambda people: _all_up(oracle, people))
    await _each(everybody, lambda people: _all_gone(oracle, people))


async def _all_up(oracle: Oracle, people: People) -> None:
    """Everything started: one of each."""
    states: dict[str, str] = {}

    async def up(name: str) -> None:
        states[name] = await people.bring_up(name)

    async with trio.open_nursery() as nursery:
        for name in people.sandboxes:
            nursery.start_soon(up, name)
    oracle.lost += [f"{name} is {state} and cannot be started" for name, state in states.items() if state != "started"]
    await people.check_acknowledged()
    if all(state == "started" for state in states.values()):
        oracle.whole(people.account, len(people.sandboxes), people.profile, people.parameters)


async def _all_gone(oracle: Oracle, people: People) -> None:
    """Everything deleted: nothing left, now and later."""
    async with trio.open_nursery() as nursery:
        for name in people.sandboxes:
            nursery.start_soon(people.remove, name)
    oracle.empty(people.account)
    await trio.sleep(WATCH)
    oracle.empty(people.account)
    await people.check_acknowledged()


__all__ = ["Case", "Crashes", "Result", "schedule"]
