"""The simulator over HTTP: an ASGI application that any AWS client can talk to.

Who asks follows from the access key, where and what from the credential scope of the signature, as at AWS. Signatures
are not checked; unknown keys and expired sessions are refused. Each call takes its time, its effect in the middle.
"""

import json
import re
from collections.abc import Callable, MutableMapping
from typing import Any

import trio

from sandboxd.http.limits import Receive, Send
from sandboxd.simulator import protocol
from sandboxd.simulator.bound import bound, inventory
from sandboxd.simulator.calls import Caller
from sandboxd.simulator.durations import CALL
from sandboxd.simulator.errors import ApiError, LostReply
from sandboxd.simulator.world import World

_SCOPE = re.compile(rb"Credential=([^/]+)/\d{8}/([a-z0-9-]+)/([a-z0-9-]+)/aws4_request")
Narrate = Callable[[str], None]


class Wire:
    """The application."""

    def __init__(self, world: World, *, narrate: Narrate = lambda _: None) -> None:
        self._world, self._narrate = world, narrate

    async def __call__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        """Answer one request."""
        body = b""
        while (message := await receive())["type"] == "http.request":
            body += message["body"]
            if not message["more_body"]:
                break
        if scope["path"].startswith("/_simulator/"):
            status, kind, out = self._about_itself(scope["method"], scope["path"], scope["query_string"].decode())
        else:
            status, kind, out = await self._aws(dict(scope["headers"]), body)
        headers = [
            (b"content-type", kind.encode()),
            (b"content-length", str(len(out)).encode()),
            (b"server", b"AmazonEC2"),
        ]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": out})

    # ---- AWS
    async def _aws(self, headers: dict[bytes, bytes], body: bytes) -> tuple[int, str, bytes]:
        service, request_id = "ec2", self._request_id()
        pause = CALL / 2 / self._world.clock.pace
        try:
            found = _SCOPE.search(headers.get(b"authorization", b""))
            if found is None:
                raise ApiError("MissingAuthenticationToken", "Request is missing Authentication Token", 403)
            key, region, signing = (part.decode() for part in found.groups())
            service = self._service(signing)
            caller = self._caller(key, service)
            operation, parameters = protocol.read(service, headers, body)
            await trio.sleep(pause)
            answer = self._call(caller, region, service, operation.name, parameters)
            await trio.sleep(pause)
        except ApiError as error:
            kind, out = protocol.write_error(service, error, request_id)
            return error.status, kind, out
        kind, out = protocol.write(service, operation, answer, request_id)
        return 200, kind, out

    def _service(self, signing: str) -> str:
        if signing not in protocol.SERVICES:
            raise ApiError("UnrecognizedClientException", f"The simulator does not know the service {signing!r}.")
        return protocol.SERVICES[signing]

    def _caller(self, key: str, service: str) -> Caller:
        if account := self._world.keys.get(key):
            return self._world.caller(account)
        if session := self._world.sessions.get(key):
            account, arn, until = session
            if self._world.clock.now() >= until:
                code = "RequestExpired" if service == "ec2" else "ExpiredToken"
                raise ApiError(code, "The security token included in the request is expired", 403)
            return Caller(account, arn, "AROA" + account + ":" + arn.rpartition("/")[2])
        if service == "ec2":
            raise ApiError("AuthFailure", "AWS was not able to validate the provided access credentials", 401)
        code = "InvalidClientTokenId" if service == "sts" else "UnrecognizedClientException"
        raise ApiError(code, "The security token included in the request is invalid.", 403)

    def _call(
        self, caller: Caller, region: str, service: str, operation: str, parameters: dict[str, Any]
    ) -> dict[str, Any]:
        mark = len(self._world.log.entries)
        try:
            return self._world.call(caller, region, service, operation, parameters)
        except LostReply:
            raise trio.BrokenResourceError from None
        finally:
            for entry in self._world.log.since(mark):
                if entry.mutation:
                    what = entry.error or ", ".join(name for name, _ in entry.made)
                    self._narrate(f"{entry.at:14.1f} {entry.account} {entry.region} {entry.operation} {what}")

    def _request_id(self) -> str:
        digits = self._world.rows.hex(32)
        return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))

    # ---- about itself
    def _about_itself(self, method: str, path: str, query: str) -> tuple[int, str, bytes]:
        asked = dict(part.split("=", 1) for part in query.split("&") if "=" in part)
        mark = int(asked.get("mark", asked.get("since", "0")))
        answer: Any
        match method, path.removeprefix("/_simulator/"):
            case "GET", "inventory":
                answer = inventory(self._world)
            case "GET", "clock":
                clock = self._world.clock
                answer = {"now": clock.now(), "pace": clock.pace, "origin": clock.origin}
            case _, "mark":
                answer = {"mark": len(self._world.log.entries), "now": self._world.clock.now()}
            case "GET", "calls":
                answer = _counts(self._world, mark)
            case "GET", "bound":
                answer = bound(self._world.log.since(mark))
            case _:
                return 404, "application/json", b'{"error": "no such thing"}'
        return 200, "application/json", json.dumps(answer).encode()


def _counts(world: World, mark: int) -> dict[str, Any]:
    operations: dict[str, int] = {}
    entries = world.log.since(mark)
    for entry in entries:
        name = f"{entry.service}:{entry.operation}"
        operations[name] = operations.get(name, 0) + 1
    return {"calls": len(entries), "mutations": sum(entry.mutation for entry in entries), "operations": operations}
