"""A store on a disk in memory, for worlds in virtual time: SQLite as it is, over files that are byte arrays.

A crash leaves what was written, in a copy that the dead connection can no longer reach. What differs from a store on disk:
ids and secrets come from a seed, the witness is left out, and the disk can be told to be full or broken.
"""

import random
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any

import apsw

from sandboxd.model.errors import StoreError
from sandboxd.store.schema import APPLICATION_ID, PRAGMAS, SCHEMA, TABLES
from sandboxd.store.sqlite import IO_ERROR, SqliteStore, put_meta

SECTOR = 4096
_numbers = count(1)


class MemoryDisk:
    """Files of one machine. `full` and `broken` make every write and sync fail as such a disk does."""

    def __init__(self, *, seed: int) -> None:
        self._seed = seed
        self._files: dict[str, bytearray] = {}
        self.full = self.broken = False
        self.syncs = 0

    @contextmanager
    def store(self) -> Iterator[SqliteStore]:
        """Open the store on this disk, or make one; whoever had it open before reaches this disk no more."""
        self._files = {name: bytearray(content) for name, content in self._files.items()}
        vfs = _Vfs(self, self._files, f"memory-{next(_numbers)}")
        try:
            store = self._open(vfs)
        except apsw.Error as error:
            raise StoreError(f"the store cannot be used: {error}; see to the disk", IO_ERROR) from error
        try:
            yield store
        finally:
            vfs.unregister()

    def _open(self, vfs: "_Vfs") -> SqliteStore:
        fresh = not self._files
        connection = apsw.Connection("/store", flags=apsw.SQLITE_OPEN_READWRITE | apsw.SQLITE_OPEN_CREATE, vfs=vfs.name)
        connection.config(apsw.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1)
        for pragma in PRAGMAS:
            connection.execute(pragma).fetchall()
        if fresh:
            _fill(connection, random.Random(self._seed))  # noqa: S311 - a world of make-believe
        return SqliteStore(path=Path("/store"), connection=connection, witness=_NoWitness())

    def meet(self) -> None:
        """Fail as the disk is told to."""
        if self.broken:
            raise apsw.IOError
        if self.full:
            raise apsw.FullError


class _NoWitness:
    def saw(self, position: int) -> None:
        pass

    def close(self) -> None:
        pass


def _fill(connection: apsw.Connection, rng: random.Random) -> None:
    with connection:
        connection.execute(f"PRAGMA application_id={APPLICATION_ID}; PRAGMA user_version={SCHEMA}")
        connection.execute(TABLES)
        put_meta(connection, "epoch", rng.randbytes(6).hex().encode())
        put_meta(connection, "install_id", rng.randbytes(16).hex().encode())
        put_meta(connection, "secret", rng.randbytes(32))


class _Vfs(apsw.VFS):
    def __init__(self, disk: MemoryDisk, files: dict[str, bytearray], name: str) -> None:
        self.disk, self.files, self.name = disk, files, name
        super().__init__(name, "", maxpathname=255)

    def xOpen(self, name: Any, flags: list[int]) -> Any:  # noqa: N802 - apsw's name
        flags[1] = flags[0]
        path = name.filename() if isinstance(name, apsw.URIFilename) else str(name)
        return _File(self.disk, self.files.setdefault(path, bytearray()))

    def xDelete(self, name: str, _: bool) -> None:  # noqa: N802 - apsw's name
        self.files.pop(name, None)

    def xAccess(self, name: str, _: int) -> bool:  # noqa: N802 - apsw's name
        return name in self.files

    def xFullPathname(self, name: str) -> str:  # noqa: N802 - apsw's name
        return name


class _File:
    """One open file; locks mean nothing where one connection is alone."""

    def __init__(self, disk: MemoryDisk, content: bytearray) -> None:
        self._disk, self._content = disk, content

    def xRead(self, amount: int, offset: int) -> bytes:  # noqa: N802 - apsw's name
        return bytes(self._content[offset : offset + amount])

    def xWrite(self, data: bytes, offset: int) -> None:  # noqa: N802 - apsw's name
        self._disk.meet()
        if (gap := offset - len(self._content)) > 0:
            self._content.extend(bytes(gap))
        self._content[offset : offset + len(data)] = data

    def xTruncate(self, size: int) -> None:  # noqa: N802 - apsw's name
        del self._content[size:]

    def xSync(self, _: int) -> None:  # noqa: N802 - apsw's name
        self._disk.meet()
        self._disk.syncs += 1

    def xFileSize(self) -> int:  # noqa: N802 - apsw's name
        return len(self._content)

    def xClose(self) -> None:  # noqa: N802 - apsw's name
        pass

    def xLock(self, _: int) -> None:  # noqa: N802 - apsw's name
        pass

    def xUnlock(self, _: int) -> None:  # noqa: N802 - apsw's name
        pass

    def xCheckReservedLock(self) -> bool:  # noqa: N802 - apsw's name
        return False

    def xFileControl(self, _: int, __: int) -> bool:  # noqa: N802 - apsw's name
        return False

    def xSectorSize(self) -> int:  # noqa: N802 - apsw's name
        return SECTOR

    def xDeviceCharacteristics(self) -> int:  # noqa: N802 - apsw's name
        return 0
