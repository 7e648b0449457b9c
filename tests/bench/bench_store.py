"""What durability costs: commits that wait together against one after the other, and a commit beside many sandboxes.

How much grouping saves depends on the disk: where an fsync takes a third of a millisecond it is half, on others more.
"""

import tempfile
import time
from functools import partial
from pathlib import Path

import trio

from sandboxd.model.ports import Batch, EventRow
from sandboxd.store import SqliteStore, Writer, open_store
from tests.bench.rows import Row, row

ACTORS, ROUNDS, COMMITS = 50, 5, 4
SNAPSHOT = bytes(4000)


def _batch(actor: int, seq: int) -> Batch:
    events = tuple(EventRow(seq + n, bytes(300)) for n in range(3))
    return Batch(actor=f"{actor:012}", snapshots={"account": SNAPSHOT, "sbx": SNAPSHOT}, events=events)


async def _together(store: SqliteStore, seq: int) -> None:
    async def actor(writer: Writer, number: int) -> None:
        for n in range(COMMITS):
            await writer.commit(_batch(number, seq + 3 * n))

    async with trio.open_nursery() as nursery, Writer(store, nursery=nursery) as writer, trio.open_nursery() as actors:
        for number in range(ACTORS):
            actors.start_soon(actor, writer, number)


def _alone(store: SqliteStore, seq: int) -> None:
    for number in range(ACTORS):
        for n in range(COMMITS):
            store.commit([_batch(number, seq + 3 * n)])


def _timed(store: SqliteStore, number: int, *, beside: int) -> float:
    began = time.perf_counter()
    for n in range(30):
        store.commit([_batch(10_000 + number, beside * 1000 + 3 * n)])
    return time.perf_counter() - began


def run() -> list[Row]:
    """The table's rows."""
    ratios, beside, each = [], [], []
    with tempfile.TemporaryDirectory(prefix="sbx") as folder, open_store(Path(folder) / "s.db") as store:
        empty = [_timed(store, n, beside=1) for n in range(ROUNDS)]
        for n in range(ROUNDS):
            seq = 1 + n * 6 * COMMITS
            began = time.perf_counter()
            _alone(store, seq)
            between = time.perf_counter()
            trio.run(partial(_together, store, seq + 3 * COMMITS))
            ended = time.perf_counter()
            ratios.append((ended - between) / (between - began))
            each.append((between - began) / ACTORS / COMMITS * 1000)
        store.commit([_batch(100 + n, 1) for n in range(2000)])
        beside = [_timed(store, 100 + n, beside=1) / empty[n] for n in range(ROUNDS)]
    return [
        row("commits of 50 actors in groups", ratios, "ratio", 0.75, "the same commits one after the other"),
        row("a commit beside 2,000 accounts", beside, "ratio", 1.5, "the same commits in an empty store"),
        row("one commit alone, fsync included", each, "ms", None, ""),
    ]
