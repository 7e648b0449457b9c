"""A service that moto does not have, as an account has it that never used it: every list is empty, and nothing can be made."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

EMPTY = {"DescribeFleets": {"Fleets": []}, "DescribeStacks": {"Stacks": []}, "DescribeImages": {"Images": []}}


class _Answer(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        """Answer one call of the json protocol."""
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        name = self.headers.get("X-Amz-Target", "").rpartition(".")[2]
        status, answer = (200, EMPTY[name]) if name in EMPTY else (400, {"__type": "InvalidAction", "Message": name})
        body = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/x-amz-json-1.1")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def empty_appstream() -> Iterator[str]:
    """The endpoint of an AppStream without anything, until the block ends."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Answer)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, name="an empty AppStream", daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join(timeout=10)
