"""The writer: one task and one thread, through which all commits go; whatever waits meanwhile goes in one transaction.

A disk that is full is told to everybody who waits, and the writer goes on; any other failure of the store stops the
daemon: what cannot be made durable must not be done.
"""

from collections import deque
from typing import Self

import trio

from sandboxd.model.errors import StoreError, StoreFull
from sandboxd.model.ports import Batch, Store

MOST = 256


class _Waiting:
    def __init__(self, batch: Batch) -> None:
        self.batch = batch
        self.over = trio.Event()
        self.position = 0
        self.error: Exception | None = None


class Writer:
    """Groups commits; run it with `async with`, inside the daemon's nursery."""

    def __init__(self, store: Store, *, nursery: trio.Nursery) -> None:
        self._store, self._nursery = store, nursery
        self._waiting: deque[_Waiting] = deque()
        self._work = trio.Event()
        self._thread = trio.CapacityLimiter(1)
        self._done = trio.Event()
        self._closing = False
        self._broken: StoreError | None = None
        self.reason: str | None = None
        self.commits = self.batches = 0

    async def __aenter__(self) -> Self:
        self._nursery.start_soon(self._run, name="writer")
        return self

    async def __aexit__(self, *_: object) -> None:
        self._closing = True
        self._work.set()
        with trio.CancelScope(shield=True), trio.move_on_after(10):
            await self._done.wait()

    async def commit(self, batch: Batch) -> int:
        """Return the stream position after this batch once it is durable; it is not given up when the caller is."""
        if self._broken is not None:
            raise self._broken
        waiting = _Waiting(batch)
        self._waiting.append(waiting)
        self._work.set()
        with trio.CancelScope(shield=True):
            await waiting.over.wait()
        if waiting.error is not None:
            raise waiting.error
        return waiting.position

    async def _run(self) -> None:
        with trio.CancelScope(shield=True):
            while not (self._closing and not self._waiting):
                if not self._waiting:
                    self._work = trio.Event()
                    await self._work.wait()
                    continue
                group = [self._waiting.popleft() for _ in range(min(MOST, len(self._waiting)))]
                await self._write(group)
            self._done.set()

    async def _write(self, group: list[_Waiting]) -> None:
        batches = [waiting.batch for waiting in group]
        try:
            positions = await trio.to_thread.run_sync(self._store.commit, batches, limiter=self._thread)
        except StoreFull as error:
            self.reason = error.detail
            for waiting in group:
                waiting.error = error
                waiting.over.set()
            return
        except StoreError as error:
            self._fail([*group, *self._waiting], error)
            raise
        self.reason = None
        self.commits += 1
        self.batches += len(group)
        for waiting, position in zip(group, positions, strict=True):
            waiting.position = position
            waiting.over.set()

    def _fail(self, waiting: list[_Waiting], error: StoreError) -> None:
        self.reason, self._broken = str(error), error
        self._waiting.clear()
        self._done.set()
        for one in waiting:
            one.error = error
            one.over.set()
