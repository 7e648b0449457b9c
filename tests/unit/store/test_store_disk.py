"""A disk that is full, or fails, at every single write and sync of a sequence of commits and checkpoints."""

import apsw
import pytest
import shakydisk

from sandboxd.model.errors import StoreError, StoreFull
from sandboxd.model.ports import Batch, EventRow
from sandboxd.store import open_store

COMMITS = 6


def batch(seq: int) -> Batch:
    snapshots = {"account": bytes([seq]) * 5000, "sbx": bytes([seq]) * 200}
    return Batch(actor="1", snapshots=snapshots, events=(EventRow(seq, b"e" * 300),))


def commit_all(store, given_up: type[Exception] = StoreFull) -> tuple[list[int], int]:
    """Commit in order, each again until it succeeds; return what was acknowledged, and how often it was refused."""
    acknowledged, refused = [], 0
    for seq in range(1, COMMITS + 1):
        while True:
            try:
                acknowledged += store.commit([batch(seq)])
                break
            except given_up:
                refused += 1
                assert store.position() == seq - 1
                assert store.load("1").next_seq == seq
    return acknowledged, refused


def points(folder, what: str) -> int:
    """How many writes or syncs the sequence has."""
    with shakydisk.disk("counted") as disk, open_store(folder / "counted.db", vfs=disk.name) as store:
        store.checkpoint_after = 6
        disk.fail[what], disk.only = lambda: AssertionError("never met"), 10_000
        commit_all(store)
        return 10_000 - disk.only


def test_a_disk_that_is_full_at_any_write(tmp_path, covered):
    """Nothing acknowledged is lost, nothing refused is there, and the store goes on when there is room again."""
    total, refusals = points(tmp_path, "write"), 0
    for point in range(total):
        path = tmp_path / f"{point}.db"
        with shakydisk.disk() as disk, open_store(path, vfs=disk.name) as store:
            store.checkpoint_after = 6
            disk.fail["write"], disk.only = lambda: apsw.FullError("no space"), point
            acknowledged, refused = commit_all(store)
            assert disk.only == -1, "it was met"
            assert acknowledged == list(range(1, COMMITS + 1))
            refusals += refused
        with open_store(path) as store:
            assert [event.seq for event in store.events(0, 99)] == acknowledged
            assert store.load("1").snapshots == batch(COMMITS).snapshots
    covered(f"full at each of {total} writes: {refusals} commits refused, the others were checkpoints; 0 lost")
    assert 0 < refusals < total


@pytest.mark.parametrize("what", ["write", "sync"])
def test_a_disk_that_fails_at_any_point(tmp_path, covered, what):
    """It fails once: nothing is committed any more, in this life; the next one opens with all that was acknowledged."""
    total = points(tmp_path, what)
    for point in range(total):
        path, acknowledged = tmp_path / f"{what}{point}.db", []
        with shakydisk.disk() as disk, open_store(path, vfs=disk.name) as store:
            store.checkpoint_after = 6
            disk.fail[what], disk.only = lambda: apsw.IOError("EIO"), point
            with pytest.raises(StoreError) as caught:
                for seq in range(1, COMMITS + 1):
                    acknowledged += store.commit([batch(seq)])
            assert caught.value.exit_code == 74
            with pytest.raises(StoreError):
                store.commit([batch(COMMITS)])
        with open_store(path) as store:
            last = store.position()
            assert last in (len(acknowledged), len(acknowledged) + 1)
            assert store.load("1").next_seq == last + 1
    covered(f"EIO at each of {total} {what}s, checkpoints included: stopped each time, 0 acknowledged lost")


def test_a_read_that_fails_may_be_asked_again(tmp_path):
    """Only what was to be written leaves doubt about the disk."""
    path = tmp_path / "s.db"
    with open_store(path) as store:
        store.commit([batch(seq) for seq in range(1, 4)])
    with shakydisk.disk() as disk, open_store(path, vfs=disk.name) as store:
        store._db.pragma("cache_size", 0)
        disk.fail["read"] = lambda: apsw.IOError("EIO")
        with pytest.raises(StoreError) as caught:
            store.load("1")
        assert caught.value.exit_code == 74
        disk.fail.clear()
        assert store.load("1").next_seq == 4
        assert store.commit([batch(4)]) == [4]
