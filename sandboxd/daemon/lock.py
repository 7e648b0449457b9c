"""One daemon per state directory: an exclusive `flock` for life, with the pid in it for people to read.

The lock goes with the process, whatever kills it; there is no stale state.
"""

import fcntl
import os
from pathlib import Path

from sandboxd.model.errors import StoreError

LOCKED = 75


class StateLock:
    """Held from open to the end of the process, or `close`."""

    def __init__(self, state_dir: Path) -> None:
        self.path = state_dir / "lock"
        self._fd = self._open(state_dir)

    def _open(self, state_dir: Path) -> int:
        try:
            state_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
            fd = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        except OSError as error:
            raise StoreError(f"{state_dir}: the state directory cannot be used: {error.strerror}", 74) from error
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            pid = os.read(fd, 32).decode("ascii", "replace").strip() or "unknown"
            os.close(fd)
            raise StoreError(
                f"{state_dir}: another daemon uses this state directory (pid {pid}); stop it, or choose --state-dir",
                LOCKED,
            ) from None
        os.ftruncate(fd, 0)
        os.pwrite(fd, f"{os.getpid()}\n".encode(), 0)
        return fd

    def close(self) -> None:
        """Let another daemon start."""
        os.close(self._fd)
