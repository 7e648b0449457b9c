"""What is committed is there after a reopen; what is not ours or damaged is refused and left alone."""

import apsw
import pytest
import trio

from sandboxd.model.errors import StoreError, StoreFull
from sandboxd.model.ports import Batch, EventRow, KeyRow
from sandboxd.store import Writer, open_store
from sandboxd.store.envelope import seal, unseal


def batch(actor: str = "1", seq: int = 1, **more) -> Batch:
    return Batch(actor=actor, snapshots={"account": f"state {seq}".encode()}, events=(EventRow(seq, b"e"),), **more)


def test_batches_survive_a_reopen(tmp_path):
    """Snapshots replaced and removed, operations, keys, events with positions; identity and secret stay."""
    path = tmp_path / "s.db"
    with open_store(path) as store:
        epoch, secret = store.epoch, store.secret
        assert store.commit([batch(seq=1), batch(actor="2", seq=1)]) == [1, 2]
        key = KeyRow("root", "k", "d", "op_1", 1.0)
        more = Batch(actor="1", snapshots={"sbx": b"s"}, operations={"op_1": b"o"}, keys=(key,))
        assert store.commit([more]) == [2]
        store.commit([Batch(actor="1", snapshots={"sbx": None, "account": b"new"}, events=(EventRow(2, b"f"),))])
        store.set_meta("origin", "5")
    with open_store(path) as store:
        assert (store.epoch, store.secret, store.meta("origin")) == (epoch, secret, "5")
        loaded = store.load("1")
        assert (loaded.snapshots, loaded.operations, loaded.next_seq) == ({"account": b"new"}, {"op_1": b"o"}, 3)
        assert store.actors() == ["1", "2"]
        assert [(e.position, e.actor, e.seq) for e in store.events(1, 10)] == [(2, "2", 1), (3, "1", 2)]
        assert store.key("root", "k") == KeyRow("root", "k", "d", "op_1", 1.0)
        assert store.key("other", "k") is None
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_transaction_is_all_or_nothing(tmp_path):
    """A seq that is taken spoils all batches of the commit."""
    with open_store(tmp_path / "s.db") as store:
        store.commit([batch(seq=1)])
        with pytest.raises(apsw.ConstraintError):
            store.commit([batch(actor="2"), batch(seq=1)])
        assert store.actors() == ["1"]
        assert store.position() == 1


@pytest.mark.parametrize(
    ("content", "code", "says"),
    [
        (b"hello" * 100, 78, "not a SQLite file"),
        (b"SQLite format 3\x00" + b"\x00" * 200, 78, "not sandboxd's"),
    ],
)
def test_what_is_not_ours_is_refused(tmp_path, content, code, says):
    """The message names the file; its content is untouched."""
    path = tmp_path / "s.db"
    path.write_bytes(content)
    with pytest.raises(StoreError, match=says) as caught, open_store(path):
        pass
    assert caught.value.exit_code == code
    assert str(path) in str(caught.value)
    assert path.read_bytes() == content


def test_a_newer_schema_and_a_second_opener_are_refused(tmp_path):
    """78 for the version, 75 for the other program."""
    path = tmp_path / "s.db"
    with open_store(path):
        with pytest.raises(StoreError) as caught, open_store(path):
            pass
        assert caught.value.exit_code == 75
    connection = apsw.Connection(str(path))
    connection.execute("PRAGMA user_version=99")
    connection.close()
    with pytest.raises(StoreError, match="newer") as caught, open_store(path):
        pass
    assert caught.value.exit_code == 78


def test_every_flipped_bit_of_an_envelope_is_seen():
    """Half of them would decode to another valid state."""
    blob = seal(b"a snapshot")
    assert unseal(blob, "x") == b"a snapshot"
    for bit in range(len(blob) * 8):
        flipped = bytearray(blob)
        flipped[bit // 8] ^= 1 << bit % 8
        with pytest.raises(StoreError):
            unseal(bytes(flipped), "x")


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
            assert writer.commits < 10


async def test_a_full_disk_is_told_and_survived():
    """Everybody who waited hears it; the next commit works."""

    class Full:
        full = True

        def commit(self, batches):
            if self.full:
                raise StoreFull
            return [7 for _ in batches]

    store = Full()
    async with trio.open_nursery() as nursery, Writer(store, nursery=nursery) as writer:
        with pytest.raises(StoreFull):
            await writer.commit(batch())
        assert writer.reason
        store.full = False
        assert await writer.commit(batch()) == 7
        assert writer.reason is None


async def test_any_other_failure_stops_the_daemon():
    """What cannot be made durable must not be done."""

    class Broken:
        def commit(self, batches):
            raise StoreError("EIO", 74)

    with pytest.raises(ExceptionGroup) as caught:
        async with trio.open_nursery() as nursery:
            writer = Writer(Broken(), nursery=nursery)
            async with writer:
                nursery.start_soon(writer.commit, batch())
                await trio.sleep_forever()
    assert caught.group_contains(StoreError)
