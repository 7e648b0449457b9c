"""What is not ours, newer, damaged, older than it was or in use is refused with what to do, and left alone."""

import os
import random
import shutil

import apsw
import pytest

from sandboxd.model.errors import StoreError, StoreLost
from sandboxd.model.ports import Batch, EventRow
from sandboxd.store import open_in_memory, open_store, opening


def event(seq: int) -> Batch:
    return Batch(actor="1", snapshots={"account": b"x" * 300}, events=(EventRow(seq, b"e" * 300),))


def refused(path, says: str, code: int, **how) -> None:
    with pytest.raises(StoreError, match=says) as caught, open_store(path, **how):
        pass
    assert caught.value.exit_code == code
    assert str(path) in str(caught.value)


@pytest.fixture
def store_with(tmp_path):
    def make(events: int):
        path = tmp_path / "s.db"
        with open_store(path) as store:
            for seq in range(1, events + 1):
                store.commit([event(seq)])
        return path

    return make


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "not a SQLite file"),
        (b"hello" * 100, "not a SQLite file"),
        (b"SQLite format 3\x00" + b"\x00" * 200, "not sandboxd's"),
    ],
)
def test_what_is_not_ours_is_refused(tmp_path, content, says):
    """The message names the file; its content is untouched."""
    path = tmp_path / "s.db"
    path.write_bytes(content)
    refused(path, says, 78)
    assert path.read_bytes() == content


def test_a_database_of_somebody_else_is_refused(tmp_path, raw):
    """A whole SQLite database, only not sandboxd's."""
    path = tmp_path / "s.db"
    raw(path, "CREATE TABLE t(x)")
    refused(path, "not sandboxd's", 78)


def test_a_second_opener_is_refused(tmp_path):
    """75, whatever the lock of the daemon says."""
    path = tmp_path / "s.db"
    with open_store(path):
        refused(path, "another program", 75)


def test_a_newer_schema_is_refused(store_with, raw):
    """78, and what to install."""
    path = store_with(1)
    raw(path, "PRAGMA user_version=99")
    refused(path, r"newer sandboxd \(schema 99\); install", 78)


def test_a_store_that_cannot_be_read_is_refused(tmp_path):
    """A folder in its place, a folder that is not there: 74, and no file is made."""
    (tmp_path / "s.db").mkdir()
    refused(tmp_path / "s.db", "cannot be used", 74)
    refused(tmp_path / "nowhere" / "s.db", "cannot be used", 74)
    refused(tmp_path / "t.db", "no store here", 78, create=False)
    assert [file.name for file in tmp_path.iterdir()] == ["s.db"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_store_of_another_user_is_refused(store_with):
    """74: permissions."""
    path = store_with(1)
    path.chmod(0)
    refused(path, "Permission denied", 74)


def test_a_store_that_is_cut_off_is_refused(store_with):
    """At every page's end; what is refused is not touched."""
    path = store_with(50)
    content = path.read_bytes()
    for pages in range(1, len(content) // 4096):
        path.write_bytes(content[: pages * 4096])
        refused(path, "damaged|older", 78)
        assert path.read_bytes() == content[: pages * 4096]


def test_an_old_sqlite_is_refused(tmp_path, monkeypatch):
    """It may corrupt the log: the message says what to upgrade."""
    monkeypatch.setattr(opening.apsw, "sqlite_lib_version", lambda: "3.51.2")
    with pytest.raises(StoreError, match=r"3\.51\.3 or newer: upgrade apsw"), open_store(tmp_path / "s.db"):
        pass


def test_a_half_made_store_is_made_again(tmp_path, monkeypatch):
    """A crash while the store is made leaves none; the next start makes a whole one."""
    path = tmp_path / "s.db"

    def crash(_connection):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(opening, "_fill", crash)
        with pytest.raises(KeyboardInterrupt), open_store(path):
            pass
    assert not path.exists()
    with open_store(path) as store:
        assert store.position() == 0
    assert sorted(file.name for file in tmp_path.iterdir()) == ["s.db", "s.db.tip"]


# ---- the witness
def test_yesterdays_backup_is_refused(store_with, tmp_path):
    """The witness saw more; accepting it is a decision, and from then on it counts."""
    path = store_with(3)
    shutil.copy(path, tmp_path / "backup")
    with open_store(path) as store:
        store.commit([event(4)])
    shutil.copy(tmp_path / "backup", path)
    refused(path, "ends at event 3, and 4 were seen", 78)
    with open_store(path, accept_rollback=True) as store:
        assert store.position() == 3
    with open_store(path) as store:
        assert store.commit([event(4)]) == [4]


@pytest.mark.parametrize("seed", range(20))
def test_every_way_back_is_detected(tmp_path, seed):
    """Yesterday's copy over a closed or a killed store, its log deleted or not: refused, and the refusal names the option."""
    rng, path, copy = random.Random(seed), tmp_path / "s.db", tmp_path / "copy"
    copied, last = rng.randrange(0, 8), rng.randrange(9, 20)
    with open_store(path) as store:
        for seq in range(1, last + 1):
            if seq == copied + 1:
                shutil.copytree(tmp_path, copy, ignore=shutil.ignore_patterns("copy"))
            store.commit([event(seq)])
        killed = tmp_path / "killed"
        shutil.copytree(tmp_path, killed, ignore=shutil.ignore_patterns("copy"))
    back = rng.choice((path, killed / "s.db"))
    back.with_name("s.db-wal").unlink(missing_ok=True)  # deleted, as with a cleanly closed store it is gone
    if back == path or rng.random() < 0.5:
        shutil.copy(copy / "s.db", back)
        if rng.random() < 0.5:
            shutil.copy(copy / "s.db-wal", back.with_name("s.db-wal"))
    refused(back, r"and \d+ were seen.*serve --accept-rollback", 78)
    with open_store(back, accept_rollback=True) as store:
        kept = store.position()
        assert kept < last
    with open_store(back) as store:
        assert store.commit([event(kept + 1)]) == [kept + 1]
    refused(back.with_name("gone.db"), "no store here", 78, create=False)


def test_a_way_back_is_no_way_to_another_store(store_with, tmp_path):
    """`accept_rollback` is about an older store; what is gone or another's stays refused."""
    path = store_with(3)
    path.unlink()
    lost(path, "gone", accept_rollback=True)
    assert not path.exists()


def lost(path, kind: str, **how) -> None:
    with pytest.raises(StoreLost) as caught, open_store(path, **how):
        pass
    assert caught.value.kind == kind


def test_who_goes_on_without_a_lost_store(store_with, tmp_path):
    """Gone: an empty one. Another's: that one is believed. Damaged: set aside under another name, and an empty one."""
    path = store_with(3)
    content = path.read_bytes()
    path.unlink()
    lost(path, "gone")
    with open_store(path, accept_lost=True) as store:
        assert store.position() == 0
        store.commit([event(1)])
    path.write_bytes(content)
    lost(path, "another")
    with open_store(path, accept_lost=True) as store:
        assert store.position() == 3
    path.write_bytes(b"")
    lost(path, "damaged")
    with open_store(path, accept_lost=True) as store:
        assert store.position() == 0
    assert path.with_name("s.db.lost-1").read_bytes() == b""
    assert path.with_name("s.db.lost-1.tip").exists()
    with open_store(path) as store:
        assert store.commit([event(1)]) == [1]


def test_a_store_in_memory_touches_no_file(tmp_path):
    """It works as long as it is open, and forgets."""
    with open_in_memory(tmp_path / "s.db") as store:
        assert store.commit([event(1)]) == [1]
        assert store.load("1").next_seq == 2
        assert len(store.secret) == 32
    assert list(tmp_path.iterdir()) == []


def test_a_lost_log_is_seen(tmp_path):
    """Killed, and the log removed or cut: SQLite opens what is left without a word, the witness does not."""
    path = tmp_path / "s.db"
    with open_store(path) as store:
        for seq in range(1, 6):
            store.commit([event(seq)])
        crashed = tmp_path / "crashed"
        shutil.copytree(tmp_path, crashed)
    log = (crashed / "s.db-wal").read_bytes()
    (crashed / "s.db-wal").write_bytes(log[:-100])
    refused(crashed / "s.db", "older than it was", 78)
    assert (crashed / "s.db-wal").read_bytes() == log[:-100]
    (crashed / "s.db-wal").unlink()
    refused(crashed / "s.db", "ends at event 0, and 5 were seen", 78)


def test_a_killed_store_opens(tmp_path):
    """The files as `kill -9` leaves them: nothing acknowledged is missing."""
    path = tmp_path / "s.db"
    with open_store(path) as store:
        for seq in range(1, 6):
            store.commit([event(seq)])
        shutil.copytree(tmp_path, tmp_path / "crashed")
    with open_store(tmp_path / "crashed" / "s.db") as store:
        assert store.position() == 5
        assert store.load("1").next_seq == 6


def test_a_store_that_went_away_is_missed(store_with):
    """No empty store is made in the place of one that held something; an unused one may go."""
    path = store_with(2)
    path.unlink()
    refused(path, "gone, but it had 2 events", 78)
    path.with_name("s.db.tip").unlink()
    with open_store(path):
        pass
    path.unlink()
    with open_store(path):
        pass


def test_a_store_from_elsewhere_is_refused(store_with, tmp_path):
    """Another install's database in this place."""
    path = store_with(2)
    other = tmp_path / "other.db"
    with open_store(other) as store:
        store.commit([event(seq) for seq in range(1, 9)])
    shutil.copy(other, path)
    refused(path, "another store", 78)


def test_a_torn_witness_falls_back_to_its_other_slot(store_with):
    """One slot damaged: the other one speaks; both: nothing is known, and the store is believed."""
    path = store_with(4)
    tip = path.with_name("s.db.tip")
    whole = tip.read_bytes()
    tip.write_bytes(b"\xff" * 512 + whole[512:])
    with open_store(path) as store:
        assert store.position() == 4
    assert tip.read_bytes()[:512] != b"\xff" * 512
    tip.write_bytes(b"\xff" * 1024)
    with open_store(path):
        pass
    assert apsw.Connection(str(path)).pragma("journal_mode") == "wal"
