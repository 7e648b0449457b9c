"""The CLI's driver: `http.client` over the Unix socket, blocking, quick to start. Imports nothing beyond msgspec."""

import http.client
import secrets
import socket
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TypeVar

from sandboxd import __version__
from sandboxd.client.address import check_length
from sandboxd.client.errors import DaemonDown, refusal
from sandboxd.client.ops import Op
from sandboxd.client.sse import SILENCE, Stream, Told
from sandboxd.wire.things import Event

T = TypeVar("T")
_SUCCESS = range(200, 300)
_CHUNK = 65536


class _Unix(http.client.HTTPConnection):
    def __init__(self, path: Path, timeout: float) -> None:
        super().__init__("sandboxd", timeout=timeout)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_CLOEXEC)
        self.sock.settimeout(self.timeout)
        self.sock.connect(str(self._path))


class Connection:
    """One client of the daemon's socket; raises `BadRequest` for a path that no socket can have."""

    def __init__(self, path: Path, *, silence: float = SILENCE) -> None:
        self.path, self._silence = check_length(path), silence

    def call(self, op: Op[T], *, key: str | None = None) -> T:
        """Carry an operation out; raise ClientError or DaemonDown. Reads and keyed writes are tried twice."""
        headers = dict(op.headers)
        if op.keyed:
            # one key for all attempts of this call: whatever was accepted at the first is found by the second
            headers["Idempotency-Key"] = key or secrets.token_hex(16)
        again = op.keyed or op.method == "GET"
        return op.decode(self.raw(op.method, op.path, op.content, headers, op.timeout, again=again))

    def raw(
        self,
        method: str,
        path: str,
        body: bytes = b"",
        headers: Mapping[str, str] | None = None,
        timeout: float = 30.0,
        *,
        again: bool = False,
    ) -> bytes:
        """Return the body of a successful answer; with `again`, a connection that breaks is tried once more."""
        for last in (not again, True):
            try:
                return self._once(method, path, body, headers or {}, timeout)
            except (ConnectionError, http.client.HTTPException) as error:
                if last or isinstance(error, ConnectionRefusedError):
                    raise DaemonDown(self.path, error if isinstance(error, OSError) else None) from error
            except TimeoutError as error:
                words = f"no answer to {method} {path.partition('?')[0]} in {timeout:g} s"
                raise DaemonDown(self.path, error, words=words) from error
            except OSError as error:
                raise DaemonDown(self.path, error) from error
        raise AssertionError

    def _once(self, method: str, path: str, body: bytes, headers: Mapping[str, str], timeout: float) -> bytes:
        connection = _Unix(self.path, timeout)
        try:
            sent = dict(headers) | ({"Content-Type": "application/json"} if body else {})
            connection.request(method, path, body or None, sent)
            return _body(connection.getresponse())
        finally:
            connection.close()

    def events(self, last_id: str = "") -> Iterator[Told]:
        """Give the event stream from an id on; raise DaemonDown when it ends, breaks or falls silent."""
        connection = _Unix(self.path, self._silence)
        stream = Stream(last_id)
        try:
            connection.request("GET", "/v1/events", headers={"Last-Event-ID": last_id} if last_id else {})
            answer = connection.getresponse()
            if answer.status not in _SUCCESS:
                _body(answer)
            while data := answer.read1(_CHUNK):
                yield from stream.feed(data)
        except TimeoutError as error:
            words = f"nothing was heard for {self._silence:g} s"
            raise DaemonDown(self.path, error, stream=True, words=words) from error
        except (OSError, http.client.HTTPException) as error:
            raise DaemonDown(self.path, error if isinstance(error, OSError) else None, stream=True) from error
        finally:
            connection.close()
        raise DaemonDown(self.path, None, stream=True, words="the daemon ended the stream")


def _body(answer: http.client.HTTPResponse) -> bytes:
    out = answer.read()
    if answer.status not in _SUCCESS:
        raise refusal(answer.status, out, answer.headers.get("Sandboxd-Version", ""), __version__)
    return out


def connect(path: Path) -> Connection:
    """Return a client; nothing is dialled yet."""
    return Connection(path)


__all__ = ["Connection", "Event", "connect"]
