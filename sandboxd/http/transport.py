"""The bytes of one connection: a stream, h11's state, a reader that always listens, and writes with a deadline.

The reader runs beside the handler so that a peer that goes away is noticed at once; it holds a bounded number of
bytes and then pauses. One cancel scope ends all of a connection: opening more of them would cost more than parsing.
Nothing here knows ASGI.
"""

import math
import struct
from socket import SO_LINGER, SOL_SOCKET

import h11
import trio

from sandboxd.http.faults import Fault, Gone, Refused, fault_of_h11
from sandboxd.http.head import end_of_head
from sandboxd.http.limits import Limits

_CHUNK = 65536
BROKEN = (trio.BrokenResourceError, trio.ClosedResourceError)


class Transport:
    """Events from the peer, bytes to the peer; `busy` while a handler runs, which a disconnect then cancels."""

    def __init__(self, *, stream: trio.abc.Stream, limits: Limits, scope: trio.CancelScope) -> None:
        self.stream, self.limits, self._scope = stream, limits, scope
        self.http = h11.Connection(h11.SERVER, max_incomplete_event_size=limits.head_bytes)
        self.busy = False
        self.ended = False
        self._arrived, self._room = trio.Event(), trio.Event()
        self._unread = 0
        self._discarding = False

    # ---- reading
    async def listen(self) -> None:
        """Take in bytes until the peer goes away; then cancel a handler that runs."""
        try:
            while data := await self.stream.receive_some(_CHUNK):
                if self._discarding:
                    continue
                self.http.receive_data(bytes(data))
                self._unread += len(data)
                self._arrived.set()
                if self._unread > self.limits.buffered_bytes:
                    self._room = trio.Event()
                    await self._room.wait()
        except BROKEN:
            pass
        self.ended = True
        self._arrived.set()
        if self.busy:
            self._scope.cancel()

    async def wait_more(self) -> None:
        """Return when bytes have arrived since the last call; raise `Gone` after the peer's end."""
        if not self._arrived.is_set():
            await self._arrived.wait()
        self._arrived = trio.Event()
        self._unread = 0
        self._room.set()
        if self.ended:
            self._arrived.set()
            raise Gone

    def pending(self) -> bytes:
        """Return what has arrived and is not read yet."""
        return self.http.trailing_data[0]

    async def request(self) -> h11.Request:
        """Return the next request; its head is checked in the raw before h11 reads it."""
        while True:
            data = self.pending()
            found = end_of_head(data, self.limits.head_bytes) if data else 0
            if isinstance(found, Fault):
                raise Refused(found)
            if found:
                break
            await self.wait_more()
        event = self._next()
        if type(event) is not h11.Request:
            raise Gone
        return event

    def part_nowait(self) -> h11.Data | h11.EndOfMessage | None:
        """Return the next part of the body, None while it has not arrived."""
        event = self._next()
        if event is h11.NEED_DATA:
            return None
        if isinstance(event, h11.Data | h11.EndOfMessage):
            return event
        raise Gone

    async def part(self) -> h11.Data | h11.EndOfMessage:
        """Wait for the next part of the body."""
        while (event := self.part_nowait()) is None:
            if self.http.they_are_waiting_for_100_continue:
                await self.write(self.http.send(h11.InformationalResponse(status_code=100, headers=[])) or b"")
            await self.wait_more()
        return event

    def skip_body(self) -> bool:
        """Throw away what has arrived of a body nobody asked for; return whether that was all of it."""
        while self.http.their_state is h11.SEND_BODY:
            event = self._next()
            if event is h11.NEED_DATA or event is h11.PAUSED:
                break
        return self.http.their_state is not h11.SEND_BODY

    def _next(self) -> object:
        try:
            return self.http.next_event()
        except h11.RemoteProtocolError as error:
            raise Refused(fault_of_h11(error)) from None

    # ---- writing
    async def write(self, data: bytes) -> None:
        """Send all of it; a peer that is gone, or stalls for too long, ends the connection by cancellation."""
        self._scope.deadline = trio.current_time() + self.limits.write
        try:
            await self.stream.send_all(data)
        except BROKEN:
            # a handler sees a plain cancellation: frameworks must not meet an exception of ours
            self._scope.cancel()
            await trio.lowlevel.checkpoint()  # noqa: ASYNC120 - the peer is gone; nobody needs the reason
            raise Gone from None
        finally:
            self._scope.deadline = math.inf

    def reset_at_close(self) -> None:
        """Let the close be a reset, where the stream is a socket: nothing more is delivered."""
        if (socket := getattr(self.stream, "socket", None)) is not None:
            socket.setsockopt(SOL_SOCKET, SO_LINGER, struct.pack("ii", 1, 0))

    async def linger(self) -> None:
        """Let the peer read an early answer before the close turns into a reset: discard what it still sends."""
        send_eof = getattr(self.stream, "send_eof", None)
        if self.ended or send_eof is None:
            return
        self._discarding = True
        self._room.set()
        with trio.move_on_after(self.limits.linger):
            try:
                await send_eof()
                while not self.ended:
                    self._arrived = trio.Event()
                    await self._arrived.wait()
            except BROKEN:
                return
