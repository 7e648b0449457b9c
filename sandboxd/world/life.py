"""One incarnation of the daemon, as the world sees it: the thread on which its ports hang.

Everything that it does outside itself passes `point`, where it may die. From then on its ports are cut: whatever waits at
one wakes with `Cut`, and nothing it does reaches the world any more.
"""

from collections.abc import Awaitable, Callable
from typing import TypeAlias, TypeVar

import trio

from sandboxd.world.virtual import Nap, clock

T = TypeVar("T")
Point: TypeAlias = str
"""where the daemon is about to do, or has just done, something: `call CreateVpc`, `reply CreateVpc`, `commit`, …"""


class Cut(BaseException):
    """The daemon is dead; whoever hears of it unwinds."""


class Life:
    """An incarnation; `dies_at` says at which points it dies."""

    def __init__(self, *, number: int, dies_at: Callable[[Point], bool]) -> None:
        self.number = number
        self.is_over = trio.Event()
        self._dies_at = dies_at
        self._waits: dict[trio.CancelScope, None] = {}
        self._naps: dict[Nap, None] = {}

    @property
    def is_dead(self) -> bool:
        """Whether its ports are cut."""
        return self.is_over.is_set()

    def point(self, name: Point) -> None:
        """Pass a point, or die here; raise Cut."""
        if not self.is_dead and self._dies_at(name):
            self.end()
        if self.is_dead:
            raise Cut

    def end(self) -> None:
        """Die: whatever waits at a port unwinds."""
        self.is_over.set()
        for scope in self._waits:
            scope.cancel()
        for nap in self._naps:
            nap.wake()

    async def sleep(self, seconds: float) -> None:
        """Wait at a port; raise Cut at death."""
        if self.is_dead:
            raise Cut
        nap = clock().nap(max(0.0, seconds))
        self._naps[nap] = None
        try:
            await nap.wait()
        finally:
            del self._naps[nap]
        if self.is_dead:
            raise Cut

    async def holding(self, wait: Callable[[], Awaitable[T]]) -> T:
        """Wait for something at a port; raise Cut at death, even where the daemon shields itself."""
        if self.is_dead:
            raise Cut
        with trio.CancelScope() as scope:
            self._waits[scope] = None
            try:
                answer = await wait()
            finally:
                del self._waits[scope]
        if self.is_dead:
            raise Cut
        return answer
