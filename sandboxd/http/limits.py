"""What a connection may take: seconds of each wait, bytes of each part, connections of each user.

Data only. Deadlines are real seconds: they face people and sockets, never the paced clock.
"""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, TypeAlias

from msgspec import Struct

Message: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]
App: TypeAlias = Callable[[MutableMapping[str, Any], Receive, Send], Awaitable[None]]
Headers: TypeAlias = tuple[tuple[bytes, bytes], ...]


class Limits(Struct, frozen=True, kw_only=True):
    """Limits of one server; the defaults are those of a local socket."""

    head: float = 10.0
    """seconds from the first byte (or the connect) to the whole head of a request"""
    body: float = 30.0
    """seconds from the head to the whole body, while the application waits for it"""
    idle: float = 75.0
    """seconds between two requests of a connection"""
    write: float = 30.0
    """seconds that one write may stall: a reader that never reads is cut off"""
    linger: float = 2.0
    """seconds in which the peer may read an early answer before the connection closes"""
    head_bytes: int = 32 * 1024
    body_bytes: int = 1 << 20
    buffered_bytes: int = 64 * 1024
    """unread bytes held per connection before reading pauses"""
    connections: int = 2048
    connections_per_user: int = 512
    """per uid on a Unix socket, per address on TCP"""


class Peer(Struct, frozen=True):
    """Who connected, as the kernel says; from the moment of the connect, so a passed descriptor changes nothing."""

    pid: int
    uid: int
    gid: int
    groups: tuple[int, ...] = ()
