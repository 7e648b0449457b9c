"""The writer: one task and one thread, through which all commits go; whatever waits meanwhile goes in one transaction.

A disk that is full is told to everybody who waits, and the writer goes on; a batch that contradicts the store is told
to the one who sent it; any other failure stops the daemon: what cannot be made durable must not be done. Who commits
waits, so that no more can wait here than there are actors.
"""

from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Self, TypeAlias

import trio

from sandboxd.model.errors import StoreError, StoreFull
from sandboxd.model.ports import Batch, Store
from sandboxd.store.sqlite import IO_ERROR, Clash

MOST = 256
"""batches in one transaction"""
PATIENCE = 10.0
"""real seconds that a close waits for what is being written"""


Commit: TypeAlias = Callable[[Sequence[Batch]], list[int]]
Carry: TypeAlias = Callable[[Commit, Sequence[Batch]], Awaitable[list[int]]]
"""How a commit is carried out without holding up the loop."""


class InThread:
    """In one thread of its own, so that the loop goes on during an fsync."""

    def __init__(self) -> None:
        self._one = trio.CapacityLimiter(1)

    async def __call__(self, commit: Commit, batches: Sequence[Batch]) -> list[int]:
        """Commit; raise what it raises."""
        return await trio.to_thread.run_sync(commit, batches, limiter=self._one)


class _Waiting:
    """One batch and its answer."""

    def __init__(self, batch: Batch) -> None:
        self.batch = batch
        self.over = trio.Event()
        self.position = 0
        self.error: Exception | None = None

    def done(self, position: int) -> None:
        self.position = position
        self.over.set()

    def failed(self, error: Exception) -> None:
        self.error = error
        self.over.set()


class Writer:
    """Groups commits; run it with `async with`, inside the daemon's nursery."""

    def __init__(self, store: Store, *, nursery: trio.Nursery, carry: Carry | None = None) -> None:
        self._store, self._nursery, self._carry = store, nursery, carry or InThread()
        self._waiting: deque[_Waiting] = deque()
        self._work = trio.Event()
        self._done = trio.Event()
        self._closing = False
        self._broken = StoreError("the store is closed", IO_ERROR)
        self.reason: str | None = None
        """why nothing can be committed at the moment"""
        self.commits = self.batches = 0
        self._writing_since: float | None = None

    @property
    def is_over(self) -> bool:
        """Whether nothing will be committed any more."""
        return self._done.is_set()

    async def __aenter__(self) -> Self:
        self._nursery.start_soon(self._run, name="writer")
        return self

    async def __aexit__(self, *_: object) -> None:
        self._closing = True
        self._work.set()
        with trio.CancelScope(shield=True), trio.move_on_after(PATIENCE):
            await self._done.wait()

    def is_alive(self, patience: float = PATIENCE) -> bool:
        """Whether the disk has answered the last commit, or may still take its time."""
        return self._writing_since is None or trio.current_time() - self._writing_since < patience

    async def commit(self, batch: Batch) -> int:
        """Return the stream position after this batch once it is durable; it is not given up when the caller is.

        Raise StoreFull or Clash (nothing of it happened), or StoreError (the daemon is about to stop).
        """
        if self._done.is_set():
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
        group: list[_Waiting] = []
        try:
            with trio.CancelScope(shield=True):
                while not (self._closing and not self._waiting):
                    if not self._waiting:
                        self._work = trio.Event()
                        await self._work.wait()
                        continue
                    group = [self._waiting.popleft() for _ in range(min(MOST, len(self._waiting)))]
                    await self._write(group)
        except StoreError as error:
            self._broken, self.reason = error, str(error)
            raise
        finally:
            # nobody may be left waiting for an answer behind their shield, whatever ended this
            self._done.set()
            for one in (*group, *self._waiting):
                if not one.over.is_set():
                    one.failed(self._broken)

    async def _write(self, group: list[_Waiting]) -> None:
        batches = [waiting.batch for waiting in group]
        self._writing_since = trio.current_time()
        try:
            positions = await self._carry(self._store.commit, batches)
        except StoreFull as error:
            self.reason = error.detail
            for waiting in group:
                waiting.failed(error)
        except Clash as error:
            await self._write_one_by_one(group, error)
        else:
            self.reason = None
            self.commits += 1
            self.batches += len(group)
            for waiting, position in zip(group, positions, strict=True):
                waiting.done(position)
        finally:
            self._writing_since = None

    async def _write_one_by_one(self, group: list[_Waiting], error: Clash) -> None:
        """One batch spoiled the transaction of all: only that one must hear of it."""
        if len(group) == 1:
            group[0].failed(error)
            return
        for waiting in group:
            await self._write([waiting])
