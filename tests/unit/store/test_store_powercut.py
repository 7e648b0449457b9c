"""A power cut at any moment loses nothing that was acknowledged; a control with less care does, so the test can fail."""

import os
import random
from collections import Counter

import pytest
import shakydisk

from sandboxd.model.errors import StoreError
from sandboxd.model.ports import Batch, EventRow
from sandboxd.store import open_store, opening

COMMITS, IMAGES = 60, 220


def _losses(tmp_path, disk: shakydisk.Disk, covered) -> int:
    """How many of the images lose acknowledged commits, hold anything else, or do not open."""
    rng, path, said = random.Random(7), tmp_path / "s.db", {0: None}
    with open_store(path, vfs=disk.name):
        pass
    before = path.read_bytes()
    disk.log.clear()
    disk.log += [("write", "s.db", 0, before), ("sync", "s.db")]
    with open_store(path, vfs=disk.name) as store:
        store.checkpoint_after = 10  # often, so that every phase of it is cut
        for seq in range(1, COMMITS + 1):
            said[seq] = rng.randbytes(rng.randrange(200, 9000))
            store.commit([Batch(actor="1", snapshots={"account": said[seq]}, events=(EventRow(seq, b"e"),))])
            disk.log.append(("acknowledged", seq))
    checkpoints = sum(entry[0] == "sync" and entry[1] == "s.db" for entry in disk.log) - 1
    lost, cut = 0, Counter()
    for _ in range(IMAGES):
        files, acknowledged, moment = shakydisk.after_power_cut(disk.log, rng, least=2)
        cut[moment] += 1
        lost += _is_lost(tmp_path / "cut", files, acknowledged, said)
    covered(
        f"{IMAGES} images, {COMMITS} commits, {checkpoints} checkpoints, cut in {dict(sorted(cut.items()))}: {lost} lost"
    )
    assert checkpoints > COMMITS // 8
    return lost


def _is_lost(folder, files, acknowledged, said) -> bool:
    folder.mkdir(exist_ok=True)
    for old in folder.iterdir():
        old.unlink()
    for name, content in files.items():
        (folder / name).write_bytes(content)
    try:
        with open_store(folder / "s.db") as store:
            loaded, last = store.load("1"), store.position()
            whole = loaded.next_seq == last + 1 and len(store.events(0, COMMITS + 1)) == last
            return last < acknowledged or not whole or loaded.snapshots.get("account") != said[last]
    except StoreError:
        return True


@pytest.fixture(autouse=True)
def _no_fsync(monkeypatch):
    """Of the images: what is cut is what SQLite asked of the shaky disk."""
    monkeypatch.setattr(os, "fsync", lambda _: None)


def test_nothing_acknowledged_is_lost(tmp_path, covered):
    """WAL with synchronous=FULL: no image of all, whatever was torn, in the log or in a checkpoint."""
    with shakydisk.disk("careful") as disk:
        assert _losses(tmp_path, disk, covered) == 0


def test_the_control_loses_something(tmp_path, monkeypatch, covered):
    """The same with synchronous=NORMAL: this test sees what it should."""
    monkeypatch.setattr(opening, "PRAGMAS", tuple(p.replace("=FULL", "=NORMAL") for p in opening.PRAGMAS))
    monkeypatch.setattr(opening, "FULL", 1)
    with shakydisk.disk("careless") as disk:
        assert _losses(tmp_path, disk, covered) > IMAGES // 10
