"""Opens a store, or makes an empty one; refuses what cannot be trusted, with what is wrong and what to do.

A store is made under another name and renamed when it is complete, so that a crash leaves none or a whole one. What is
refused is left as it is, never repaired behind anybody's back; a person who goes on without it finds it set aside.
"""

import os
import secrets
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import apsw

from sandboxd.model.errors import StoreError, StoreLost
from sandboxd.store.content import check_content
from sandboxd.store.envelope import UNUSABLE
from sandboxd.store.schema import APPLICATION_ID, FULL, OLDEST_SQLITE, PRAGMAS, SCHEMA, TABLES, UPGRADES
from sandboxd.store.sqlite import IO_ERROR, SqliteStore, get_meta, last_position, put_meta, transaction
from sandboxd.store.witness import Tip, Unwitnessed, Witness, check_tip, fsync_folder, witness_of

LOCKED = 75
_HEADER = 100
"""bytes of SQLite's file header"""


@contextmanager
def open_store(
    path: Path, *, create: bool = True, accept_rollback: bool = False, accept_lost: bool = False, vfs: str = ""
) -> Iterator[SqliteStore]:
    """Open the store, or make an empty one; raise StoreError (74 I/O, 75 in use, 78 not usable), or StoreLost.

    `accept_rollback`: go on with a store that is older than its witness. `accept_lost`: go on with another one than was
    here, or with an empty one in the place of what is gone or damaged. `vfs`: SQLite's way to the disk, for tests.
    """
    _check_library()
    try:
        store = _open(path, create=create, rollback=accept_rollback, vfs=vfs)
    except StoreLost as lost:
        if not accept_lost:
            raise
        if lost.kind == "damaged":
            set_aside(path)
        store = _open(path, create=create, rollback=accept_rollback, lost=True, vfs=vfs)
    try:
        yield store
    finally:
        store.close()


@contextmanager
def open_in_memory(path: Path) -> Iterator[SqliteStore]:
    """An empty store that forgets, in the place of one that cannot be used: its file is not touched."""
    with _connection(Path(":memory:"), "") as connection:
        _fill(connection)
        store = SqliteStore(path=path, connection=connection, witness=Unwitnessed())
    try:
        yield store
    finally:
        store.close()


def set_aside(path: Path) -> None:
    """Give a damaged store, its log and its witness another name, for whoever looks into it."""
    number = next(n for n in range(1, 1_000_000) if not path.with_name(f"{path.name}.lost-{n}").exists())
    for ending in ("-wal", "-shm", ".tip", ""):
        file = path.with_name(path.name + ending)
        if file.exists():
            file.rename(path.with_name(f"{path.name}.lost-{number}{ending}"))
    fsync_folder(path.parent)


def _check_library() -> None:
    version = tuple(int(part) for part in apsw.sqlite_lib_version().split("."))
    if version < OLDEST_SQLITE:
        oldest, found = ".".join(map(str, OLDEST_SQLITE)), apsw.sqlite_lib_version()
        text = f"SQLite {found} can corrupt a log; sandboxd needs {oldest} or newer: upgrade apsw"
        raise StoreError(text, UNUSABLE)


def _open(path: Path, *, create: bool, rollback: bool, lost: bool = False, vfs: str) -> SqliteStore:
    try:
        if not path.exists():
            _make(path, create=create, lost=lost, vfs=vfs)
        _check_header(path)
        return _connect(path, rollback=rollback, lost=lost, vfs=vfs)
    except apsw.BusyError as error:
        raise StoreError(f"{path}: another program has the store open; stop it first", LOCKED) from error
    except OSError as error:
        raise StoreError(f"{path}: the store cannot be used: {error.strerror}; see to the file", IO_ERROR) from error
    except (apsw.CorruptError, apsw.NotADBError) as error:
        raise StoreLost(f"{path}: the store is damaged: {error}; restore it from a backup", "damaged") from error
    except apsw.Error as error:
        raise StoreError(f"{path}: the store cannot be used: {error}; see to the disk", IO_ERROR) from error


# ---- making one
def _make(path: Path, *, create: bool, lost: bool, vfs: str) -> None:
    check_tip(path, None, lost=lost)
    if not create:
        raise StoreError(f"{path}: there is no store here; choose another --state-dir", UNUSABLE)
    new = path.with_name(path.name + ".new")
    for left in (new, path.with_name(new.name + "-wal")):
        left.unlink(missing_ok=True)
    os.close(os.open(new, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o600))
    with _connection(new, vfs) as connection:
        _fill(connection)
        connection.close()
    new.rename(path)
    fsync_folder(path.parent)


def _fill(connection: apsw.Connection) -> None:
    with connection:
        connection.execute(f"PRAGMA application_id={APPLICATION_ID}; PRAGMA user_version={SCHEMA}")
        connection.execute(TABLES)
        put_meta(connection, "epoch", secrets.token_hex(6).encode())
        put_meta(connection, "install_id", str(uuid.uuid4()).encode())
        put_meta(connection, "secret", secrets.token_bytes(32))
        put_meta(connection, "created", repr(time.time()).encode())


# ---- opening one
def _check_header(path: Path) -> None:
    """Refuse what is no store of ours before SQLite touches the file."""
    with path.open("rb") as file:
        head = file.read(_HEADER)
    if len(head) < _HEADER or not head.startswith(b"SQLite format 3\x00"):
        raise StoreLost(
            f"{path}: this is not a SQLite file; restore the store, or choose another --state-dir", "damaged"
        )
    if int.from_bytes(head[68:72], "big") != APPLICATION_ID:
        raise StoreLost(f"{path}: this database is not sandboxd's; choose another --state-dir", "damaged")


def _connect(path: Path, *, rollback: bool, lost: bool, vfs: str) -> SqliteStore:
    with _connection(path, vfs) as connection:
        _check(path, connection)
        tip = Tip((get_meta(connection, "epoch", path) or b"").decode(), last_position(connection))
        check_tip(path, tip, rollback=rollback, lost=lost)
        _bring_up(path, connection)
        return SqliteStore(path=path, connection=connection, witness=Witness(witness_of(path), tip))


@contextmanager
def _connection(path: Path, vfs: str) -> Iterator[apsw.Connection]:
    """A connection with our settings; closed where opening fails, with what is refused left as it is, its log included."""
    connection = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READWRITE, vfs=vfs or None)
    try:
        connection.set_busy_timeout(0)
        for pragma in PRAGMAS:
            connection.execute(pragma).fetchall()
        yield connection
    except BaseException:
        connection.config(apsw.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1)
        connection.close()
        raise


def _check(path: Path, connection: apsw.Connection) -> None:
    schema = connection.pragma("user_version")
    if schema > SCHEMA:
        raise StoreError(f"{path}: the store is of a newer sandboxd (schema {schema}); install that one", UNUSABLE)
    if connection.pragma("synchronous") != FULL or connection.pragma("journal_mode") != "wal":
        text = f"{path}: the store would not survive a power cut here (no WAL with synchronous=FULL); use a local disk"
        raise StoreError(text, IO_ERROR)
    # the quick one would not see an index that has lost an operation
    if (found := connection.execute("PRAGMA integrity_check(1)").fetchall()) != [("ok",)]:
        raise StoreLost(f"{path}: the store is damaged: {found[0][0]}; restore it from a backup", "damaged")


def _bring_up(path: Path, connection: apsw.Connection) -> None:
    """Make the present schema of an older one, and look through what will be believed: all in one transaction, or nothing."""
    with transaction(connection):
        for schema in range(connection.pragma("user_version"), SCHEMA):
            connection.execute(UPGRADES[schema])
            connection.execute(f"PRAGMA user_version={schema + 1}")
        check_content(connection, path)
