"""A store of an older schema becomes one of the present schema in one transaction: killed anywhere, it is one of the two."""

import shutil

import apsw
import pytest
import shakydisk

from sandboxd.model.errors import StoreError, StoreLost
from sandboxd.model.ports import Batch, EventRow
from sandboxd.store import open_store, opening

STEPS = {
    1: "CREATE TABLE notes(id INTEGER PRIMARY KEY, text TEXT NOT NULL) STRICT;"
    "INSERT INTO notes SELECT position, 'event ' || seq FROM events;",
    2: "ALTER TABLE notes ADD COLUMN at REAL; UPDATE notes SET at = id * 2.0; CREATE INDEX notes_at ON notes(at);",
}
NEWEST = 3


@pytest.fixture
def old(tmp_path):
    path = tmp_path / "old" / "s.db"
    path.parent.mkdir()
    with open_store(path) as store:
        for seq in range(1, 120):
            store.commit([Batch(actor="1", snapshots={"account": b"s" * 900}, events=(EventRow(seq, b"e" * 50),))])
    return path


@pytest.fixture
def newer(monkeypatch):
    monkeypatch.setattr(opening, "SCHEMA", NEWEST)
    monkeypatch.setattr(opening, "UPGRADES", STEPS)


def version(path) -> int:
    with apsw.Connection(str(path)) as connection:
        found = connection.pragma("user_version")
    connection.close()
    return found


def notes(path) -> list[tuple]:
    connection = apsw.Connection(str(path))
    rows = connection.execute("SELECT id, text, at FROM notes").fetchall()
    connection.close()
    return rows


def test_two_steps_are_one_upgrade(old, newer):
    """What was there stays; a second start changes nothing more."""
    for _ in range(2):
        with open_store(old) as store:
            assert store.load("1").next_seq == 120
        assert version(old) == NEWEST
        assert notes(old) == [(n, f"event {n}", n * 2.0) for n in range(1, 120)]


def test_killed_at_any_write_it_is_one_of_the_two(old, newer, tmp_path, monkeypatch, covered):
    """Each image opens and is brought up again, from where it is."""
    monkeypatch.setattr(opening, "PRAGMAS", (*opening.PRAGMAS, "PRAGMA cache_size=5"))  # spills into the log early
    before = old.read_bytes()
    with shakydisk.disk() as disk:
        with open_store(old, vfs=disk.name):
            pass
        log = disk.log
    found = []
    for length in range(len(log) + 1):
        folder = tmp_path / "image"
        folder.mkdir()
        files = shakydisk.after_kill(log[:length], {"s.db": before})
        for name, content in files.items():
            (folder / name).write_bytes(content)
        (tmp_path / "look").mkdir()
        shutil.copytree(folder, tmp_path / "look", dirs_exist_ok=True)
        found.append(version(tmp_path / "look" / "s.db"))
        with open_store(folder / "s.db") as store:
            assert store.load("1").next_seq == 120
        assert len(notes(folder / "s.db")) == 119
        shutil.rmtree(folder)
        shutil.rmtree(tmp_path / "look")
    covered(
        f"an upgrade of two steps, killed at each of {len(found)} writes: {found.count(1)} old, {found.count(NEWEST)} new"
    )
    assert set(found) == {1, NEWEST}


def test_an_upgrade_that_fails_leaves_the_old_one(old, newer, monkeypatch):
    """A step that cannot be done: 74, what is there opens with the older program."""
    monkeypatch.setitem(STEPS, 2, "ALTER TABLE nothing ADD COLUMN at REAL")
    with pytest.raises(StoreError), open_store(old):
        pass
    assert version(old) == 1


def test_a_damaged_store_is_not_upgraded(old, newer, raw):
    """Nothing is written into what is not believed."""
    raw(old, "UPDATE snapshots SET blob = CAST(substr(blob, 1, 40) AS BLOB)")
    content = old.read_bytes()
    with pytest.raises(StoreLost), open_store(old):
        pass
    assert old.read_bytes() == content
    assert version(old) == 1
