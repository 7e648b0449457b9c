"""Opens a store, or makes an empty one; refuses what cannot be trusted, with what is wrong and what to do.

A store is made under another name and renamed when it is complete, so that a crash leaves none or a whole one. What is
refused is left as it is, never repaired behind anybody's back.
"""

import os
import secrets
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import apsw

from sandboxd.model.errors import StoreError
from sandboxd.store.envelope import UNUSABLE
from sandboxd.store.schema import APPLICATION_ID, FULL, OLDEST_SQLITE, PRAGMAS, SCHEMA, TABLES
from sandboxd.store.sqlite import IO_ERROR, SqliteStore, get_meta, last_position, put_meta
from sandboxd.store.witness import Tip, Witness, check_tip, fsync_folder, witness_of

LOCKED = 75
_HEADER = 100
"""bytes of SQLite's file header"""


@contextmanager
def open_store(
    path: Path, *, create: bool = True, accept_rollback: bool = False, vfs: str = ""
) -> Iterator[SqliteStore]:
    """Open the store, or make an empty one; raise StoreError (74 I/O, 75 in use, 78 not usable).

    `accept_rollback`: go on with a store that is older than its witness. `vfs`: SQLite's way to the disk, for tests.
    """
    _check_library()
    store = _open(path, create=create, accept_rollback=accept_rollback, vfs=vfs)
    try:
        yield store
    finally:
        store.close()


def _check_library() -> None:
    version = tuple(int(part) for part in apsw.sqlite_lib_version().split("."))
    if version < OLDEST_SQLITE:
        oldest, found = ".".join(map(str, OLDEST_SQLITE)), apsw.sqlite_lib_version()
        text = f"SQLite {found} can corrupt a log; sandboxd needs {oldest} or newer: upgrade apsw"
        raise StoreError(text, UNUSABLE)


def _open(path: Path, *, create: bool, accept_rollback: bool, vfs: str) -> SqliteStore:
    try:
        if not path.exists():
            _make(path, create=create, accept_rollback=accept_rollback, vfs=vfs)
        _check_header(path)
        return _connect(path, accept_rollback=accept_rollback, vfs=vfs)
    except apsw.BusyError as error:
        raise StoreError(f"{path}: another program has the store open; stop it first", LOCKED) from error
    except OSError as error:
        raise StoreError(f"{path}: the store cannot be used: {error.strerror}; see to the file", IO_ERROR) from error
    except (apsw.CorruptError, apsw.NotADBError) as error:
        raise StoreError(f"{path}: the store is damaged: {error}; restore it from a backup", UNUSABLE) from error
    except apsw.Error as error:
        raise StoreError(f"{path}: the store cannot be used: {error}; see to the disk", IO_ERROR) from error


# ---- making one
def _make(path: Path, *, create: bool, accept_rollback: bool, vfs: str) -> None:
    if not accept_rollback:
        check_tip(path, None)
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
        raise StoreError(f"{path}: this is not a SQLite file; move it away, or choose another --state-dir", UNUSABLE)
    if int.from_bytes(head[68:72], "big") != APPLICATION_ID:
        raise StoreError(f"{path}: this database is not sandboxd's; choose another --state-dir", UNUSABLE)


def _connect(path: Path, *, accept_rollback: bool, vfs: str) -> SqliteStore:
    with _connection(path, vfs) as connection:
        _check(path, connection)
        tip = Tip((get_meta(connection, "epoch", path) or b"").decode(), last_position(connection))
        if not accept_rollback:
            check_tip(path, tip)
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
    if connection.execute("PRAGMA quick_check(1)").fetchall() != [("ok",)]:
        raise StoreError(f"{path}: the store is damaged; restore it from a backup", UNUSABLE)
