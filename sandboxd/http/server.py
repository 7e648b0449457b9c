"""Accepts connections, counts them, and ends them: `serve` runs until `stop`, then drains within a bounded time.

While draining no connection is accepted, idle ones close at once, requests in progress get `drain` seconds; streams
watch `scope["state"]["draining"]` and end by themselves.
"""

import logging
from collections import Counter
from collections.abc import Sequence
from functools import partial
from typing import Any

import trio

from sandboxd.http.connection import Connection
from sandboxd.http.faults import Fault, raw_answer
from sandboxd.http.limits import App, Headers, Limits
from sandboxd.http.transport import BROKEN
from sandboxd.http.unix import peer_of

log = logging.getLogger("sandboxd.http")
_CLOSE = 1.0


async def serve(
    app: App,
    listeners: Sequence[trio.abc.Listener[trio.SocketStream]],
    *,
    stop: trio.Event,
    limits: Limits | None = None,
    drain: float = 5.0,
    fault_headers: Headers = (),
    task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED,
) -> None:
    """Serve `app` (ASGI 3, `http` scopes only) on the listeners until `stop` is set and all connections have ended.

    Closes the listeners. `drain` is in real seconds; `fault_headers` go with the answers the server gives by itself.
    """
    server = _Server(app=app, limits=limits or Limits(), fault_headers=fault_headers)
    async with trio.open_nursery() as connections:
        async with trio.open_nursery() as accepting:
            for listener in listeners:
                accept = partial(trio.serve_listeners, server.handle, [listener], handler_nursery=connections)
                accepting.start_soon(accept)
            task_status.started()
            await stop.wait()
            accepting.cancel_scope.cancel()
        server.drain()
        connections.cancel_scope.deadline = trio.current_time() + drain


class _Server:
    """What the connections of one `serve` share."""

    def __init__(self, *, app: App, limits: Limits, fault_headers: Headers) -> None:
        self._app, self._limits, self._fault_headers = app, limits, fault_headers
        self._draining = trio.Event()
        self._connections: dict[Connection, None] = {}
        self._per_user: Counter[int | str] = Counter()

    def drain(self) -> None:
        """Let streams know, and end the connections that are between requests."""
        self._draining.set()
        for connection in list(self._connections):
            if connection.idle:
                connection.scope.cancel()

    async def handle(self, stream: trio.SocketStream) -> None:
        """Serve one connection to its end; whatever happens in it stays in it."""
        try:
            user, constant = self._about(stream)
        except OSError:
            await trio.aclose_forcefully(stream)  # it connected and went away
            return
        self._per_user[user] += 1
        try:
            if self._is_full(user):
                await self._turn_away(stream, user)
            else:
                await self._serve(stream, constant)
        finally:
            self._per_user[user] -= 1
            if not self._per_user[user]:
                del self._per_user[user]
            await trio.aclose_forcefully(stream)

    def _is_full(self, user: int | str) -> bool:
        limits = self._limits
        return len(self._connections) >= limits.connections or self._per_user[user] > limits.connections_per_user

    async def _serve(self, stream: trio.SocketStream, constant: dict[str, Any]) -> None:
        connection = Connection(
            stream=stream,
            limits=self._limits,
            app=self._app,
            constant=constant,
            draining=self._draining,
            fault_headers=self._fault_headers,
        )
        self._connections[connection] = None
        try:
            await connection.run()
        except* BROKEN:
            pass
        except* Exception as group:  # the connection's edge
            log.exception("connection failed", exc_info=group)
        finally:
            del self._connections[connection]

    async def _turn_away(self, stream: trio.SocketStream, user: int | str) -> None:
        log.warning("too many connections; one of %s is turned away", user)
        with trio.move_on_after(_CLOSE):
            try:
                await stream.send_all(raw_answer(Fault.CONNECTIONS, self._fault_headers))
            except BROKEN:
                return

    def _about(self, stream: trio.SocketStream) -> tuple[int | str, dict[str, Any]]:
        """Return the name under which a peer's connections are counted, and what is constant in its scopes."""
        peer = peer_of(stream.socket)
        name = stream.socket.getsockname()
        client = None if peer else tuple(stream.socket.getpeername()[:2])
        constant: dict[str, Any] = {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.3"},
            "scheme": "http",
            "root_path": "",
            "client": client,
            "server": (name, None) if peer else tuple(name[:2]),
            "state": {"peer": peer, "draining": self._draining},
            "extensions": {},
        }
        return peer.uid if peer else str(client and client[0]), constant
