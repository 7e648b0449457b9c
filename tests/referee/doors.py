"""Ways to the simulator: its own door in the same task, and real bytes between an unmodified botocore and its application.

Both stand under a clock that only `later` moves, at a fraction of a second, such that whole seconds in an answer are meant.
"""

from collections.abc import Iterator, MutableMapping
from typing import Any
from urllib.parse import urlsplit

import botocore.session
import trio
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.config import Config
from botocore.exceptions import ClientError
from trio.testing import MockClock

from sandboxd.simulator import ApiError, SimClock, Simulator
from sandboxd.simulator.furnish import KEYS
from sandboxd.simulator.wire import Wire
from tests.referee.transcript import REGION, Refused

START = 1_790_000_000.123


class Moved:
    """A simulator whose time moves when somebody says so."""

    def __init__(self, *, seed: int = 1, pool: int = 3) -> None:
        self._now = START
        self.simulator = Simulator(
            clock=SimClock(pace=1, origin=0, real=lambda: self._now), seed=seed, pool=pool, shared=True
        )
        self.management, self.members = self.simulator.management, self.simulator.accounts

    def later(self, seconds: float) -> None:
        """Let time pass."""
        self._now += seconds


class InProcess(Moved):
    """The door without bytes."""

    def call(self, account: str, service: str, operation: str, parameters: dict[str, Any]) -> dict[str, Any]:
        """Answer one call."""
        try:
            return self.simulator.call(account, REGION, service, operation, parameters)
        except ApiError as error:
            raise Refused(error.code, error.message, error.status) from None


class OverWire(Moved):
    """The same world as bytes: serialized, signed and parsed by botocore, answered by the application behind HTTP."""

    def __init__(self, *, seed: int = 1, pool: int = 3) -> None:
        super().__init__(seed=seed, pool=pool)
        self._wire = Wire(self.simulator.world, unlimited=True)
        self._session = botocore.session.Session()
        self._clients: dict[tuple[str, str], Any] = {}

    def call(self, account: str, service: str, operation: str, parameters: dict[str, Any]) -> dict[str, Any]:
        """Answer one call."""
        return call_client(self._client(account, service), operation, parameters)

    def _client(self, account: str, service: str) -> Any:
        if (account, service) not in self._clients:
            client = make_client(self._session, service, "http://simulator.invalid", self._keys(account))
            client.meta.events.register("before-send", self._send)
            self._clients[account, service] = client
        return self._clients[account, service]

    def _keys(self, account: str) -> tuple[str, ...]:
        if account == self.management:
            return KEYS
        role = {"RoleArn": f"arn:aws:iam::{account}:role/OrganizationAccountAccessRole", "RoleSessionName": "referee"}
        got = self.call(self.management, "sts", "AssumeRole", role | {"DurationSeconds": 43_200})["Credentials"]
        return got["AccessKeyId"], got["SecretAccessKey"], got["SessionToken"]

    def _send(self, request: AWSPreparedRequest, **_: Any) -> AWSResponse:
        """In the place of the network: the application's answer, its waiting skipped."""
        status, headers, body = trio.run(self._asked, request, clock=MockClock(autojump_threshold=0))
        return AWSResponse(request.url, status, headers, _Raw(body))

    async def _asked(self, request: AWSPreparedRequest) -> tuple[int, dict[str, str], bytes]:
        sent: list[MutableMapping[str, Any]] = []
        body = request.body or b""
        body = body.encode() if isinstance(body, str) else bytes(body)

        async def receive() -> MutableMapping[str, Any]:
            await trio.lowlevel.checkpoint()
            return {"type": "http.request", "body": body}

        async def send(message: MutableMapping[str, Any]) -> None:
            await trio.lowlevel.checkpoint()
            sent.append(message)

        headers = [(name.lower().encode(), _bytes(value)) for name, value in request.headers.items()]
        url = urlsplit(request.url)
        scope: dict[str, Any] = {
            "type": "http",
            "method": request.method,
            "path": url.path or "/",
            "query_string": url.query.encode(),
            "headers": headers,
        }
        await self._wire(scope, receive, send)
        names = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
        return sent[0]["status"], names, sent[1]["body"]


class _Raw:
    """A body as botocore reads it."""

    def __init__(self, body: bytes) -> None:
        self._body = body

    def stream(self) -> Iterator[bytes]:
        yield self._body


def _bytes(value: str | bytes) -> bytes:
    return value if isinstance(value, bytes) else value.encode("latin-1")


def make_client(session: botocore.session.Session, service: str, endpoint: str, keys: tuple[str, ...]) -> Any:
    """A client that asks once."""
    key, secret, *token = keys
    return session.create_client(
        service,
        region_name=REGION,
        endpoint_url=endpoint,
        aws_access_key_id=key,
        aws_secret_access_key=secret,
        aws_session_token=token[0] if token else None,
        config=Config(retries={"total_max_attempts": 1}, parameter_validation=False),
    )


def call_client(client: Any, operation: str, parameters: dict[str, Any]) -> dict[str, Any]:
    """One call by the operation's name at AWS; Refused for an error."""
    method = botocore.xform_name(operation)
    try:
        answer: dict[str, Any] = getattr(client, method)(**parameters)
    except ClientError as error:
        found = error.response
        words = str(found["Error"].get("Message", ""))
        raise Refused(found["Error"]["Code"], words, found["ResponseMetadata"]["HTTPStatusCode"]) from None
    answer.pop("ResponseMetadata", None)
    return answer
