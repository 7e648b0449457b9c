"""What is committed is there after a reopen, all of it or nothing, each in its place."""

import pytest

from sandboxd.model.errors import StoreError, StoreLost
from sandboxd.model.ports import Batch, EventRow, KeyRow
from sandboxd.store import Clash, open_store
from sandboxd.store.envelope import seal, unseal
from sandboxd.store.sqlite import LATEST_OPERATIONS

KEY = KeyRow("root", "k", "d", "op_1", 1.0)


def batch(actor: str = "1", seq: int = 1, **more) -> Batch:
    return Batch(actor=actor, snapshots={"account": f"state {seq}".encode()}, events=(EventRow(seq, b"e"),), **more)


def test_batches_survive_a_reopen(tmp_path):
    """Snapshots replaced and removed, operations, keys, events with positions; identity and secret stay."""
    path = tmp_path / "s.db"
    with open_store(path) as store:
        was = (store.epoch, store.secret, store.install_id)
        assert store.commit([batch(seq=1), batch(actor="2", seq=1)]) == [1, 2]
        more = Batch(actor="1", snapshots={"sbx": b"s"}, operations={"op_1": b"o"}, keys=(KEY,))
        assert store.commit([more]) == [2]
        store.commit([Batch(actor="1", snapshots={"sbx": None, "account": b"new"}, events=(EventRow(2, b"f"),))])
        store.set_meta("origin", "5")
    assert not path.with_name("s.db-wal").exists()
    assert path.stat().st_mode & 0o777 == 0o600
    with open_store(path, create=False) as store:
        assert (store.epoch, store.secret, store.install_id) == was
        assert len(store.secret) == 32
        assert store.meta("origin") == "5"
        assert store.meta("nothing") is None
        loaded = store.load("1")
        assert (loaded.snapshots, loaded.operations, loaded.next_seq) == ({"account": b"new"}, {"op_1": b"o"}, 3)
        assert store.load("nobody").next_seq == 1
        assert store.actors() == ["1", "2"]
        assert store.position() == 3
        assert [(e.position, e.actor, e.seq, e.blob) for e in store.events(1, 10)] == [
            (2, "2", 1, b"e"),
            (3, "1", 2, b"f"),
        ]
        assert [e.position for e in store.events(0, 2)] == [1, 2]
        assert store.operation("op_1") == ("1", b"o")
        assert store.operation("op_2") is None
        assert store.key("root", "k") == KEY
        assert store.key("other", "k") is None


def test_an_open_operation_is_loaded_however_old(tmp_path):
    """Of those that are over, the newest are; what still runs, or may be retried, after 300 later ones is not forgotten."""
    names = [f"op_{number:03}" for number in range(300)]
    with open_store(tmp_path / "s.db") as store:
        store.commit([batch(operations={"op_": b"runs", "op_-": b"ends"})])
        store.commit([Batch(actor="1", operations=dict.fromkeys(names, b"o"), over=frozenset(names))])
        store.commit([batch("2", operations={"op_2": b"another's"})])
        assert list(store.load("1").operations) == ["op_", "op_-", *names[-LATEST_OPERATIONS:]]
        store.commit([Batch(actor="1", operations={"op_-": b"ended"}, over=frozenset({"op_-"}))])
    with open_store(tmp_path / "s.db") as store:
        assert list(store.load("1").operations) == ["op_", *names[-LATEST_OPERATIONS:]]
        assert store.operation("op_-") == ("1", b"ended")


@pytest.mark.parametrize("spoiler", [batch(seq=1), Batch(actor="1", keys=(KEY,))])
def test_a_transaction_is_all_or_nothing(tmp_path, spoiler):
    """A number or key that is taken spoils all batches of the commit, and the store goes on."""
    with open_store(tmp_path / "s.db") as store:
        store.commit([batch(seq=1, keys=(KEY,))])
        with pytest.raises(Clash):
            store.commit([batch(actor="2"), spoiler])
        assert store.actors() == ["1"]
        assert store.position() == 1
        assert store.commit([batch(actor="2")]) == [2]


def test_every_flipped_bit_of_an_envelope_is_seen():
    """Half of them would decode to another valid state."""
    blob = seal(b"a snapshot", "here")
    assert unseal(blob, "here", "store") == b"a snapshot"
    for bit in range(len(blob) * 8):
        flipped = bytearray(blob)
        flipped[bit // 8] ^= 1 << bit % 8
        with pytest.raises(StoreError, match="store: here"):
            unseal(bytes(flipped), "here", "store")


@pytest.mark.parametrize(
    ("spoil", "read"),
    [
        (
            "UPDATE snapshots SET blob = (SELECT blob FROM snapshots WHERE actor = '2') WHERE actor = '1'",
            lambda s: s.load("1"),
        ),
        ("UPDATE operations SET actor = '2'", lambda s: s.operation("op_1")),
        ("UPDATE operations SET over = 1", lambda s: s.load("1")),
        ("UPDATE operations SET over = 2", lambda s: s.operation("op_1")),
        ("UPDATE events SET blob = CAST(substr(blob, 1, 22) || 'x' AS BLOB)", lambda s: s.events(0, 9)),
        ("UPDATE events SET seq = seq + 1 WHERE actor = '1'", lambda s: s.events(0, 9)),
        ("UPDATE events SET actor = CAST(x'ff' AS TEXT) WHERE actor = '1'", lambda s: s.events(0, 9)),
        ("UPDATE keys SET operation = 'op_2'", lambda s: s.key("root", "k")),
    ],
)
def test_what_is_damaged_is_not_believed(tmp_path, spoil, read, raw):
    """A wrong digest, and a right one in another's place, are refused with the place's name, nothing else is."""
    path = tmp_path / "s.db"
    with open_store(path) as store:
        store.commit([batch(operations={"op_1": b"o"}, keys=(KEY,)), batch("2")])
    raw(path, spoil)
    with pytest.raises(StoreLost, match="damaged") as caught, open_store(path) as store:
        read(store)
    assert caught.value.kind == "damaged"
