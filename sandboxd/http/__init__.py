"""A small HTTP/1.1 server on Trio: h11 behind an ASGI 3 boundary, strict, with a deadline on every wait.

It knows bytes, connections and the ASGI messages; it knows nothing of sandboxes, tenants or AWS.
"""

from sandboxd.http.limits import Limits, Peer
from sandboxd.http.server import serve
from sandboxd.http.unix import SocketRefused, UnixSocket, bind_unix, check_length

__all__ = ["Limits", "Peer", "SocketRefused", "UnixSocket", "bind_unix", "check_length", "serve"]
