"""A power cut at any moment loses nothing that was acknowledged; a control with less care does, so the test can fail."""

import random

import shakydisk

from sandboxd.model.errors import StoreError
from sandboxd.model.ports import Batch, EventRow
from sandboxd.store import open_store, opening

COMMITS, IMAGES = 40, 80


def _losses(tmp_path, disk: shakydisk.Disk) -> int:
    """How many of the images lose acknowledged commits or do not open."""
    rng, path = random.Random(7), tmp_path / "s.db"
    with open_store(path, vfs=disk.name):
        pass
    before = path.read_bytes()
    disk.log.clear()
    disk.log += [("write", "s.db", 0, before), ("sync", "s.db")]
    with open_store(path, vfs=disk.name) as store:
        store._db.pragma("wal_autocheckpoint", 10)  # often, so that every phase of it is cut
        for seq in range(1, COMMITS + 1):
            store.commit([Batch(actor="1", snapshots={"account": rng.randbytes(3000)}, events=(EventRow(seq, b"e"),))])
            disk.log.append(("acknowledged", seq))
    return sum(_lost(tmp_path / f"cut{n}", *shakydisk.after_power_cut(disk.log, rng, least=2)) for n in range(IMAGES))


def _lost(folder, files, acknowledged) -> bool:
    folder.mkdir()
    for name, content in files.items():
        (folder / name).write_bytes(content)
    try:
        with open_store(folder / "s.db") as store:
            loaded = store.load("1")
            return store.position() < acknowledged or loaded.next_seq != store.position() + 1
    except StoreError:
        return True


def test_nothing_acknowledged_is_lost(tmp_path):
    """WAL with synchronous=FULL: no image of all."""
    with shakydisk.disk("careful") as disk:
        assert _losses(tmp_path, disk) == 0


def test_the_control_loses_something(tmp_path, monkeypatch):
    """The same with synchronous=NORMAL: this test sees what it should."""
    monkeypatch.setattr(opening, "PRAGMAS", tuple(p.replace("=FULL", "=NORMAL") for p in opening.PRAGMAS))
    monkeypatch.setattr(opening, "FULL", 1)
    with shakydisk.disk("careless") as disk:
        assert _losses(tmp_path, disk) > IMAGES // 10
