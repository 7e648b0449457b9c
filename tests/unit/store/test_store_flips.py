"""Damage anywhere in the store's files is noticed or harmless: never another state, never an error of another kind."""

import os
import random
import shutil
from collections import Counter

import pytest

from sandboxd.model.errors import StoreError
from sandboxd.model.ports import Batch, EventRow, KeyRow
from sandboxd.store import open_store

FLIPS, CUTS, SWAPS = 700, 200, 150
"""of each kind and file"""
PAGE = 4096


@pytest.fixture(scope="module")
def stores(tmp_path_factory):
    """A store as `kill -9` leaves it (something in the log), the same one closed cleanly, and what both hold."""
    folder = tmp_path_factory.mktemp("stores")
    rng = random.Random(3)
    with open_store(folder / "s.db") as store:
        _fill(store, rng, range(1, 12))
    with open_store(folder / "s.db") as store:
        _fill(store, rng, range(12, 16))
        shutil.copytree(folder, folder / "killed")
        content = _content(store)
    (folder / "closed").mkdir()
    for file in ("s.db", "s.db.tip"):
        shutil.copy(folder / file, folder / "closed")
    return folder, content


def _fill(store, rng, numbers):
    for seq in numbers:
        key = KeyRow("root", f"k{seq}", "d", f"op_{seq}", 1.0)
        snapshots = {"account": rng.randbytes(900), f"sbx_{seq}": rng.randbytes(1500)}
        event = EventRow(seq, rng.randbytes(200))
        operations = {f"op_{seq}": rng.randbytes(300)}
        store.commit([Batch(actor="1", snapshots=snapshots, operations=operations, events=(event,), keys=(key,))])


def _content(store):
    keys = [store.key("root", f"k{seq}") for seq in range(1, 16)]
    return (store.actors(), store.load("1"), store.events(0, 100), keys, store.secret, store.epoch, store.install_id)


def _flip(data: bytearray, rng: random.Random) -> None:
    data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)


def _cut(data: bytearray, rng: random.Random) -> None:
    del data[rng.randrange(len(data)) :]


def _swap(data: bytearray, rng: random.Random) -> None:
    one, other = rng.sample(range(len(data) // PAGE), 2)
    here, there = slice(one * PAGE, (one + 1) * PAGE), slice(other * PAGE, (other + 1) * PAGE)
    data[here], data[there] = data[there], data[here]


@pytest.mark.parametrize(("left", "name"), [("closed", "s.db"), ("killed", "s.db"), ("killed", "s.db-wal")])
@pytest.mark.parametrize(("damage", "times"), [(_flip, FLIPS), (_cut, CUTS), (_swap, SWAPS)])
def test_no_damage_is_believed(stores, tmp_path, monkeypatch, covered, left, name, damage, times):
    """One at a time: refused where it is opened or read, or all that was committed is there, and nothing else."""
    monkeypatch.setattr(os, "fsync", lambda _: None)  # the witness need not reach a disk here
    folder, content = stores
    whole = {file.name: file.read_bytes() for file in (folder / left).iterdir()}
    rng, seen = random.Random(f"{left} {name} {damage.__name__}"), Counter()
    for number in range(times):
        for file in tmp_path.iterdir():
            file.unlink()
        broken = bytearray(whole[name])
        damage(broken, rng)
        for file, data in (whole | {name: bytes(broken)}).items():
            (tmp_path / file).write_bytes(data)
        try:
            with open_store(tmp_path / "s.db") as store:
                assert _content(store) == content, number
            seen["harmless"] += 1
        except StoreError:
            seen["refused"] += 1
    covered(f"{damage.__name__[1:]} in {name} of a {left} store: {dict(sorted(seen.items()))} of {times}")
    assert seen["refused"] > times // 20
