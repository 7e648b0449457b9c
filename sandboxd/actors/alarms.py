"""One timer for all actors: each names the earliest moment in its state, one task sleeps until the earliest of all.

A thousand idle accounts cost nothing here: they have no alarm.
"""

import heapq
from collections.abc import Callable

import trio

from sandboxd.model.ports import Clock


class Alarms:
    """At most one alarm per name; setting it again replaces it."""

    def __init__(self, *, clock: Clock, ring: Callable[[str], None]) -> None:
        self._clock, self._ring = clock, ring
        self._at: dict[str, float] = {}
        self._heap: list[tuple[float, str]] = []
        self._changed = trio.Event()

    def set(self, name: str, at: float | None) -> None:
        """Ring for `name` at this moment of the daemon's clock; None: not at all."""
        if self._at.get(name) == at:
            return
        if at is None:
            self._at.pop(name, None)
            return
        self._at[name] = at
        heapq.heappush(self._heap, (at, name))
        if self._heap[0] == (at, name):
            self._changed.set()

    async def run(self) -> None:
        """Ring for ever."""
        while True:
            self._changed = trio.Event()
            due = self._next()
            if due is None:
                await self._changed.wait()
                continue
            await self._sleep_until(due)
            self._ring_due()

    def _next(self) -> float | None:
        while self._heap and self._at.get(self._heap[0][1]) != self._heap[0][0]:
            heapq.heappop(self._heap)
        return self._heap[0][0] if self._heap else None

    async def _sleep_until(self, due: float) -> None:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._until, due, nursery.cancel_scope)
            await self._changed.wait()
            nursery.cancel_scope.cancel()

    async def _until(self, due: float, scope: trio.CancelScope) -> None:
        await self._clock.sleep(max(0.0, due - self._clock.now()))
        scope.cancel()

    def _ring_due(self) -> None:
        now = self._clock.now()
        while (due := self._next()) is not None and due <= now:
            _, name = heapq.heappop(self._heap)
            del self._at[name]
            self._ring(name)
