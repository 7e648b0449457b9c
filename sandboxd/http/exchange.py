"""One request and its answer as ASGI: builds the scope, gives the body in parts, frames the answer.

The application is cancelled when the peer goes away; an application that fails gets a 500 and a line in
the log, never the other connections.
"""

import logging
from typing import Any
from urllib.parse import unquote

import h11
import trio

from sandboxd.http.faults import REASONS, Fault, Gone, Refused, Reset, http_date
from sandboxd.http.head import origin_form
from sandboxd.http.limits import App, Headers, Message
from sandboxd.http.transport import Transport

log = logging.getLogger("sandboxd.http")


class Exchange:
    """A request in progress."""

    def __init__(
        self, *, transport: Transport, request: h11.Request, draining: trio.Event, fault_headers: Headers
    ) -> None:
        self._transport, self._http, self._limits = transport, transport.http, transport.limits
        self._draining, self._fault_headers = draining, fault_headers
        self._head_only = request.method == b"HEAD"
        self._body_due = trio.current_time() + self._limits.body
        self._body_bytes = 0
        self._body_over = False
        self._start: Message | None = None
        self._over = False

    async def run(self, app: App, scope: dict[str, Any]) -> bool:
        """Run the application; return whether the connection may carry another request."""
        transport = self._transport
        transport.busy = True
        if transport.ended:
            return False
        fault = await self._call(app, scope)
        transport.busy = False
        if fault is not None:
            await self._refuse(fault)
            return False
        return self._over

    async def _call(self, app: App, scope: dict[str, Any]) -> Fault | None:
        refused: Fault | None = None
        gone = False
        try:
            await app(scope, self.receive, self.send)
        except* Refused as group:
            refused = _first(group).fault
        except* Reset:
            gone = True
            self._transport.reset_at_close()
        except* Gone:
            gone = True
        except* Exception as group:  # the connection's edge: one bad request harms no other
            log.exception("request failed: %s %s", scope["method"], scope["raw_path"], exc_info=group)
        return refused or (None if self._over or gone else Fault.CRASHED)

    async def _refuse(self, fault: Fault) -> None:
        """Answer with a fault, if no answer has begun, and let the peer read it."""
        if self._http.our_state in (h11.IDLE, h11.SEND_RESPONSE):
            await self._transport.write(fault_bytes(self._http, fault, self._fault_headers, head_only=self._head_only))
            await self._transport.linger()

    # ---- ASGI
    async def receive(self) -> Message:
        """Return the next part of the body; after its end wait: a disconnect cancels the application."""
        if self._body_over:
            await trio.sleep_forever()
        if (event := self._transport.part_nowait()) is None:
            with trio.move_on_at(self._body_due):
                event = await self._transport.part()
            if event is None:
                raise Refused(Fault.BODY_TIMEOUT)
        return self._body_message(event)

    def _body_message(self, event: h11.Data | h11.EndOfMessage) -> Message:
        if isinstance(event, h11.EndOfMessage):
            self._body_over = True
            return {"type": "http.request", "body": b"", "more_body": False}
        self._body_bytes += len(event.data)
        if self._body_bytes > self._limits.body_bytes:
            raise Refused(Fault.BODY_TOO_LARGE)
        return {"type": "http.request", "body": bytes(event.data), "more_body": True}

    async def send(self, message: Message) -> None:
        """Take one ASGI message; the head waits for the first body, so that a small answer is one write."""
        if message["type"] == "http.response.start":
            self._start = message
            return
        out = b""
        if self._start is not None:
            out += self._http.send(self._response(self._start)) or b""
            self._start = None
        if (body := message.get("body", b"")) and not self._head_only:
            out += self._http.send(h11.Data(data=body)) or b""
        if not message.get("more_body", False):
            out += self._http.send(h11.EndOfMessage()) or b""
            self._over = True
        if out:
            await self._transport.write(out)
        else:
            await trio.lowlevel.checkpoint()

    def _response(self, start: Message) -> h11.Response:
        headers = list(start.get("headers", ()))
        names = [name.lower() for name, _ in headers]
        if b"date" not in names:
            headers.append((b"date", http_date()))
        if self._draining.is_set() and b"connection" not in names:
            headers.append((b"connection", b"close"))
        status = start["status"]
        return h11.Response(status_code=status, headers=headers, reason=REASONS.get(status, b""))


def fault_bytes(http: h11.Connection, fault: Fault, more: Headers, *, head_only: bool = False) -> bytes:
    """Return a fault as the answer to the request in progress."""
    start = h11.Response(status_code=fault.status, headers=fault.headers(more), reason=REASONS[fault.status])
    out = http.send(start) or b""
    if not head_only:
        out += http.send(h11.Data(data=fault.body())) or b""
    return out + (http.send(h11.EndOfMessage()) or b"")


def make_scope(request: h11.Request, constant: dict[str, Any]) -> dict[str, Any]:
    """Return the ASGI scope of a request; `constant` holds what is the same for the whole connection."""
    raw_path, _, query = (origin_form(request) or b"/").partition(b"?")
    return constant | {
        "http_version": request.http_version.decode("ascii"),
        "method": request.method.decode("ascii"),
        "path": unquote(raw_path.decode("latin-1")),
        "raw_path": raw_path,
        "query_string": query,
        "headers": list(request.headers),
        "state": dict(constant["state"]),
    }


def _first(group: BaseExceptionGroup[Refused]) -> Refused:
    found = group.exceptions[0]
    return _first(found) if isinstance(found, BaseExceptionGroup) else found
