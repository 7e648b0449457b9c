"""The simulator over HTTP: an ASGI application that any AWS client can talk to.

Who asks follows from the access key, where and what from the credential scope of the signature, as at AWS. Signatures
are not checked; unknown keys and expired sessions are refused. Each call takes its time, its effect in the middle of it.
The `Date` of every answer is simulated time, so that a client can tell how long credentials are valid.
"""

import random
import re
from collections.abc import Callable, MutableMapping
from datetime import UTC, datetime
from email.utils import formatdate
from typing import Any

import trio

from sandboxd.http.faults import Gone, Reset
from sandboxd.http.limits import Receive, Send
from sandboxd.simulator import protocol
from sandboxd.simulator.calls import Caller, Entry
from sandboxd.simulator.durations import CALL
from sandboxd.simulator.errors import ApiError, NoReply
from sandboxd.simulator.throttles import Throttles
from sandboxd.simulator.witness import Witness
from sandboxd.simulator.world import World

_SCOPE = re.compile(rb"Credential=([^/]+)/\d{8}/([a-z0-9-]+)/([a-z0-9-]+)/aws4_request")
LOST = ("cut", "reset", "hang", "empty", "truncated", "late")
"""what the log says of a call that did not happen, or not yet, though nobody refused it"""
EXPIRED = {"ec2": ("RequestExpired", 400), "query": ("ExpiredToken", 403)}
"""protocol -> code and status of a session that has ended, where it is not that of the newer protocols"""
Narrate = Callable[[str], None]
Reply = tuple[int, protocol.Written]
"""status, and what is said"""
ENDS = {"cut": Gone, "reset": Reset}
"""how a reply is lost -> what ends the connection before any byte of it"""


Scope = MutableMapping[str, Any]


class Wire:
    """The application. Real clients meet AWS's throttles here, unless they are `unlimited`."""

    def __init__(self, world: World, *, narrate: Narrate = lambda _: None, unlimited: bool = False) -> None:
        self._world, self._narrate = world, narrate
        if world.throttles is None and not unlimited:
            world.throttles = Throttles()
        self._witness = Witness(world)
        self._numbers = random.Random(world.rows.seed)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        body = await _body(receive)
        request_id = self._request_id()
        if scope["path"].startswith("/_simulator/"):
            name, query = scope["path"].removeprefix("/_simulator/"), scope["query_string"].decode("latin-1")
            status, kind, out = self._witness.answer(scope["method"], name, query)
            more: protocol.Headers = ()
        else:
            status, (kind, out, more) = await self._aws(scope, body, request_id)
        headers = [
            (b"content-type", kind.encode()),
            (b"content-length", str(len(out)).encode()),
            (b"date", formatdate(self._world.clock.now(), usegmt=True).encode()),
            (b"server", b"AmazonEC2"),
            (b"x-amzn-requestid", request_id.encode()),
            *more,
        ]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": out})

    async def _aws(self, scope: Scope, body: bytes, request_id: str) -> Reply:
        half = CALL / 2 / self._world.clock.pace
        await trio.sleep(half)
        reply = self._answer(scope, body, request_id)
        if reply is None:
            await trio.sleep_forever()
        await trio.sleep(half)
        return reply

    def _answer(self, scope: Scope, body: bytes, request_id: str) -> Reply | None:
        """One answer, None for one that never comes; raise Gone or Reset for a connection that ends."""
        service, by, headers = "ec2", "", dict(scope["headers"])
        try:
            key, region, signing = _signed(headers)
            service = protocol.service_of(signing)
            by = protocol.spoken(service, headers)
            caller = self._caller(key, service)
            operation, parameters = protocol.read(service, headers, body, **_asked(scope))
            answer = self._call(caller, region, service, operation.name, parameters)
        except ApiError as error:
            return error.status, protocol.write_error(service, error, request_id, by)
        except NoReply as none:
            if none.how in ENDS:
                raise ENDS[none.how] from None
            said = protocol.write(service, operation, none.answer, request_id, by)
            half = said.body[: len(said.body) // 2] if none.how == "truncated" else b""
            return None if none.how == "hang" else (200, said._replace(body=half))
        return 200, protocol.write(service, operation, answer, request_id, by)

    def _caller(self, key: str, service: str) -> Caller:
        if account := self._world.keys.get(key):
            return self._world.caller(account)
        if session := self._world.sessions.get(key):
            account, arn, until = session
            if self._world.clock.now() >= until:
                code, status = EXPIRED.get(protocol.kind_of(service), ("ExpiredTokenException", 400))
                raise ApiError(code, "The security token included in the request is expired", status)
            return Caller(account, arn, f"AROA{account}:{arn.rpartition('/')[2]}")
        if service == "ec2":
            raise ApiError("AuthFailure", "AWS was not able to validate the provided access credentials", 401)
        code = "InvalidClientTokenId" if protocol.kind_of(service) == "query" else "UnrecognizedClientException"
        raise ApiError(code, "The security token included in the request is invalid.", 403)

    def _call(
        self, caller: Caller, region: str, service: str, operation: str, parameters: dict[str, Any]
    ) -> dict[str, Any]:
        mark = self._world.log.count
        try:
            return self._world.call(caller, region, service, operation, parameters)
        finally:
            for entry in self._world.log.since(mark):
                if entry.mutation:
                    self._narrate(line(entry))

    def _request_id(self) -> str:
        digits = f"{self._numbers.getrandbits(128):032x}"
        return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))


def line(entry: Entry) -> str:
    """A call as people read it: simulated time, account, region, operation, and what became of it."""
    at = datetime.fromtimestamp(entry.at, UTC)
    became = ", ".join(change.what for change in entry.changes)
    if entry.error:
        became = f"lost: {entry.error}" if entry.error in LOST else f"refused: {entry.error}"
    if entry.ignored:
        became += f"  (ignored: {', '.join(entry.ignored)})"
    return f"{at:%Y-%m-%d %H:%M:%S} {entry.account} {entry.region:<12} {entry.operation:<29} {became}".rstrip()


def _asked(scope: Scope) -> dict[str, str]:
    path = (scope.get("raw_path") or scope["path"].encode()).decode("latin-1")
    return {"method": scope["method"], "path": path.partition("?")[0], "query": scope["query_string"].decode("latin-1")}


async def _body(receive: Receive) -> bytes:
    parts = []
    while True:
        message = await receive()
        parts.append(message.get("body", b""))
        if not message.get("more_body"):
            return b"".join(parts)


def _signed(headers: dict[bytes, bytes]) -> tuple[str, str, str]:
    """Access key, region and signing name of a request."""
    found = _SCOPE.search(headers.get(b"authorization", b""))
    if found is None:
        raise ApiError("MissingAuthenticationToken", "Request is missing Authentication Token", 403)
    key, region, signing = (part.decode("latin-1") for part in found.groups())
    return key, region, signing
