"""Commits that wait go together; a full disk is survived, a wrong batch is its sender's, a bad disk stops the daemon."""

import apsw
import pytest
import shakydisk
import trio

from sandboxd.model.errors import StoreError, StoreFull
from sandboxd.model.ports import Batch, EventRow
from sandboxd.store import Clash, Writer, open_store


def batch(actor: str = "1", seq: int = 1) -> Batch:
    return Batch(actor=actor, snapshots={"account": b"s"}, events=(EventRow(seq, b"e"),))


async def test_waiting_commits_go_in_one_transaction(tmp_path):
    """A hundred at once need a handful of transactions, and each gets its own position."""
    with open_store(tmp_path / "s.db") as store:
        async with trio.open_nursery() as nursery, Writer(store, nursery=nursery) as writer:
            got = []

            async def one(n):
                got.append(await writer.commit(batch(actor=str(n))))

            async with trio.open_nursery() as many:
                for n in range(100):
                    many.start_soon(one, n)
            assert sorted(got) == list(range(1, 101))
            assert writer.batches == 100
            assert writer.commits < 10


async def test_a_wrong_batch_spoils_nobody_elses(tmp_path):
    """Of those that waited together only the one that contradicts the store hears of it."""
    with open_store(tmp_path / "s.db") as store:
        store.commit([batch()])
        async with trio.open_nursery() as nursery, Writer(store, nursery=nursery) as writer:
            heard = []

            async def one(sent):
                try:
                    await writer.commit(sent)
                except Clash:
                    heard.append(sent)

            wrong = batch()
            async with trio.open_nursery() as many:
                for sent in (batch("2"), wrong, batch("3"), batch("4")):
                    many.start_soon(one, sent)
            assert heard == [wrong]
        assert store.actors() == ["1", "2", "3", "4"]


async def test_a_cancelled_commit_still_has_an_outcome(tmp_path):
    """Who commits is not told too early: the batch is durable when the cancelled task goes on."""
    with open_store(tmp_path / "s.db") as store:
        async with trio.open_nursery() as nursery, Writer(store, nursery=nursery) as writer:
            with trio.CancelScope() as scope:
                scope.cancel()
                assert await writer.commit(batch()) == 1
        assert store.position() == 1


async def test_a_full_disk_is_told_and_survived(tmp_path):
    """Everybody who waited hears it, nothing is half done, and the next commit works without a restart."""
    with shakydisk.disk() as disk, open_store(tmp_path / "s.db", vfs=disk.name) as store:
        async with trio.open_nursery() as nursery, Writer(store, nursery=nursery) as writer:
            await writer.commit(batch())
            disk.fail["write"] = lambda: apsw.FullError("no space")
            for _ in range(2):
                with pytest.raises(StoreFull):
                    await writer.commit(batch(seq=2))
            assert "full" in writer.reason
            assert store.position() == 1
            assert store.load("1").next_seq == 2
            disk.fail.clear()
            assert await writer.commit(batch(seq=2)) == 2
            assert writer.reason is None
    with open_store(tmp_path / "s.db") as store:
        assert [event.seq for event in store.events(0, 9)] == [1, 2]


@pytest.mark.parametrize("what", ["write", "sync"])
async def test_a_bad_disk_stops_the_daemon(tmp_path, what):
    """What cannot be made durable must not be done: 74 for all, also later, and what is there opens again."""
    with shakydisk.disk() as disk, open_store(tmp_path / "s.db", vfs=disk.name) as store:
        with pytest.raises(ExceptionGroup) as caught:
            async with trio.open_nursery() as nursery, Writer(store, nursery=nursery) as writer:
                await writer.commit(batch())
                disk.fail[what] = lambda: apsw.IOError("EIO")
                with pytest.raises(StoreError) as heard:
                    await writer.commit(batch(seq=2))
                assert heard.value.exit_code == 74
        disk.fail.clear()
        with pytest.raises(StoreError):
            await writer.commit(batch(seq=2))
        with pytest.raises(StoreError):
            store.commit([batch(seq=2)])
        assert caught.group_contains(StoreError)
    with open_store(tmp_path / "s.db") as store:
        assert store.position() in (1, 2)
        assert store.load("1").next_seq == store.position() + 1


async def test_nobody_is_left_waiting_when_the_writer_breaks(tmp_path):
    """Even an error that nobody thought of ends every commit behind its shield."""

    class Odd:
        def commit(self, batches):
            raise ValueError("odd")

    with trio.fail_after(5), pytest.raises(ExceptionGroup) as caught:
        async with trio.open_nursery() as nursery:
            writer = Writer(Odd(), nursery=nursery)
            async with writer:
                for n in range(3):
                    nursery.start_soon(writer.commit, batch(str(n)))
                await trio.sleep_forever()
    assert caught.group_contains(ValueError)
    assert caught.group_contains(StoreError)
