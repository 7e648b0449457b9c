"""The feed of events: a ring of what was committed, in the order of the stream, and a signal when it grows.

A slow reader costs nothing but its own replay. Commits of different actors come back in any order; the feed gives
events out only when all earlier positions are there, so a reader never sees a gap.
"""

from collections import deque
from collections.abc import Callable, Sequence

import trio

from sandboxd.wire.things import Event


class Feed:
    """What happened lately; `epoch` is the store's and outlives a restart."""

    def __init__(self, *, epoch: str, position: int, size: int = 10_000) -> None:
        self.epoch, self.position = epoch, position
        self.closing = trio.Event()
        self._first = position
        self._ring: deque[tuple[int, Event]] = deque(maxlen=size)
        self._early: dict[int, tuple[int, list[Event]]] = {}
        self._grown = trio.Event()

    def publish(self, last: int, events: Sequence[Callable[[str], Event]]) -> list[Event]:
        """Take in what one commit appended, up to position `last`; return its events with their ids."""
        first = last - len(events)
        made = [make(f"{self.epoch}-{first + n}") for n, make in enumerate(events, 1)]
        if made:
            self._early[first] = (last, made)
        while self.position in self._early:
            last, ready = self._early.pop(self.position)
            self._ring.extend((last - len(ready) + n, event) for n, event in enumerate(ready, 1))
            self.position = last
        self._wake()
        return made

    def since(self, last_id: str) -> list[Event] | None:
        """Return the events after this id; None if it is of another epoch, of the future, or fallen out of the ring."""
        epoch, _, text = last_id.rpartition("-")
        if epoch != self.epoch or not (text.isascii() and text.isdigit()):
            return None
        after = int(text)
        if not self._oldest <= after <= self.position:
            return None
        return self.after(after)

    def after(self, position: int) -> list[Event]:
        """Return the events after a position that is still in the ring."""
        out: list[Event] = []
        for at, event in reversed(self._ring):
            if at <= position:
                break
            out.append(event)
        return out[::-1]

    async def wait_changed(self, position: int) -> None:
        """Return when there is something after this position, or the feed closes."""
        while self.position <= position and not self.closing.is_set():
            await self._grown.wait()
        await trio.lowlevel.checkpoint()

    def close(self) -> None:
        """End all streams: the daemon stops."""
        self.closing.set()
        self._wake()

    @property
    def _oldest(self) -> int:
        return self._ring[0][0] - 1 if self._ring else self._first

    def _wake(self) -> None:
        grown, self._grown = self._grown, trio.Event()
        grown.set()
