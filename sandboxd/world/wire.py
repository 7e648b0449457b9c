"""The waist at depth *wire*: aiobotocore serializes, signs and parses; the simulated AWS reads and writes real bytes.

No socket lies between them. Clients take a tenth of a second to build, so all worlds of a process share them, built before
the first one; `DOOR` is the world that they lead into at the moment.
"""

from collections.abc import Mapping, MutableMapping
from typing import Any
from urllib.parse import urlsplit

import trio
from aiobotocore.awsrequest import AioAWSResponse
from botocore.compat import HTTPHeaders
from botocore.exceptions import ConnectionClosedError, ReadTimeoutError

from sandboxd.aws.clients import SERVICES, Clients
from sandboxd.aws.session import LeanSession
from sandboxd.aws.waist import Aws, AwsSettings
from sandboxd.http.faults import Gone
from sandboxd.http.limits import App
from sandboxd.model.ports import AwsError, Clock, Scope
from sandboxd.simulator.furnish import KEYS
from sandboxd.world.life import Life
from sandboxd.world.ports import LifeClock
from sandboxd.world.trace import Trace

REGION = "eu-central-1"
CLIENTS: list[Clients] = []
"""of all worlds of this process; `build_clients` makes them"""


def build_clients() -> None:
    """Build the clients of all worlds of this process; outside of them, for botocore reads its models in a thread."""
    if not CLIENTS:
        trio.run(_build)


async def _build() -> None:
    clock = LifeClock(Life(number=0, dies_at=lambda _: False), origin=0.0)
    aws = Aws(settings=SETTINGS, clock=clock)
    await aws.warm(SERVICES, (REGION,))
    CLIENTS.append(aws.clients)


def open_door(clock: Clock) -> Aws:
    """An AWS of one life, over the shared clients."""
    return Aws(settings=SETTINGS, clock=clock, clients=CLIENTS[0])


class Door:
    """Where the requests of all clients go."""

    def __init__(self) -> None:
        self.life: Life | None = None
        self.app: App | None = None

    def open(self, life: Life, app: App) -> None:
        """From now on they go into this world, in the name of this life."""
        self.life, self.app = life, app

    async def exchange(self, scope: MutableMapping[str, Any], body: bytes) -> tuple[int, Any, bytes]:
        """Status, headers and body of one request; raise Gone where the connection is cut."""
        assert self.life is not None
        assert self.app is not None
        app, said = self.app, list[MutableMapping[str, Any]]()

        async def receive() -> MutableMapping[str, Any]:
            return {"type": "http.request", "body": body}

        async def send(message: MutableMapping[str, Any]) -> None:
            said.append(message)

        await self.life.holding(lambda: app(scope, receive, send))
        start, *parts = said
        return start["status"], start["headers"], b"".join(part.get("body", b"") for part in parts)


DOOR = Door()


class InProcess(LeanSession):
    """`http_session_cls` without a network."""

    async def send(self, request: Any) -> Any:
        """Send one request once; raise botocore's exceptions."""
        url = urlsplit(request.url)
        body = request.body.encode() if isinstance(request.body, str) else bytes(request.body or b"")
        headers = [(_bytes(key).lower(), _bytes(value)) for key, value in request.headers.items()]
        scope = {
            "type": "http", "method": request.method, "path": url.path or "/", "query_string": url.query.encode(),
            "headers": headers,
        }  # fmt: skip
        try:
            with trio.fail_after(self._read_timeout()):
                status, answered, data = await DOOR.exchange(scope, body)
        except trio.TooSlowError as error:
            raise ReadTimeoutError(endpoint_url=request.url, error=error) from error
        except Gone as error:
            raise ConnectionClosedError(endpoint_url=request.url, error=error) from error
        pairs = HTTPHeaders.from_pairs((key.decode("latin-1"), value.decode("latin-1")) for key, value in answered)
        return AioAWSResponse(request.url, status, pairs, _Body(data))


class _Body:
    def __init__(self, data: bytes) -> None:
        self._bytes = data

    async def read(self) -> bytes:
        return self._bytes


def _bytes(text: str | bytes) -> bytes:
    return text if isinstance(text, bytes) else text.encode("latin-1")


class Wired:
    """`Call` over the wire, with the points at which a life may end."""

    def __init__(self, life: Life, aws: Aws, trace: Trace) -> None:
        self._life, self._aws, self._trace = life, aws, trace

    async def __call__(self, scope: Scope, service: str, operation: str, parameters: Mapping[str, Any]) -> Any:
        """Answer as botocore parses it; raise AwsError."""
        self._life.point(f"call {operation}")
        number = self._trace.call(scope, operation, parameters)
        try:
            answer = await self._aws.call(scope, service, operation, parameters)
        except AwsError as error:
            self._life.point(f"reply {operation}")
            self._trace.reply(number, error)
            raise
        self._life.point(f"reply {operation}")
        self._trace.reply(number, None)
        return answer


SETTINGS = AwsSettings(region=REGION, session_cls=InProcess, keys=KEYS)
