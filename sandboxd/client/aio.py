"""The dashboard's driver: httpx2 over the Unix socket, on asyncio or Trio.

`follow` keeps a stream up for ever: it resumes where it was, notices silence, backs off while nobody answers, and says
how the connection stands.
"""

import secrets
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Literal, Self, TypeAlias, TypeVar

import anyio
import httpx2

from sandboxd import __version__
from sandboxd.client.errors import DaemonDown, refusal
from sandboxd.client.ops import Op
from sandboxd.client.sse import SILENCE, Beat, Reset, Stream
from sandboxd.wire.things import Event

T = TypeVar("T")
Standing: TypeAlias = Literal["live", "down"]
FIRST_PAUSE, LONGEST_PAUSE = 0.1, 2.0


class AsyncClient:
    """One client of the daemon's socket; use it with `async with`."""

    def __init__(self, path: Path) -> None:
        self.path = path
        transport = httpx2.AsyncHTTPTransport(uds=str(path))
        self._http = httpx2.AsyncClient(transport=transport, base_url="http://sandboxd", timeout=30)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._http.aclose()

    async def call(self, op: Op[T], *, key: str | None = None) -> T:
        """Carry an operation out; raise ClientError or DaemonDown."""
        headers = {"Idempotency-Key": key or secrets.token_hex(16)} if op.keyed else {}
        if op.body is not None:
            headers["Content-Type"] = "application/json"
        try:
            answer = await self._http.request(
                op.method, op.path, content=op.content, headers=headers, timeout=op.timeout
            )
        except httpx2.TransportError as error:
            raise DaemonDown(self.path, _os_error(error)) from error
        if not answer.is_success:
            raise refusal(answer.status_code, answer.content, answer.headers.get("Sandboxd-Version", ""), __version__)
        return op.decode(answer.content)

    async def follow(
        self,
        last_id: str,
        on_event: Callable[[Event | Reset], Awaitable[None]],
        on_standing: Callable[[Standing, str], Awaitable[None]],
    ) -> None:
        """Hand over every event from an id on, for ever; the caller cancels it."""
        stream, pause = Stream(last_id), FIRST_PAUSE
        while True:
            try:
                async for one in self._stream(stream):
                    if pause:
                        pause = 0.0
                        await on_standing("live", "")
                    if not isinstance(one, Beat):
                        await on_event(one)
                words = "the daemon ended the stream"
            except httpx2.TransportError as error:
                words = DaemonDown(self.path, _os_error(error), stream=True).words
            await on_standing("down", words)
            pause = min(LONGEST_PAUSE, max(FIRST_PAUSE, pause * 2))
            await anyio.sleep(pause)
            stream = Stream(stream.last_id)

    async def _stream(self, stream: Stream):  # type: ignore[no-untyped-def] # noqa: ANN202 - closed by its only caller
        headers = {"Last-Event-ID": stream.last_id} if stream.last_id else {}
        timeout = httpx2.Timeout(10, read=SILENCE)
        async with self._http.stream("GET", "/v1/events", headers=headers, timeout=timeout) as answer:
            if answer.is_success:
                yield Beat()
            async for data in answer.aiter_bytes():
                for one in stream.feed(data):
                    yield one


def _os_error(error: BaseException) -> OSError | None:
    seen: BaseException | None = error
    while seen is not None and not isinstance(seen, OSError):
        seen = seen.__cause__ or seen.__context__
    return seen
