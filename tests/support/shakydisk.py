"""A disk for SQLite that fails when told to, and one that keeps a log of what was written, for power cuts.

`Disk.fail` names what the next write or sync raises, for as long as it stands there; `Disk.only` lets the first ones pass.
"""

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import apsw

SECTOR = 512


class Disk(apsw.VFS):
    """Passes everything to the real disk; `fail` is raised by the next write or sync of the kind it names."""

    def __init__(self, name: str) -> None:
        super().__init__(name, base="unix")
        self.name = name
        self.fail: dict[str, Callable[[], Exception]] = {}
        self.only: int | None = None
        """how many writes and syncs still pass before one fails (once); None: none is counted"""
        self.log: list[tuple] = []

    def xOpen(self, name, flags):  # noqa: N802 - apsw's name
        return _File(self, name, flags)

    def xDelete(self, filename, syncdir):  # noqa: N802 - apsw's name
        self.log.append(("delete", Path(filename).name))
        return super().xDelete(filename, syncdir)

    def meet(self, what: str) -> None:
        if (error := self.fail.get(what)) is None:
            return
        if self.only is None:
            raise error()
        if self.only >= 0:
            self.only -= 1
            if self.only == -1:
                raise error()


class _File(apsw.VFSFile):
    def __init__(self, disk, name, flags):
        self._disk = disk
        self._name = Path(name.filename() if hasattr(name, "filename") else str(name)).name
        super().__init__("unix", name, flags)

    def xRead(self, amount, offset):  # noqa: N802 - apsw's name
        self._disk.meet("read")
        return super().xRead(amount, offset)

    def xWrite(self, data, offset):  # noqa: N802 - apsw's name
        self._disk.meet("write")
        self._disk.log.append(("write", self._name, offset, bytes(data)))
        super().xWrite(data, offset)

    def xSync(self, flags):  # noqa: N802 - apsw's name
        self._disk.meet("sync")
        super().xSync(flags)
        self._disk.log.append(("sync", self._name))

    def xTruncate(self, newsize):  # noqa: N802 - apsw's name
        self._disk.log.append(("truncate", self._name, newsize))
        super().xTruncate(newsize)


@contextmanager
def disk(name: str = "shaky") -> Iterator[Disk]:
    """A disk under a name that SQLite knows."""
    made = Disk(name)
    try:
        yield made
    finally:
        made.unregister()


def after_power_cut(log: list[tuple], rng: random.Random, least: int = 0) -> tuple[dict[str, bytes], int, str]:
    """Files as a power cut at a random moment leaves them, how many commits were acknowledged before it, and what was cut.

    What was synced is there; of what was not, random sectors are. The first `least` entries were long before.
    """
    files: dict[str, bytearray] = {}
    pending: dict[str, list[tuple]] = {}
    acknowledged = 0
    for entry in log[: rng.randrange(least, len(log) + 1)]:
        kind, name = entry[0], entry[1]
        if kind == "acknowledged":
            acknowledged = name
        elif kind == "delete":
            files.pop(name, None)
            pending.pop(name, None)
        elif kind == "sync":
            for one in pending.pop(name, []):
                _apply(files.setdefault(name, bytearray()), one, lambda: True)
        else:
            pending.setdefault(name, []).append(entry)
    luck = rng.choice((0.0, 0.5, 0.9, 1.0))
    for name, entries in pending.items():
        for one in entries:
            _apply(files.setdefault(name, bytearray()), one, lambda: rng.random() < luck)
    unsynced = "checkpoint" if pending.get("s.db") else "log" if pending else "rest"
    return {name: bytes(content) for name, content in files.items()}, acknowledged, unsynced


def after_kill(log: list[tuple], before: dict[str, bytes]) -> dict[str, bytes]:
    """Files as the death of the process after these entries leaves them: all that was written is there."""
    files = {name: bytearray(content) for name, content in before.items()}
    for entry in log:
        if entry[0] == "delete":
            files.pop(entry[1], None)
        elif entry[0] in ("write", "truncate"):
            _apply(files.setdefault(entry[1], bytearray()), entry, lambda: True)
    return {name: bytes(content) for name, content in files.items()}


def _apply(content: bytearray, entry: tuple, reached: Callable[[], bool]) -> None:
    if entry[0] == "truncate":
        if reached():
            del content[entry[2] :]
        return
    _, _, offset, data = entry
    content.extend(b"\x00" * (offset + len(data) - len(content)))
    for start in range(0, len(data), SECTOR):
        if reached():
            content[offset + start : offset + start + SECTOR] = data[start : start + SECTOR]
