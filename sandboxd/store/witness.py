"""The witness: a small file beside the database that remembers how far the store had come.

SQLite opens yesterday's backup, or a database whose log was lost, without a word; the state in it would be believed
and everything made since forgotten. Two slots are written in turn, in place, after each commit: that survives the
death of the process for 5 µs a commit, and after a power cut the file can only lag behind, never run ahead.
"""

import contextlib
import os
from pathlib import Path
from typing import Self

from msgspec import Struct

from sandboxd.model.errors import StoreError, StoreLost
from sandboxd.store.envelope import UNUSABLE, seal, unseal

SLOT = 512
"""bytes of a slot: a disk's sector, which is written whole or not at all"""
_PLACE = "witness"


class Tip(Struct, frozen=True):
    """Which store, and its last stream position."""

    epoch: str
    position: int


class Witness:
    """An open witness file; it is made when missing."""

    def __init__(self, path: Path, tip: Tip) -> None:
        self._fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        self._turn = 0
        self._epoch = tip.epoch
        for _ in range(2):
            self.saw(tip.position)
        os.fsync(self._fd)
        fsync_folder(path.parent)

    def saw(self, position: int) -> None:
        """Remember a position that is durable; only after the commit, and not synced."""
        payload = f"{self._epoch} {position}".encode()
        os.pwrite(self._fd, seal(payload, _PLACE).ljust(SLOT, b"\x00"), self._turn * SLOT)
        self._turn = 1 - self._turn

    def close(self) -> None:
        """Make it durable and let go of it."""
        with contextlib.suppress(OSError):
            os.fsync(self._fd)
        os.close(self._fd)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class Unwitnessed:
    """Nobody, for a store in memory."""

    def saw(self, position: int) -> None:
        """Nothing is remembered."""

    def close(self) -> None:
        """Nothing is open."""


def witness_of(path: Path) -> Path:
    """The witness of a store's file."""
    return path.with_name(path.name + ".tip")


def read_tip(path: Path) -> Tip | None:
    """The newer of the slots that can be read; None if there is no file, or none was ever written."""
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return None
    tips = [tip for start in (0, SLOT) if (tip := _slot(content[start : start + SLOT])) is not None]
    return max(tips, key=lambda tip: tip.position, default=None)


def _slot(content: bytes) -> Tip | None:
    try:
        epoch, position = unseal(content.rstrip(b"\x00"), _PLACE, "").decode().split(" ")
    except StoreError:
        return None
    return Tip(epoch, int(position))


def check_tip(path: Path, found: Tip | None, *, rollback: bool = False, lost: bool = False) -> None:
    """Raise StoreLost, or StoreError (78) for an older one, where the store is not what the witness saw last.

    `found` is None for one that is gone. `rollback` and `lost` say what of it a person has accepted.
    """
    tip = read_tip(witness_of(path))
    if tip is None or tip.position == 0:
        return
    if found is None:
        if lost:
            return
        raise StoreLost(f"{path}: the store is gone, but it had {tip.position} events; restore it", "gone")
    if found.epoch != tip.epoch:
        if lost:
            return
        raise StoreLost(f"{path}: this is another store than the one that was here; restore that one", "another")
    if found.position < tip.position and not rollback:
        raise StoreError(
            f"{path}: the store is older than it was: it ends at event {found.position}, and {tip.position} were seen "
            f"(a backup, or a log that was lost); restore the newest one. `sandboxd serve --accept-rollback` goes on "
            f"with this one: what was made in AWS since is then unknown to it",
            UNUSABLE,
        )


def fsync_folder(folder: Path) -> None:
    """Make names in a folder durable."""
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
