"""Keeps the state in step with the daemon: a snapshot, then its stream; and asks for what the stream does not carry.

Runs on asyncio and knows no Textual. It never gives up: whatever the daemon does, it says how the connection stands and
tries again. Times here are real seconds.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Final, Protocol

import msgspec

from sandboxd.client import ops
from sandboxd.client.errors import ClientError, DaemonDown
from sandboxd.client.sse import Reset
from sandboxd.wire.things import Event
from tui.state import KEPT_EVENTS, Standing, State

FIRST_PAUSE: Final = 0.1
LONGEST_PAUSE: Final = 2.0
ANSWER_WITHIN: Final = 10.0
SPACING: Final = 1.0
"""between two answers to the same question"""
AT_ONCE: Final = 8

Sleep = Callable[[float], Awaitable[None]]


class Backend(Protocol):
    """What the dashboard needs of a client; `sandboxd.client.aio.AsyncClient` is one."""

    async def call(self, op: ops.Op[Any], *, key: str | None = None) -> Any:
        """Carry an operation out; raise ClientError or DaemonDown."""

    async def follow(
        self,
        last_id: str,
        on_event: Callable[[Event | Reset], Awaitable[None]],
        on_standing: Callable[[Standing, str], Awaitable[None]],
    ) -> None:
        """Hand over events for ever."""


class Feed:
    """One connection's life; `changed` is called after every change of the state."""

    def __init__(self, *, backend: Backend, state: State, changed: Callable[[], None], sleep: Sleep) -> None:
        self._backend, self._state, self._changed, self._sleep = backend, state, changed, sleep

    async def run(self) -> None:
        """Until it is cancelled."""
        pause = FIRST_PAUSE
        while True:
            try:
                await self._snapshot()
                pause = FIRST_PAUSE
                await self._backend.follow(self._from_a_little_before(), self._event, self._standing)
            except DaemonDown as error:
                self._down(error.words)
            except TimeoutError:
                self._down("it does not answer")
            except ClientError as error:
                self._down(error.problem.detail)
            except msgspec.MsgspecError:
                self._down("it says what this dashboard does not understand; are both of one version?")
            await self._sleep(pause)
            pause = min(LONGEST_PAUSE, pause * 2)

    def _from_a_little_before(self) -> str:
        """Where to begin, so that the log of events is not empty at first; what is known already changes nothing."""
        view = self._state.view
        known = max((_position(event.id) for event in self._state.events), default=0)
        return f"{view.epoch}-{max(0, known, view.position - KEPT_EVENTS // 2)}"

    async def _snapshot(self) -> None:
        async with asyncio.timeout(ANSWER_WITHIN):
            snapshot = await self._backend.call(ops.snapshot())
        self._state.loaded(snapshot)
        self._changed()
        await self._about()

    async def _about(self) -> None:
        """Who we are to the daemon, how it is, what it can make: nice to know, never needed to go on."""
        for op in (ops.whoami(), ops.health(), ops.listing("profiles")):
            try:
                async with asyncio.timeout(ANSWER_WITHIN):
                    answer = await self._backend.call(op)
            except (ClientError, DaemonDown, TimeoutError):
                continue
            if isinstance(answer, ops.Items):
                self._state.profiles = list(answer.items)
            else:
                self._state.learned(answer)
        self._changed()

    async def _event(self, event: Event | Reset) -> None:
        if isinstance(event, Event):
            self._state.happened(event)
            self._changed()
        elif not self._is_known(event):
            await self._snapshot()

    def _is_known(self, reset: Reset) -> bool:
        """Whether the state is as new as the place where the stream begins anew."""
        epoch, _, _ = reset.id.rpartition("-")
        view = self._state.view
        return epoch == view.epoch and _position(reset.id) <= view.position

    async def _standing(self, standing: Standing, said: str) -> None:
        back = standing == "live" and self._state.link.standing == "down"
        self._state.stood(standing, said)
        self._changed()
        if back:
            await self._about()

    def _down(self, said: str) -> None:
        self._state.stood("down", said)
        self._changed()


class Asker:
    """Questions to the daemon, each name at most once a second and a few at once; answers go into the state."""

    def __init__(self, *, backend: Backend, state: State, changed: Callable[[], None], sleep: Sleep) -> None:
        self._backend, self._state, self._changed, self._sleep = backend, state, changed, sleep
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._again: dict[str, ops.Op[Any]] = {}

    def want(self, name: str, op: ops.Op[Any]) -> None:
        """Ask, or ask once more when the present answer is in. Beyond the bound nothing is asked: it is wanted again."""
        if name in self._tasks:
            self._again[name] = op
        elif len(self._tasks) < AT_ONCE:
            self._tasks[name] = asyncio.create_task(self._ask(name, op), name=f"ask {name}")

    async def close(self) -> None:
        """End all questions."""
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _ask(self, name: str, op: ops.Op[Any]) -> None:
        try:
            while True:
                await self._once(op)
                await self._sleep(SPACING)
                if (again := self._again.pop(name, None)) is None:
                    return
                op = again
        finally:
            del self._tasks[name]

    async def _once(self, op: ops.Op[Any]) -> None:
        try:
            async with asyncio.timeout(ANSWER_WITHIN):
                answer = await self._backend.call(op)
        except (ClientError, DaemonDown, TimeoutError, msgspec.MsgspecError):
            return
        self._state.learned(answer)
        self._changed()


def _position(identifier: str) -> int:
    text = identifier.rpartition("-")[2]
    return int(text) if text.isdigit() else 0
