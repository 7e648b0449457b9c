"""The world: a simulated AWS that outlives every daemon, one daemon after the other, and the disk between them.

`keep_alive` starts the daemon anew whenever it has died; people ask with `ask`, which goes on where a connection was cut,
and wait with `until`. What disturbs AWS is the simulated world's `hook`; where the daemon dies is said by `dies_at`, and by how
many seconds each life's clock is wrong by `skew`.
"""

import logging
import random
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from functools import partial
from typing import Literal, TypeVar

import trio

from sandboxd.daemon.house import House, Outside
from sandboxd.daemon.settings import Aws, Settings
from sandboxd.model.errors import StoreError
from sandboxd.model.ports import Call, Clock
from sandboxd.simulator import SimClock, calls, open_world
from sandboxd.simulator.chaos import LANDING
from sandboxd.simulator.furnish import MANAGEMENT, furnish
from sandboxd.simulator.wire import Wire
from sandboxd.store import Writer
from sandboxd.store.memory import MemoryDisk
from sandboxd.wire import things
from sandboxd.world.life import Cut, Life, Point
from sandboxd.world.ports import Calls, Inline, LifeClock, Request
from sandboxd.world.trace import Trace
from sandboxd.world.wire import CLIENTS, DOOR, REGION, Wired, open_door

T = TypeVar("T")
ORIGIN = 1_800_000_000.0
DOWN = (0.1, 30.0)
"""seconds for which a dead daemon stays dead"""
PATIENCE = 300.0
"""seconds after which somebody who waits looks again by himself"""


def never(_: Point) -> bool:
    """A daemon that does not die."""
    return False


def right() -> float:
    """A clock that nobody sets."""
    return 0.0


class World:
    """Made inside `run`; `trace` and `broken` say what happened, `simulated` what there is."""

    def __init__(
        self,
        *,
        seed: int,
        pool: int = 2,
        dies_at: Callable[[Point], bool] = never,
        settings: Settings | None = None,
        depth: Literal["calls", "wire"] = "calls",
        skew: Callable[[], float] = right,
    ) -> None:
        self.rng = random.Random(f"{seed} world")  # noqa: S311 - a history, no secret
        self.trace, self.disk = Trace(), MemoryDisk(seed=seed)
        clock = SimClock(pace=1.0, origin=ORIGIN, real=lambda: ORIGIN + trio.current_time())
        self.simulated = open_world(clock=clock, seed=seed)
        furnish(self.simulated, pool=pool)
        self.settings = settings or Settings(aws=Aws(regions=(REGION,)))
        self.dies_at, self.depth, self._skew = dies_at, depth, skew
        self.house: House | None = None
        self.life = self._new_life(0)
        self.deaths = 0
        self.broken: list[str] = []
        """errors that a living daemon logged: each is a fault of ours"""
        self._up = trio.Event()
        self._log = _log(self)

    # ---- the daemon
    async def keep_alive(self) -> None:
        """Run one daemon after the other, for ever."""
        while True:
            self.life = self._new_life(self.life.number + 1)
            self.trace.note("start", "", f"life {self.life.number}")
            await self._live(self.life)
            self.house = None
            if self._up.is_set():
                self._up = trio.Event()
            self.deaths += 1
            self.trace.note("death", "", f"life {self.life.number}")
            self.trace.open.clear()
            await trio.sleep(self.rng.uniform(*DOWN))

    def _new_life(self, number: int) -> Life:
        return Life(number=number, dies_at=self.dies_at)

    async def _live(self, life: Life) -> None:
        try:
            with self.disk.store() as store:
                async with trio.open_nursery() as outer, AsyncExitStack() as stack:
                    outer.start_soon(_end_with, life, outer.cancel_scope)
                    writer = await stack.enter_async_context(
                        Writer(store, nursery=outer, carry=Inline(life, self.trace))
                    )
                    nursery = await stack.enter_async_context(trio.open_nursery())
                    clock = LifeClock(life, origin=ORIGIN + self._skew())
                    outside = Outside(
                        call=self._call(life, clock), identify=_management, clock=clock, store=store,
                        writer=writer, randbits=self.rng.getrandbits,
                    )  # fmt: skip
                    self.house = House(
                        settings=self.settings, outside=outside, nursery=nursery, log=self._log, health=_health()
                    )
                    await self.house.start()
                    self._up.set()
                    await self.house.keep()
        except* (Cut, StoreError):
            life.end()
        except* Exception:
            if not life.is_dead:
                raise

    def _call(self, life: Life, clock: Clock) -> Call:
        if self.depth == "calls":
            return Calls(life, self.simulated, self.trace, self._abandoned)
        assert CLIENTS, "build_clients() comes before a world at depth wire"
        DOOR.open(life, Wire(self.simulated))
        return Wired(life, open_door(clock), self.trace)

    def _abandoned(self, request: Request) -> None:
        """A request was on its way when its daemon died: it may be carried out all the same, and late."""
        if self.rng.random() < 1 / 2:
            simulated, (scope, service, operation, parameters) = self.simulated, request
            now = simulated.clock.now()
            q = calls.Request(
                simulated.caller(scope.account), scope.region, service, operation, calls.Parameters(parameters), now
            )
            simulated.pending.add(q, now + self.rng.uniform(1.0, LANDING))

    def kill(self) -> None:
        """The daemon dies now."""
        self.life.end()

    async def restart(self) -> list[str]:
        """The daemon is asked to stop; return the mutations that it cut off, though AWS had time to answer."""
        await self._up.wait()
        life, house, began = self.life, self.house, trio.current_time()
        try:
            if house is not None:
                await life.holding(house.stop)
        except Cut:
            return []
        patient = trio.current_time() >= began + self.settings.drain
        cut = [] if patient else list(self.trace.open.values())
        life.end()
        return cut

    # ---- people
    async def ask(self, what: Callable[[House], Awaitable[T]]) -> T:
        """Ask the daemon; where the connection is cut, ask the next one the same."""
        while True:
            await self._up.wait()
            life, house = self.life, self.house
            try:
                if house is not None:
                    return await life.holding(partial(what, house))
            except (Cut, StoreError):
                pass
            except BaseExceptionGroup as several:  # what it asked AWS side by side was cut
                if several.split((Cut, StoreError, trio.Cancelled))[1] is not None and not life.is_dead:
                    raise
            except Exception:
                if not life.is_dead:
                    raise
            await trio.sleep(1)

    async def until(self, condition: Callable[[House], bool], *, patience: float) -> bool:
        """Wait for something that clients see; return whether it came within so many seconds."""
        with trio.move_on_after(patience):
            while True:
                if await self.ask(lambda house: _seen(house, condition)):
                    return True
        return False


async def _seen(house: House, condition: Callable[[House], bool]) -> bool:
    if condition(house):
        return True
    feed = house.shared.feed
    with trio.move_on_after(PATIENCE):
        await feed.wait_changed(feed.position)
    if feed.closing.is_set():
        await trio.sleep(1)  # it stops, and ends all streams at once
    return condition(house)


async def _end_with(life: Life, scope: trio.CancelScope) -> None:
    await life.is_over.wait()
    scope.cancel()


async def _management() -> str:
    return MANAGEMENT


def _health() -> things.Health:
    return things.Health(status="ok", version="", since="", stage="dev", endpoint="", pid=0, state_dir="", sqlite="")


class _Errors(logging.Handler):
    def __init__(self, world: World) -> None:
        super().__init__(logging.ERROR)
        self._world = world

    def emit(self, record: logging.LogRecord) -> None:
        failed = record.exc_info[1] if record.exc_info else None
        if not self._world.life.is_dead and not isinstance(failed, StoreError):  # a bad disk ends it, as it should
            text = record.getMessage()
            if record.exc_info:
                text += "\n" + logging.Formatter().formatException(record.exc_info)
            self._world.broken.append(text)


def _log(world: World) -> logging.Logger:
    log = logging.Logger("sandboxd.world")  # noqa: LOG001 - of this world alone, not of the process
    log.addHandler(_Errors(world))
    return log
