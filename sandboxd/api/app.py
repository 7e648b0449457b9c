"""The API as an ASGI application: route, permission, decode, handler, answer; refusals become problem documents.

It holds no state but counters. What is not a `Refusal` is a mistake of ours and goes on to the connection's edge.
"""

import hashlib
import logging
import secrets
from collections import Counter
from collections.abc import Sequence
from functools import cache

import msgspec

from sandboxd.api.decode import Headers, decode_body, decode_query, read_body
from sandboxd.api.desk import Desk
from sandboxd.api.openapi import document
from sandboxd.api.problems import problem
from sandboxd.api.route import About, Answer, Ask, MethodNotAllowed, Route, Router
from sandboxd.api.routes import ROUTES
from sandboxd.api.stream import stream_events
from sandboxd.http.limits import Message, Receive, Send
from sandboxd.identity.peers import NO_ONE, Caller, Callers, demand
from sandboxd.model.errors import Refusal

log = logging.getLogger("sandboxd.api")
VERSION_HEADER = b"sandboxd-version"
_ANSWERED_BY_US = 500


class Api:
    """ASGI 3 application; `heartbeat` of event streams in real seconds."""

    def __init__(
        self, *, desk: Desk, callers: Callers, version: str, heartbeat: float = 5.0, routes: Sequence[Route] = ROUTES
    ) -> None:
        self._desk, self._callers, self._heartbeat = desk, callers, heartbeat
        self._router = Router(routes)
        self._version = version.encode()
        self._answered: Counter[int] = Counter()
        self._streams = 0
        self._encode = msgspec.json.Encoder().encode
        make = cache(lambda: self._encode(document(routes, version)))
        self._about = About(version=version, document=make, answered=self._answered, streams=lambda: self._streams)

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Answer one request."""
        request_id = f"req_{secrets.token_hex(10)}"
        try:
            await self._answer(scope, receive, send, request_id)
        except Refusal as refusal:
            await self._refuse(refusal, send, request_id)

    async def _answer(self, scope: Message, receive: Receive, send: Send, request_id: str) -> None:
        headers = Headers(scope["headers"])
        headers.refuse_browsers()
        found = self._router.find(scope["method"], scope["raw_path"])
        caller = self._caller(scope)
        demand(caller, found.route.permission)
        ask = Ask(
            about=self._about,
            caller=caller,
            ref=found.ref,
            name=found.name,
            query=decode_query(scope["query_string"], found.route),
            key=headers.key() if found.route.keyed else None,
            if_match=headers.get("if-match") if found.route.guarded else None,
        )
        if found.route.stream and not headers.wants_json():
            await self._stream(scope, headers, ask, receive, send, request_id)
            return
        if scope["method"] not in ("GET", "HEAD"):
            ask = await self._with_body(scope, headers, ask, found.route, receive)
        result = await found.route.handler(self._desk, ask)
        answer = result if isinstance(result, Answer) else Answer(thing=result)
        body = self._encode(answer.thing) if answer.raw is None else answer.raw
        more = [(name.encode(), value.encode()) for name, value in answer.headers]
        await self._send(
            send, found.route.status, body, [(b"content-type", answer.content_type.encode()), *more], request_id
        )

    async def _with_body(self, scope: Message, headers: Headers, ask: Ask, route: Route, receive: Receive) -> Ask:
        raw = await read_body(receive)
        body = decode_body(raw, route, headers.get("content-type"))
        return msgspec.structs.replace(ask, body=body, digest=_digest(scope["method"], scope["raw_path"], raw))

    async def _stream(
        self, scope: Message, headers: Headers, ask: Ask, receive: Receive, send: Send, request_id: str
    ) -> None:
        more = [(b"content-type", b"text/event-stream"), *self._common(request_id)]
        await send({"type": "http.response.start", "status": 200, "headers": more})
        self._answered[200] += 1
        self._streams += 1
        try:
            await stream_events(
                self._desk.feed,
                headers.get("last-event-id") or ask.query.after,
                receive,
                send,
                draining=scope.get("state", {}).get("draining"),
                heartbeat=self._heartbeat,
            )
        finally:
            self._streams -= 1

    async def _refuse(self, refusal: Refusal, send: Send, request_id: str) -> None:
        if refusal.status >= _ANSWERED_BY_US:
            log.warning("%s: %s (%s)", refusal.code, refusal.detail, request_id)
        more = [(b"content-type", b"application/problem+json")]
        if isinstance(refusal, MethodNotAllowed):
            more.append((b"allow", ", ".join(refusal.allowed).encode()))
        await self._send(send, refusal.status, self._encode(problem(refusal, request_id)), more, request_id)

    async def _send(
        self, send: Send, status: int, body: bytes, headers: list[tuple[bytes, bytes]], request_id: str
    ) -> None:
        self._answered[status] += 1
        length = (b"content-length", b"%d" % len(body))
        await send(
            {"type": "http.response.start", "status": status, "headers": [*headers, length, *self._common(request_id)]}
        )
        await send({"type": "http.response.body", "body": body})

    def _common(self, request_id: str) -> list[tuple[bytes, bytes]]:
        return [
            (VERSION_HEADER, self._version),
            (b"cache-control", b"no-store"),
            (b"x-request-id", request_id.encode()),
        ]

    def _caller(self, scope: Message) -> Caller:
        peer = scope.get("state", {}).get("peer")
        return NO_ONE if peer is None else self._callers.caller(peer.uid, peer.gid, peer.groups)


def _digest(method: str, raw_path: bytes, body: bytes) -> str:
    """Return what tells one request from another under the same Idempotency-Key."""
    made = hashlib.blake2b(digest_size=16)
    for part in (method.encode(), raw_path, body):
        made.update(len(part).to_bytes(8, "big") + part)
    return made.hexdigest()
