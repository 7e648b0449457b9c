"""The HTTP session under aiobotocore: h11 on Trio streams, one connection at a time per request, nothing sent twice.

It costs about half of the general client. A kept connection is used again only if it shows no sign of having been
closed; once a byte was written, a failure is reported as such and never repeated here, because the request may have
been carried out. Proxies are left to aiobotocore's own session, from which this one inherits.
"""

import contextlib
import socket
import ssl
from typing import Any, Self
from urllib.parse import SplitResult, urlsplit

import h11
import trio
from aiobotocore.awsrequest import AioAWSResponse
from aiobotocore.httpxsession import HttpxSession
from botocore.compat import HTTPHeaders
from botocore.exceptions import (
    ConnectionClosedError,
    ConnectTimeoutError,
    EndpointConnectionError,
    ReadTimeoutError,
    SSLError,
)

KEEP_ALIVE = 12.0
CONNECT_TIMEOUT = 10.0
CHUNK = 65536
_CUT = (trio.BrokenResourceError, trio.ClosedResourceError, h11.RemoteProtocolError, OSError)


class _Body:
    """What botocore reads the body from."""

    __slots__ = ("_bytes",)

    def __init__(self, data: bytes) -> None:
        self._bytes = data

    async def read(self) -> bytes:
        return self._bytes


class _Connection:
    """One connection, and since when it is idle."""

    __slots__ = ("h11", "idle_since", "socket", "stream")

    def __init__(self, stream: trio.abc.Stream, raw: trio.SocketStream) -> None:
        self.stream, self.socket = stream, raw.socket
        self.h11 = h11.Connection(h11.CLIENT)
        self.idle_since = 0.0

    def is_fresh(self) -> bool:
        """Whether it may carry another request: not idle for long, and nothing waits to be read (an end, mostly)."""
        if trio.current_time() - self.idle_since > KEEP_ALIVE:
            return False
        with contextlib.suppress(BlockingIOError):
            _peek(self.socket)
            return False
        return True

    async def exchange(self, request: h11.Request, body: bytes) -> tuple[h11.Response, bytes]:
        """Send a request and read its response."""
        data = self.h11.send(request) or b""
        if body:
            data += self.h11.send(h11.Data(data=body)) or b""
        data += self.h11.send(h11.EndOfMessage()) or b""
        await self.stream.send_all(data)
        return await self._response()

    async def _response(self) -> tuple[h11.Response, bytes]:
        response: h11.Response | None = None
        parts: list[bytes] = []
        while True:
            event = self.h11.next_event()
            if event is h11.NEED_DATA:
                self.h11.receive_data(bytes(await self.stream.receive_some(CHUNK)))
            elif isinstance(event, h11.Response):
                response = event
            elif isinstance(event, h11.Data):
                parts.append(bytes(event.data))
            elif isinstance(event, h11.EndOfMessage) and response is not None:
                return response, b"".join(parts)
            elif isinstance(event, h11.ConnectionClosed):
                raise h11.RemoteProtocolError("closed before the response was complete")

    def is_reusable(self) -> bool:
        """Whether both sides are ready for another request."""
        return self.h11.our_state is h11.DONE and self.h11.their_state is h11.DONE


def _peek(sock: Any) -> bytes:
    raw = socket.socket(fileno=sock.fileno())
    try:
        return raw.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT)
    finally:
        raw.detach()


class LeanSession(HttpxSession):  # type: ignore[misc]  # aiobotocore is not typed
    """`http_session_cls` for AioConfig."""

    async def __aenter__(self) -> Self:
        await super().__aenter__()
        self._idle: dict[str, list[_Connection]] = {}
        self._slots = trio.Semaphore(self._max_pool_connections)
        return self

    async def __aexit__(self, *args: object) -> Any:
        for connection in [one for idle in self._idle.values() for one in idle]:
            await trio.aclose_forcefully(connection.stream)
        self._idle.clear()
        return await super().__aexit__(*args)  # noqa: ASYNC102 - a forceful close does not block

    async def send(self, request: Any) -> Any:
        """Send one request once; raise botocore's exceptions."""
        if self._proxy_config.proxy_url_for(request.url):
            return await super().send(request)
        url = urlsplit(request.url)
        body = request.body.encode() if isinstance(request.body, str) else bytes(request.body or b"")
        head = h11.Request(method=request.method, target=_target(url), headers=_headers(request, url, body))
        async with self._slots:
            connection = self._kept(url) or await self._connect(url, request.url)
            reusable = False
            try:
                with trio.fail_after(self._read_timeout()):
                    response, data = await connection.exchange(head, body)
                reusable = connection.is_reusable()
            except trio.TooSlowError as error:
                raise ReadTimeoutError(endpoint_url=request.url, error=error) from error
            except _CUT as error:
                # bytes were or may have been written: the outcome is not known
                raise ConnectionClosedError(endpoint_url=request.url, error=error) from error
            finally:
                await self._put_back(url, connection, reusable=reusable)  # noqa: ASYNC102 - a forceful close does not block
        headers = HTTPHeaders.from_pairs((k.decode("latin-1"), v.decode("latin-1")) for k, v in response.headers)
        return AioAWSResponse(request.url, response.status_code, headers, _Body(data))

    def _read_timeout(self) -> float:
        return float(self._timeout.read or 60.0)

    def _kept(self, url: SplitResult) -> _Connection | None:
        """The connection that was used last, if it still is one; stale ones are dropped."""
        idle = self._idle.get(url.netloc, [])
        while idle:
            connection = idle.pop()
            if connection.is_fresh():
                return connection
            connection.socket.close()
        return None

    async def _put_back(self, url: SplitResult, connection: _Connection, *, reusable: bool) -> None:
        if not reusable:
            await trio.aclose_forcefully(connection.stream)
            return
        connection.h11.start_next_cycle()
        connection.idle_since = trio.current_time()
        self._idle.setdefault(url.netloc, []).append(connection)

    async def _connect(self, url: SplitResult, endpoint: str) -> _Connection:
        """Open a connection; whatever goes wrong here, nothing was sent."""
        port = url.port or (443 if url.scheme == "https" else 80)
        try:
            with trio.fail_after(CONNECT_TIMEOUT):
                raw = await trio.open_tcp_stream(url.hostname or "", port)
                raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                return _Connection(await self._secured(url, raw), raw)
        except trio.TooSlowError as error:
            raise ConnectTimeoutError(endpoint_url=endpoint, error=error) from error
        except ssl.SSLError as error:
            raise SSLError(endpoint_url=endpoint, error=error) from error
        except (OSError, trio.BrokenResourceError) as error:
            raise EndpointConnectionError(endpoint_url=endpoint, error=error) from error

    async def _secured(self, url: SplitResult, raw: trio.SocketStream) -> trio.abc.Stream:
        if url.scheme != "https":
            return raw
        stream = trio.SSLStream(raw, self._verify, server_hostname=url.hostname, https_compatible=True)
        try:
            await stream.do_handshake()
        except BaseException:
            await trio.aclose_forcefully(raw)
            raise
        return stream


def _target(url: SplitResult) -> str:
    return (url.path or "/") + (f"?{url.query}" if url.query else "")


def _headers(request: Any, url: SplitResult, body: bytes) -> Any:
    headers = [("Host", url.netloc), ("Accept-Encoding", "identity")]
    headers += [(key, value) for key, value in request.headers.items() if key.lower() != "host"]
    if "Content-Length" not in request.headers:
        headers.append(("Content-Length", str(len(body))))
    return headers
