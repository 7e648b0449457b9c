"""Unix sockets without a window: bound under a temporary name, given its mode, listening, then renamed into place.

A stale socket is replaced only by the holder of the lock beside it, and only when a connect proves that nobody
listens; what is removed at the end is only the inode that was made here.
"""

import errno
import fcntl
import os
import secrets
import socket
import stat
import struct
from pathlib import Path
from typing import Literal, TypeAlias

import trio

from sandboxd.http.limits import Peer

LONGEST = 107
"""bytes of a socket's path on Linux"""
_SO_PEERGROUPS = 59
_MOST_GROUPS = 65536
_BACKLOG = 512
_OTHERS_WRITE = 0o002

Kind: TypeAlias = Literal["too_long", "in_use", "not_a_socket", "unusable"]


class SocketRefused(Exception):
    """The path cannot be served: `kind` says why, the text is for people."""

    def __init__(self, kind: Kind, text: str) -> None:
        super().__init__(text)
        self.kind = kind


class UnixSocket:
    """A listening socket in its place; `close` removes the path if it still is ours, and lets go of the lock."""

    def __init__(self, *, path: Path, made: socket.socket, inode: int, lock: int) -> None:
        self.path, self._inode, self._lock = path, inode, lock
        self.listener = trio.SocketListener(trio.socket.from_stdlib_socket(made))

    def close(self) -> None:
        """Remove the socket. Call it after serving has ended; harmless when called twice."""
        if self._lock < 0:
            return
        self.listener.socket.close()
        if _inode(self.path) == self._inode:
            self.path.unlink(missing_ok=True)
        os.close(self._lock)
        self._lock = -1


def bind_unix(path: str | os.PathLike[str], *, mode: int = 0o600, gid: int | None = None) -> UnixSocket:
    """Listen at `path` with this mode and group; raise `SocketRefused`. Makes the last folder if it is missing."""
    place = Path(path).absolute()
    temporary = place.with_name("." + secrets.token_hex(3)[:5])
    check_length(place, temporary)
    try:
        _check_folder(place.parent)
        lock = _take_lock(place)
    except OSError as error:
        raise SocketRefused("unusable", f"{place}: {error.strerror}") from error
    try:
        _check_free(place)
        made, inode = _bind(place, temporary, mode, gid)
        return UnixSocket(path=place, made=made, inode=inode, lock=lock)
    except OSError as error:
        os.close(lock)
        raise SocketRefused("unusable", f"{place}: {error.strerror}") from error
    except SocketRefused:
        os.close(lock)
        raise


def check_length(path: Path, temporary: Path | None = None) -> None:
    """Raise `SocketRefused` if the path, or the name under which it is made, is longer than a socket's address."""
    length = len(os.fsencode(path))
    longest = max(length, len(os.fsencode(temporary or path)))
    if longest > LONGEST:
        made_as = "" if longest == length else f", {longest} while it is made"
        raise SocketRefused(
            "too_long", f"{path}: a socket's path may have {LONGEST} bytes, this one has {length}{made_as}"
        )


def peer_of(sock: trio.socket.SocketType) -> Peer | None:
    """Return who connected, as the kernel noted it at the connect; None on TCP."""
    if sock.family != socket.AF_UNIX:
        return None
    size = struct.calcsize("i2I")
    # ids are unsigned: one that has no name here must not become a negative one
    pid, uid, gid = struct.unpack("i2I", sock.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, size))
    return Peer(pid, uid, gid, _groups_of(sock))


def _groups_of(sock: trio.socket.SocketType) -> tuple[int, ...]:
    for room in (256, 4 * _MOST_GROUPS):
        try:
            raw = sock.getsockopt(socket.SOL_SOCKET, _SO_PEERGROUPS, room)
        except OSError as error:
            if error.errno == errno.ERANGE:
                continue
            return ()
        return struct.unpack(f"{len(raw) // 4}I", raw)
    return ()


def _check_folder(folder: Path) -> None:
    folder.mkdir(mode=0o755, exist_ok=True)
    mode = folder.stat().st_mode
    if mode & _OTHERS_WRITE and not mode & stat.S_ISVTX:
        raise SocketRefused("unusable", f"{folder}: everybody may replace files in this folder; choose another one")


def _take_lock(place: Path) -> int:
    """Hold `<path>.lock`; whoever holds it may replace a stale socket. The file stays: removing it would be a race."""
    name = place.with_name(place.name + ".lock")
    while True:
        lock = os.open(name, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            pid = os.pread(lock, 32, 0).decode("ascii", "replace").strip() or "unknown"
            os.close(lock)
            raise SocketRefused("in_use", f"{place}: another daemon (pid {pid}) serves this socket") from None
        if os.fstat(lock).st_ino == _inode(name):
            break
        os.close(lock)  # somebody replaced the file between open and lock
    os.ftruncate(lock, 0)
    os.pwrite(lock, f"{os.getpid()}\n".encode(), 0)
    return lock


def _check_free(place: Path) -> None:
    """Refuse what is no socket, and a socket on which somebody listens: only a refused connect proves it stale."""
    try:
        mode = place.lstat().st_mode
    except FileNotFoundError:
        return
    if not stat.S_ISSOCK(mode):
        raise SocketRefused("not_a_socket", f"{place}: something is there that is no socket; it is left alone")
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_CLOEXEC) as probe:
        probe.setblocking(False)
        found = probe.connect_ex(os.fspath(place))
    if found not in (errno.ECONNREFUSED, errno.ENOENT):
        raise SocketRefused("in_use", f"{place}: another daemon listens on this socket")


def _bind(place: Path, temporary: Path, mode: int, gid: int | None) -> tuple[socket.socket, int]:
    made = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_CLOEXEC | socket.SOCK_NONBLOCK)
    try:
        # connect is refused until listen, and by then mode and group are right: there is no window
        made.bind(os.fspath(temporary))
        if gid is not None:
            os.chown(temporary, -1, gid)
        temporary.chmod(mode)
        made.listen(_BACKLOG)
        inode = _inode(temporary)
        temporary.replace(place)
    except OSError:
        made.close()
        temporary.unlink(missing_ok=True)
        raise
    return made, inode


def _inode(path: Path) -> int:
    try:
        return path.lstat().st_ino
    except FileNotFoundError:
        return -1
