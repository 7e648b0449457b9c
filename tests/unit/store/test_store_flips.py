"""A flipped bit anywhere in the store's files is noticed or harmless: never another state, never an error of another kind."""

import random
import shutil

import pytest

from sandboxd.model.errors import StoreError
from sandboxd.model.ports import Batch, EventRow, KeyRow
from sandboxd.store import open_store

FLIPS = 120


@pytest.fixture(scope="module")
def killed(tmp_path_factory):
    """A store with something in the database and something in the log, as `kill -9` leaves it, and what it holds."""
    folder = tmp_path_factory.mktemp("killed")
    rng = random.Random(3)
    with open_store(folder / "s.db") as store:
        _fill(store, rng, range(1, 12))
    with open_store(folder / "s.db") as store:
        _fill(store, rng, range(12, 16))
        shutil.copytree(folder, folder / "left")
        return folder / "left", _content(store)


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


@pytest.mark.parametrize("name", ["s.db", "s.db-wal"])
def test_no_flip_is_believed(killed, tmp_path, name):
    """One at a time; most are seen."""
    folder, content = killed
    rng, seen = random.Random(name), 0
    size = (folder / name).stat().st_size
    for number in range(FLIPS):
        broken = tmp_path / str(number)
        shutil.copytree(folder, broken)
        data = bytearray((broken / name).read_bytes())
        data[rng.randrange(size)] ^= 1 << rng.randrange(8)
        (broken / name).write_bytes(data)
        try:
            with open_store(broken / "s.db") as store:
                assert _content(store) == content, number
        except StoreError:
            seen += 1
        shutil.rmtree(broken)
    assert seen > FLIPS // 20
