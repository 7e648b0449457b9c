"""The dashboard's driver: httpx2 over the Unix socket, on asyncio or Trio.

`follow` keeps a stream up for ever: it resumes where it was, notices silence, backs off while nobody answers, and says
how the connection stands. Events are pushed into a callback: a generator that holds a stream open across a yield
would close it too late.
"""

import random
import secrets
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Literal, Self, TypeAlias, TypeVar

import anyio
import httpx2

from sandboxd import __version__
from sandboxd.client.address import check_length
from sandboxd.client.errors import ClientError, DaemonDown, refusal
from sandboxd.client.ops import Op
from sandboxd.client.sse import SILENCE, Beat, Reset, Stream
from sandboxd.wire.things import Event

T = TypeVar("T")
Standing: TypeAlias = Literal["live", "down"]
OnEvent: TypeAlias = Callable[[Event | Reset], Awaitable[None]]
OnStanding: TypeAlias = Callable[[Standing, str], Awaitable[None]]
FIRST_PAUSE, LONGEST_PAUSE = 0.1, 2.0
_SERVER_ERROR = 500


class AsyncClient:
    """One client of the daemon's socket; use it with `async with`. Raises `BadRequest` for an impossible path."""

    def __init__(self, path: Path, *, silence: float = SILENCE) -> None:
        self.path, self._silence = check_length(path), silence
        transport = httpx2.AsyncHTTPTransport(uds=str(path))
        self._http = httpx2.AsyncClient(transport=transport, base_url="http://sandboxd", timeout=30)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._http.aclose()

    async def call(self, op: Op[T], *, key: str | None = None) -> T:
        """Carry an operation out; raise ClientError or DaemonDown. Reads and keyed writes are tried twice."""
        headers = dict(op.headers)
        if op.keyed:
            # one key for all attempts of this call: whatever was accepted at the first is found by the second
            headers["Idempotency-Key"] = key or secrets.token_hex(16)
        if op.body is not None:
            headers["Content-Type"] = "application/json"
        for last in (not (op.keyed or op.method == "GET"), True):
            try:
                answer = await self._http.request(
                    op.method, op.path, content=op.content, headers=headers, timeout=op.timeout
                )
            except httpx2.TimeoutException as error:
                words = f"no answer to {op.method} {op.path.partition('?')[0]} in {op.timeout:g} s"
                raise DaemonDown(self.path, None, words=words) from error
            except httpx2.TransportError as error:
                if last or isinstance(error, httpx2.ConnectError):
                    raise DaemonDown(self.path, _os_error(error)) from error
            else:
                _check(answer)
                return op.decode(answer.content)
        raise AssertionError

    async def follow(self, last_id: str, on_event: OnEvent, on_standing: OnStanding) -> None:
        """Hand over every event from an id on, for ever; the caller cancels it.

        Raises ClientError when the daemon refuses the stream: waiting does not help then.
        """
        pause = FIRST_PAUSE
        while True:
            stream = Stream(last_id)
            try:
                words = await self._one_stream(stream, on_event, on_standing)
                pause = FIRST_PAUSE
            except httpx2.ReadTimeout:
                words = f"nothing was heard for {self._silence:g} s"
            except httpx2.TransportError as error:
                words = DaemonDown(self.path, _os_error(error), stream=True).words
            if stream.last_id != last_id:
                last_id, pause = stream.last_id, FIRST_PAUSE
            await on_standing("down", words)
            await anyio.sleep(random.uniform(pause / 2, pause))  # noqa: S311 - only spreads clients
            pause = min(LONGEST_PAUSE, pause * 2)

    async def _one_stream(self, stream: Stream, on_event: OnEvent, on_standing: OnStanding) -> str:
        """Read one stream to its end; return why it ended."""
        headers = {"Last-Event-ID": stream.last_id} if stream.last_id else {}
        timeout = httpx2.Timeout(10, read=self._silence)
        async with self._http.stream("GET", "/v1/events", headers=headers, timeout=timeout) as answer:
            if not answer.is_success:
                await answer.aread()
                if answer.status_code >= _SERVER_ERROR:
                    return f"the daemon answered {answer.status_code}"
                _check(answer)
            await on_standing("live", "")
            async for data in answer.aiter_raw():
                for told in stream.feed(data):
                    if not isinstance(told, Beat):
                        await on_event(told)
                    elif stream.missed(told):
                        return "an event was lost on the way"
        return "the daemon ended the stream"


def _check(answer: httpx2.Response) -> None:
    if not answer.is_success:
        raise refusal(answer.status_code, answer.content, answer.headers.get("Sandboxd-Version", ""), __version__)


def _os_error(error: BaseException) -> OSError | None:
    seen: BaseException | None = error
    while seen is not None and not isinstance(seen, OSError):
        seen = seen.__cause__ or seen.__context__
    return seen


__all__ = ["AsyncClient", "ClientError", "DaemonDown", "Standing"]
