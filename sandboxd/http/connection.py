"""One connection: requests one after the other until somebody closes, with deadlines between and within them."""

from typing import Any

import h11
import trio

from sandboxd.http.exchange import Exchange, fault_bytes, make_scope
from sandboxd.http.faults import Fault, Gone, Refused
from sandboxd.http.head import fault_of
from sandboxd.http.limits import App, Headers, Limits
from sandboxd.http.transport import BROKEN, Transport


class Connection:
    """`idle` says that no request is in progress: such a connection closes at once when the server drains."""

    def __init__(
        self,
        *,
        stream: trio.abc.Stream,
        limits: Limits,
        app: App,
        constant: dict[str, Any],
        draining: trio.Event,
        fault_headers: Headers,
    ) -> None:
        self.scope = trio.CancelScope()
        self.transport = Transport(stream=stream, limits=limits, scope=self.scope)
        self._app, self._constant = app, constant
        self._draining, self._fault_headers = draining, fault_headers
        self.idle = True

    async def run(self) -> None:
        """Serve until the end of the connection."""
        with self.scope:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(self.transport.listen)
                try:
                    await self._requests()
                except Gone:
                    pass
                except Refused as refused:
                    await self._refuse(refused.fault)
                nursery.cancel_scope.cancel()

    async def _requests(self) -> None:
        first = True
        while (request := await self._next_request(first=first)) is not None:
            self.idle, first = False, False
            if (fault := fault_of(request, self.transport.limits.body_bytes)) is not None:
                raise Refused(fault)
            exchange = Exchange(
                transport=self.transport, request=request, draining=self._draining, fault_headers=self._fault_headers
            )
            if not await exchange.run(self._app, make_scope(request, self._constant)) or not await self._reusable():
                return
            self.idle = True
            if self._draining.is_set():
                return

    async def _next_request(self, *, first: bool) -> h11.Request | None:
        """Return the next request; None when the peer had nothing more to say."""
        limits = self.transport.limits
        with trio.move_on_after(limits.head if first else limits.idle) as wait:
            if not first:
                while not self.transport.pending():
                    await self.transport.wait_more()
                wait.deadline = trio.current_time() + limits.head
            return await self.transport.request()
        if not self.transport.pending():
            return None
        raise Refused(Fault.HEAD_TIMEOUT)

    async def _reusable(self) -> bool:
        """Whether the next request can follow; a body that nobody read is discarded with the connection."""
        transport = self.transport
        if not transport.skip_body():
            await transport.linger()
            return False
        http = transport.http
        if http.our_state is not h11.DONE or http.their_state is not h11.DONE:
            return False
        http.start_next_cycle()
        return True

    async def _refuse(self, fault: Fault) -> None:
        http = self.transport.http
        try:
            if http.our_state in (h11.IDLE, h11.SEND_RESPONSE):
                await self.transport.write(fault_bytes(http, fault, self._fault_headers))
            await self.transport.linger()
        except (Gone, h11.LocalProtocolError, *BROKEN):
            return
