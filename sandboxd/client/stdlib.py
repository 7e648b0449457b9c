"""The CLI's driver: `http.client` over the Unix socket, blocking, quick to start."""

import http.client
import secrets
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import TypeVar

from sandboxd import __version__
from sandboxd.client.errors import DaemonDown, refusal
from sandboxd.client.ops import Op
from sandboxd.client.sse import SILENCE, Beat, Reset, Stream
from sandboxd.wire.things import Event

T = TypeVar("T")
_SUCCESS = range(200, 300)


class _Unix(http.client.HTTPConnection):
    def __init__(self, path: Path, timeout: float) -> None:
        super().__init__("sandboxd", timeout=timeout)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_CLOEXEC)
        self.sock.settimeout(self.timeout)
        self.sock.connect(str(self._path))


class Connection:
    """One client of the daemon's socket."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def call(self, op: Op[T], *, key: str | None = None) -> T:
        """Carry an operation out; raise ClientError or DaemonDown. Reads and keyed writes are tried twice."""
        headers = {"Idempotency-Key": key or secrets.token_hex(16)} if op.keyed else {}
        return op.decode(
            self.raw(op.method, op.path, op.content, headers, op.timeout, again=op.keyed or op.method == "GET")
        )

    def raw(
        self,
        method: str,
        path: str,
        body: bytes = b"",
        headers: dict[str, str] | None = None,
        timeout: float = 30.0,
        *,
        again: bool = False,
    ) -> bytes:
        """The body of a successful answer."""
        try:
            return self._once(method, path, body, headers or {}, timeout)
        except (ConnectionError, http.client.HTTPException) as error:
            if not again or isinstance(error, (ConnectionRefusedError, FileNotFoundError)):
                raise DaemonDown(self.path, error if isinstance(error, OSError) else None) from error
        except OSError as error:
            raise DaemonDown(self.path, error) from error
        return self.raw(method, path, body, headers, timeout)

    def _once(self, method: str, path: str, body: bytes, headers: dict[str, str], timeout: float) -> bytes:
        connection = _Unix(self.path, timeout)
        try:
            sent = headers | ({"Content-Type": "application/json"} if body else {})
            connection.request(method, path, body or None, sent)
            answer = connection.getresponse()
            out = answer.read()
            if answer.status not in _SUCCESS:
                raise refusal(answer.status, out, answer.headers.get("Sandboxd-Version", ""), __version__)
            return out
        finally:
            connection.close()

    def events(self, last_id: str = "") -> Iterator[Event | Reset | Beat]:
        """The event stream from an id on; raise DaemonDown when it ends or falls silent."""
        connection = _Unix(self.path, SILENCE)
        stream = Stream(last_id)
        try:
            connection.request("GET", "/v1/events", headers={"Last-Event-ID": last_id} if last_id else {})
            answer = connection.getresponse()
            if answer.status not in _SUCCESS:
                raise refusal(answer.status, answer.read(), answer.headers.get("Sandboxd-Version", ""), __version__)
            while data := answer.read1(65536):
                yield from stream.feed(data)
        except (OSError, http.client.HTTPException) as error:
            raise DaemonDown(self.path, error if isinstance(error, OSError) else None, stream=True) from error
        finally:
            connection.close()
        raise DaemonDown(self.path, None, stream=True)


def connect(path: Path) -> Connection:
    """A client; nothing is dialled yet."""
    return Connection(path)
