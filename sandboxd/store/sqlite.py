"""The SQLite store: WAL, synchronous=FULL, an exclusive lock, one connection.

`commit` is one transaction over all batches it is given. Reads and commits take turns (one lock), so that the loop may
read while the writer's thread commits.
"""

import secrets
import threading
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import apsw
from msgspec import Struct

from sandboxd.model.errors import StoreError, StoreFull
from sandboxd.model.ports import Batch, KeyRow, StoredEvent
from sandboxd.store.envelope import UNUSABLE, seal, unseal
from sandboxd.store.schema import APPLICATION_ID, OLDEST_SQLITE, PRAGMAS, SCHEMA, TABLES

IO_ERROR, LOCKED = 74, 75
KEPT_OPERATIONS = 200


class Loaded(Struct, frozen=True):
    """What is kept of one actor."""

    snapshots: dict[str, bytes]
    operations: dict[str, bytes]
    next_seq: int


class SqliteStore:
    """An open store."""

    def __init__(self, path: Path, connection: apsw.Connection) -> None:
        self.path, self._db = path, connection
        self._lock = threading.Lock()
        self.epoch = self._text("epoch")
        self.install_id = self._text("install_id")
        self.secret = self._meta("secret") or b""

    # ---- meta
    def meta(self, name: str) -> str | None:
        """A value kept beside the actors."""
        value = self._meta(name)
        return None if value is None else value.decode()

    def set_meta(self, name: str, value: str) -> None:
        """Keep a value beside the actors."""
        with self._locked("write"):
            self._db.execute("INSERT OR REPLACE INTO meta VALUES(?, ?)", (name, value.encode()))

    def _meta(self, name: str) -> bytes | None:
        with self._locked("read"):
            row = self._db.execute("SELECT value FROM meta WHERE name = ?", (name,)).fetchone()
        return None if row is None else bytes(row[0])

    def _text(self, name: str) -> str:
        return (self._meta(name) or b"").decode()

    # ---- commits
    def commit(self, batches: Sequence[Batch]) -> list[int]:
        """Make all batches durable in one transaction; return the last stream position after each."""
        with self._locked("write"), self._db:
            return [self._one(batch) for batch in batches]

    def _one(self, batch: Batch) -> int:
        run = self._db.execute
        for name, payload in batch.snapshots.items():
            if payload is None:
                run("DELETE FROM snapshots WHERE actor = ? AND name = ?", (batch.actor, name))
            else:
                run("INSERT OR REPLACE INTO snapshots VALUES(?, ?, ?)", (batch.actor, name, seal(payload)))
        for name, payload in batch.operations.items():
            run("INSERT OR REPLACE INTO operations VALUES(?, ?, ?)", (name, batch.actor, seal(payload)))
        for key in batch.keys:
            run("INSERT INTO keys VALUES(?, ?, ?, ?, ?)", (key.caller, key.key, key.digest, key.operation, key.at))
        for event in batch.events:
            run("INSERT INTO events(actor, seq, blob) VALUES(?, ?, ?)", (batch.actor, event.seq, event.blob))
        return self._position()

    # ---- reads
    def position(self) -> int:
        """The last stream position."""
        with self._locked("read"):
            return self._position()

    def _position(self) -> int:
        return int(_scalar(self._db.execute("SELECT max(position) FROM events")) or 0)

    def actors(self) -> list[str]:
        """Every actor that has a snapshot."""
        with self._locked("read"):
            rows = self._db.execute("SELECT DISTINCT actor FROM snapshots ORDER BY actor").fetchall()
        return [str(row[0]) for row in rows]

    def load(self, actor: str) -> Loaded:
        """Snapshots and latest operations of an actor; raise StoreError (78) if one is damaged."""
        with self._locked("read"):
            run = self._db.execute
            snapshots = run("SELECT name, blob FROM snapshots WHERE actor = ? ORDER BY name", (actor,)).fetchall()
            latest = "SELECT id, blob FROM operations WHERE actor = ? ORDER BY id DESC LIMIT ?"
            operations = run(latest, (actor, KEPT_OPERATIONS)).fetchall()
            last = _scalar(run("SELECT max(seq) FROM events WHERE actor = ?", (actor,)))
        where = f"{self.path}: account {actor}"
        return Loaded(
            {name: unseal(blob, f"{where}: snapshot {name!r}") for name, blob in snapshots},
            {name: unseal(blob, f"{where}: operation {name!r}") for name, blob in reversed(operations)},
            int(last or 0) + 1,
        )

    def events(self, after: int, limit: int) -> list[StoredEvent]:
        """Events after a stream position, the oldest first."""
        with self._locked("read"):
            query = "SELECT position, actor, seq, blob FROM events WHERE position > ? ORDER BY position LIMIT ?"
            return [StoredEvent(*row) for row in self._db.execute(query, (after, limit)).fetchall()]

    def operation(self, identifier: str) -> bytes | None:
        """One operation, however old."""
        with self._locked("read"):
            row = self._db.execute("SELECT blob FROM operations WHERE id = ?", (identifier,)).fetchone()
        return None if row is None else unseal(row[0], f"{self.path}: operation {identifier!r}")

    def key(self, caller: str, key: str) -> KeyRow | None:
        """What an idempotency key was answered with."""
        with self._locked("read"):
            row = self._db.execute("SELECT * FROM keys WHERE caller = ? AND key = ?", (caller, key)).fetchone()
        return None if row is None else KeyRow(*row)

    def close(self) -> None:
        """Fold the log into the database and let go of the file."""
        with self._locked("close"):
            self._db.close()

    @contextmanager
    def _locked(self, what: str) -> Iterator[None]:
        with self._lock:
            try:
                yield
            except apsw.FullError as error:
                raise StoreFull from error
            except (apsw.IOError, apsw.CorruptError, apsw.NotADBError, apsw.ReadOnlyError) as error:
                raise StoreError(f"{self.path}: cannot {what}: {error}", IO_ERROR) from error


# ---- opening
@contextmanager
def open_store(path: Path) -> Iterator[SqliteStore]:
    """Open the store, or make an empty one; raise StoreError with what is wrong, the file left as it is."""
    _check_library()
    store = SqliteStore(path, _open(path))
    try:
        yield store
    finally:
        store.close()


def _check_library() -> None:
    version = tuple(int(part) for part in apsw.sqlite_lib_version().split("."))
    if version < OLDEST_SQLITE:
        oldest = ".".join(map(str, OLDEST_SQLITE))
        raise StoreError(
            f"SQLite {apsw.sqlite_lib_version()} can corrupt a log; sandboxd needs {oldest} or newer: upgrade apsw",
            UNUSABLE,
        )


def _open(path: Path) -> apsw.Connection:
    fresh = not path.exists() or path.stat().st_size == 0
    if not fresh:
        _check_header(path)
    try:
        connection = apsw.Connection(str(path))
        connection.set_busy_timeout(0)
        for pragma in PRAGMAS.strip().splitlines():
            connection.execute(pragma).fetchall()
        if fresh:
            _create(connection)
            path.chmod(0o600)
        _check(path, connection)
    except apsw.BusyError as error:
        raise StoreError(f"{path}: another program has the store open; stop it first", LOCKED) from error
    except (apsw.Error, OSError) as error:
        raise StoreError(f"{path}: the store cannot be read: {error}; restore it from a backup", IO_ERROR) from error
    return connection


def _check_header(path: Path) -> None:
    """Refuse what is no store of ours before SQLite touches the file."""
    try:
        with path.open("rb") as file:
            head = file.read(100)
    except OSError as error:
        raise StoreError(f"{path}: the store cannot be read: {error.strerror}", IO_ERROR) from error
    if len(head) < 100 or not head.startswith(b"SQLite format 3\x00"):  # noqa: PLR2004 - SQLite's header
        raise StoreError(f"{path}: this is not a SQLite file; move it away, or choose another --state-dir", UNUSABLE)
    if int.from_bytes(head[68:72], "big") != APPLICATION_ID:
        raise StoreError(f"{path}: this database is not sandboxd's; choose another --state-dir", UNUSABLE)
    pages, size = int.from_bytes(head[28:32], "big"), int.from_bytes(head[16:18], "big")
    if pages * size > path.stat().st_size and not path.with_name(path.name + "-wal").exists():
        raise StoreError(f"{path}: the store is cut off; restore it from a backup", UNUSABLE)


def _create(connection: apsw.Connection) -> None:
    with connection:
        connection.execute(f"PRAGMA application_id={APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version={SCHEMA}")
        connection.execute(TABLES)
        rows = {"epoch": secrets.token_hex(6), "install_id": str(uuid.uuid4()), "secret": secrets.token_bytes(32)}
        for name, value in rows.items():
            blob = value.encode() if isinstance(value, str) else value
            connection.execute("INSERT INTO meta VALUES(?, ?)", (name, blob))
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()


def _check(path: Path, connection: apsw.Connection) -> None:
    schema = _scalar(connection.execute("PRAGMA user_version"))
    if schema > SCHEMA:
        raise StoreError(f"{path}: the store is of a newer sandboxd (schema {schema}); install that version", UNUSABLE)
    if _scalar(connection.execute("PRAGMA synchronous")) != 2:  # noqa: PLR2004 - FULL
        raise StoreError(f"{path}: the store would not survive a power cut (synchronous is not FULL)", IO_ERROR)
    if _scalar(connection.execute("PRAGMA quick_check(1)")) != "ok":
        raise StoreError(f"{path}: the store is damaged; restore it from a backup", UNUSABLE)


def _scalar(cursor: apsw.Cursor) -> Any:
    """The first column of the first row."""
    return cursor.fetchall()[0][0]
