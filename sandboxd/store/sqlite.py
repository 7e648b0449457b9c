"""The store over one SQLite connection: commits, and the reads that recovery, streams and the API need.

`commit` is one transaction over all batches it is given. Reads and commits take turns (one lock), so that the loop may
read while the writer's thread commits. After an error of a write nothing is done any more: what a failed fsync left on
the disk is known only after a new start; a read that failed may be asked again. It knows bytes, never their meaning.
"""

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Protocol

import apsw
from msgspec import Struct

from sandboxd.model.errors import SandboxdError, StoreError, StoreFull, StoreLost
from sandboxd.model.ports import Batch, EventRow, KeyRow, StoredEvent
from sandboxd.store.envelope import seal, unseal
from sandboxd.store.places import event_place, key_seal, meta_place, operation_place, snapshot_place

IO_ERROR = 74
CHECKPOINT = 1000
"""pages of the log after which it is folded into the database"""
LATEST_OPERATIONS = 200
"""how many operations of an actor are loaded, besides all that are not over"""
# The newest ones, and those that something can still happen to, however old.
_OPERATIONS = """
SELECT id, over, blob FROM operations WHERE actor = ?1 AND over = 0
UNION SELECT * FROM (SELECT id, over, blob FROM operations WHERE actor = ?1 ORDER BY id DESC LIMIT ?2) ORDER BY id
"""


class Clash(SandboxdError):
    """A batch that contradicts what is stored (a number or a key that is taken): nothing of its commit happened."""


class Saw(Protocol):
    """What remembers, outside the store, how far it had come."""

    def saw(self, position: int) -> None:
        """A commit is durable."""
        ...

    def close(self) -> None:
        """Let go."""
        ...


class Loaded(Struct, frozen=True):
    """What is kept of one actor."""

    snapshots: dict[str, bytes]
    operations: dict[str, bytes]
    next_seq: int


class SqliteStore:
    """An open store; `open_store` makes it."""

    def __init__(self, *, path: Path, connection: apsw.Connection, witness: Saw) -> None:
        self.path, self._db, self._witness = path, connection, witness
        self._lock = threading.Lock()
        self._broken: StoreError | None = None
        self._last = last_position(connection)
        self.epoch, self.install_id = self._text("epoch"), self._text("install_id")
        self.secret = self._meta("secret") or b""
        self.checkpoint_after, self._pages = CHECKPOINT, 0
        connection.set_wal_hook(self._logged)

    # ---- meta
    def meta(self, name: str) -> str | None:
        """A value kept beside the actors."""
        value = self._meta(name)
        return None if value is None else value.decode()

    def set_meta(self, name: str, value: str) -> None:
        """Keep a value beside the actors."""
        with self._turn("written"):
            put_meta(self._db, name, value.encode())

    def _meta(self, name: str) -> bytes | None:
        with self._turn("read"):
            return get_meta(self._db, name, self.path)

    def _text(self, name: str) -> str:
        return (self._meta(name) or b"").decode()

    # ---- commits
    def commit(self, batches: Sequence[Batch]) -> list[int]:
        """Make all batches durable in one transaction; return the last stream position after each.

        Raise StoreFull or Clash (nothing happened, the store goes on) or StoreError (74, for good).
        """
        with self._turn("written"):
            with transaction(self._db):
                positions = self._write(batches)
            self._last = positions[-1] if positions else self._last
            with suppress(OSError):  # durable it is; a witness that lags behind is no harm, and a bad disk is met again
                self._witness.saw(self._last)
            self._fold()
            return positions

    def _logged(self, _connection: apsw.Connection, _name: str, pages: int) -> int:
        self._pages = pages
        return int(apsw.SQLITE_OK)

    def _fold(self) -> None:
        """Fold a long log into the database. SQLite's own way would keep an fsync that failed to itself, and then trust it."""
        if self._pages < self.checkpoint_after:
            return
        with suppress(apsw.FullError, apsw.BusyError):  # what is committed is in the log; the next commit tries again
            self._db.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_PASSIVE)

    def _write(self, batches: Sequence[Batch]) -> list[int]:
        positions, last = [], self._last
        for batch in batches:
            self._put(batch)
            for last, event in enumerate(batch.events, last + 1):  # noqa: B020 - numbers go on from the last
                self._put_event(last, batch.actor, event)
            positions.append(last)
        return positions

    def _put(self, batch: Batch) -> None:
        run, actor = self._db.execute, batch.actor
        for name, payload in batch.snapshots.items():
            if payload is None:
                run("DELETE FROM snapshots WHERE actor = ? AND name = ?", (actor, name))
            else:
                run(
                    "INSERT OR REPLACE INTO snapshots VALUES(?, ?, ?)",
                    (actor, name, seal(payload, snapshot_place(actor, name))),
                )
        for name, payload in batch.operations.items():
            over = name in batch.over
            row = (name, actor, over, seal(payload, operation_place(actor, name, over)))
            run("INSERT OR REPLACE INTO operations VALUES(?, ?, ?, ?)", row)
        for known in batch.keys:
            values = (known.caller, known.key, known.digest, known.operation, known.at, key_seal(known))
            run("INSERT INTO keys VALUES(?, ?, ?, ?, ?, ?)", values)

    def _put_event(self, position: int, actor: str, event: EventRow) -> None:
        blob = seal(event.blob, event_place(actor, event.seq, position))
        self._db.execute("INSERT INTO events VALUES(?, ?, ?, ?)", (position, actor, event.seq, blob))

    # ---- reads
    def position(self) -> int:
        """The last stream position."""
        with self._turn("read"):
            return self._last

    def actors(self) -> list[str]:
        """Every actor that has a snapshot, in order."""
        with self._turn("read"):
            return [row[0] for row in self._rows("SELECT DISTINCT actor FROM snapshots ORDER BY actor")]

    def load(self, actor: str) -> Loaded:
        """Snapshots, and open and latest operations, of an actor, the oldest first; raise StoreError (78) if one is damaged."""
        with self._turn("read"):
            snapshots = self._rows("SELECT name, blob FROM snapshots WHERE actor = ? ORDER BY name", actor)
            operations = self._rows(_OPERATIONS, actor, LATEST_OPERATIONS)
            last = self._rows("SELECT max(seq) FROM events WHERE actor = ?", actor)[0][0]
        return Loaded(
            {name: unseal(blob, snapshot_place(actor, name), self.path) for name, blob in snapshots},
            {name: unseal(blob, operation_place(actor, name, over), self.path) for name, over, blob in operations},
            int(last or 0) + 1,
        )

    def events(self, after: int, limit: int) -> list[StoredEvent]:
        """Events after a stream position, the oldest first."""
        query = "SELECT position, actor, seq, blob FROM events WHERE position > ? ORDER BY position LIMIT ?"
        with self._turn("read"):
            rows = self._rows(query, after, limit)
        return [
            StoredEvent(position, actor, seq, unseal(blob, event_place(actor, seq, position), self.path))
            for position, actor, seq, blob in rows
        ]

    def operation(self, identifier: str) -> tuple[str, bytes] | None:
        """The actor of one operation, however old, and its payload."""
        with self._turn("read"):
            rows = self._rows("SELECT actor, over, blob FROM operations WHERE id = ?", identifier)
        if not rows:
            return None
        actor, over, blob = rows[0]
        return actor, unseal(blob, operation_place(actor, identifier, over), self.path)

    def key(self, caller: str, key: str) -> KeyRow | None:
        """What an idempotency key was answered with."""
        with self._turn("read"):
            rows = self._rows("SELECT * FROM keys WHERE caller = ? AND key = ?", caller, key)
        if not rows:
            return None
        row = KeyRow(*rows[0][:-1])
        if key_seal(row) != rows[0][-1]:
            raise StoreLost(f"{self.path}: an idempotency key is damaged; restore the store from a backup", "damaged")
        return row

    def _rows(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        return self._db.execute(query, values).fetchall()

    def close(self) -> None:
        """Fold the log into the database and let go of the files; a broken store is left exactly as it is."""
        with self._lock:
            if self._broken is not None:
                self._db.config(apsw.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1)
            self._db.close()
            self._witness.close()

    @contextmanager
    def _turn(self, what: str) -> Iterator[None]:
        """One user of the connection at a time; SQLite's errors become ours."""
        with self._lock:
            if self._broken is not None:
                raise self._broken
            try:
                yield
            except apsw.FullError as error:
                raise StoreFull from error
            except apsw.ConstraintError as error:
                raise Clash(f"{self.path}: {error}") from error
            except UnicodeDecodeError as error:
                raise StoreLost(f"{self.path}: the store is damaged; restore it from a backup", "damaged") from error
            except (apsw.Error, OSError) as error:
                failed = StoreError(f"{self.path}: the store cannot be {what}: {error}; see to the disk", IO_ERROR)
                self._broken = failed if what == "written" else None
                raise failed from error


@contextmanager
def transaction(connection: apsw.Connection) -> Iterator[None]:
    """All or nothing; SQLite may have rolled back by itself, which is not an error of its own."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    finally:
        if connection.in_transaction:
            connection.execute("ROLLBACK")


def last_position(connection: apsw.Connection) -> int:
    """The newest stream position, 0 in an empty store."""
    return int(connection.execute("SELECT max(position) FROM events").fetchall()[0][0] or 0)


def get_meta(connection: apsw.Connection, name: str, where: object) -> bytes | None:
    """A sealed value of the table `meta`."""
    rows: list[tuple[Any, ...]] = connection.execute("SELECT blob FROM meta WHERE name = ?", (name,)).fetchall()
    return unseal(rows[0][0], meta_place(name), where) if rows else None


def put_meta(connection: apsw.Connection, name: str, value: bytes) -> None:
    """Keep a sealed value in the table `meta`."""
    connection.execute("INSERT OR REPLACE INTO meta VALUES(?, ?)", (name, seal(value, meta_place(name))))
