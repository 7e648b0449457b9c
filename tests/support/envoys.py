"""Real Envoys on this machine, as ingress machines have them: first boot, deliveries, reports; and backends to lead to."""

import http.server
import os
import random
import re
import shutil
import socket
import socketserver
import ssl
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Self

from needs import need

from sandboxd.ingress import said
from sandboxd.ingress.content import Content
from sandboxd.ingress.parts import Part, Place
from sandboxd.ingress.scripts import deliver, first_boot, report

_CHANCE = random.SystemRandom()
PATIENCE = 30.0
"""seconds after which something that should happen at once did not"""


def free_ports(many: int) -> list[int]:
    """Ports that nobody uses now, and that the kernel gives nobody who connects: below its range for that."""
    found: dict[int, bool] = {}
    while len(found) < many:
        port = _CHANCE.randrange(15_000, 32_000)
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            found[port] = True
    return list(found)


def until(true: Callable[[], object], what: str) -> None:
    """Look until it is so."""
    end = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < end, what
        time.sleep(0.02)


class Machine:
    """A folder that is an ingress machine: its Envoy runs, dies and comes back with what lies on its disk."""

    def __init__(self, root: Path, name: str) -> None:
        here = root / name
        here.mkdir()
        http_port, tls_port = free_ports(2)
        self.name, self.here = name, here
        self.place = Place(
            folder=f"{here}/e", envoy=need("envoy"), admin=f"{here}/a", address="127.0.0.1",
            http=http_port, tls=tls_port, unit=f"{here}/unit", connections=500,
        )  # fmt: skip
        self.log, self.scripts = here / "log", 0
        self.process: subprocess.Popen[bytes] | None = None
        need("curl")

    def first_boot(self) -> None:
        """What user data does, with a service manager that only notes what it was told."""
        told = self.here / "systemctl"
        told.write_text(f'#!/bin/sh\necho "$@" >>{self.here}/told\n')
        told.chmod(0o755)
        env = os.environ | {"PATH": f"{self.here}:{os.environ['PATH']}"}
        subprocess.run(["sh"], input=first_boot(self.place), text=True, check=True, env=env)

    def start(self) -> None:
        """As the unit does."""
        command = [
            self.place.envoy, "-c", f"{self.place.folder}/bootstrap.json", "--disable-hot-restart", "--drain-time-s", "2",
            "--concurrency", "1", "-l", "warn",
        ]  # fmt: skip
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log)
        until(lambda: self.healthy() or self.process.poll() is not None, f"{self.name} is up")  # type: ignore[union-attr]
        assert self.process.poll() is None, self.log.read_text()[-2000:]

    def die(self) -> None:
        """As a machine does."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None

    def healthy(self) -> bool:
        """What a balancer asks."""
        with suppress(OSError):
            return get(self.place.http, "10.0.0.1", "/healthz")[0] == 200
        return False

    def run(self, script: str, **env: str) -> subprocess.CompletedProcess[str]:
        """As the agent does: a file for sh."""
        self.scripts += 1
        path = self.here / f"script{self.scripts}.sh"
        path.write_text(script)
        return subprocess.run(
            ["sh", str(path)], capture_output=True, text=True, timeout=120, check=False, env=os.environ | env
        )

    def deliver(self, made: Content, expected: str, patience: int = 100) -> said.Delivered:
        """Send a configuration; the exit code is the outcome's."""
        done = self.run(deliver(made, expected, self.place, patience))
        answer = said.delivered(done.stdout)
        assert answer is not None, (done.returncode, done.stdout, done.stderr)
        assert said.OUTCOMES[answer.outcome] == done.returncode, (answer, done.stderr)
        return answer

    def report(self) -> said.Runs:
        """Ask what runs."""
        done = self.run(report(self.place))
        answer = said.runs(done.stdout)
        assert answer is not None and done.returncode == 0, (done.stdout, done.stderr)
        return answer

    def files(self) -> dict[str, bytes]:
        """What Envoy watches."""
        return {path.name: path.read_bytes() for path in Path(self.place.folder).glob("*ds.json")}


@contextmanager
def machines(*names: str) -> Iterator[list[Machine]]:
    """Machines after their first boot, their Envoys running; a short path, for sockets have no long names."""
    root = Path(tempfile.mkdtemp(prefix="envoy-", dir="/tmp"))
    made = []
    try:
        for name in names:
            made.append(Machine(root, name))
            made[-1].first_boot()
            made[-1].start()
        yield made
    finally:
        for one in made:
            one.die()
        shutil.rmtree(root, ignore_errors=True)


def get(port: int, host: str, path: str = "/", timeout: float = 10.0) -> tuple[int, str]:
    """One request on a connection of its own."""
    with socket.create_connection(("127.0.0.1", port), timeout=timeout) as conn:
        conn.sendall(f"GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
        whole = b"".join(iter(lambda: conn.recv(65536), b""))
    head, _, body = whole.partition(b"\r\n\r\n")
    length = re.search(rb"content-length: (\d+)", head.lower())
    if length is None or len(body) != int(length[1]):
        raise ConnectionError(f"cut after {len(whole)} bytes")
    return int(head.split()[1]), body.decode()


class _Answers(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        body = f"{self.server.said} {self.headers['Host']} {self.path}".encode()  # type: ignore[attr-defined]
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


class _Echo(socketserver.BaseRequestHandler):
    def handle(self) -> None:
        self.request.sendall(self.server.said.encode())  # type: ignore[attr-defined]
        while data := self.request.recv(65536):
            self.request.sendall(data)


class _Machine(socketserver.ThreadingTCPServer):
    daemon_threads = True
    request_queue_size = 128
    said: str
    context: ssl.SSLContext | None

    def finish_request(self, request: Any, client_address: Any) -> None:
        """In a thread of its own: the handshake holds up nobody else."""
        if self.context is None:
            super().finish_request(request, client_address)
            return
        with self.context.wrap_socket(request, server_side=True) as secret:
            super().finish_request(secret, client_address)

    def handle_error(self, *_: object) -> None:
        """A client may go whenever it likes."""


@contextmanager
def backend(
    name: str, handler: type[socketserver.BaseRequestHandler] = _Answers, context: ssl.SSLContext | None = None
) -> Iterator[int]:
    """A sandbox's machine: says its name to whoever asks; over TLS where there is a context."""
    server = _Machine(("127.0.0.1", 0), handler)
    server.said, server.context = name, context
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()


def echo(name: str, context: ssl.SSLContext | None = None):
    """A machine that says its name and then what it hears."""
    return backend(name, _Echo, context)


def part(sandbox: str, port: int, route: str = "web", **words: object) -> Part:
    """A route of a sandbox whose machine is this one."""
    words = {"layer": "http", "host": f"{route}-{sandbox}.acme.example"} | words
    return Part(sandbox=sandbox, tenant="acme", name=sandbox, route=route, address="127.0.0.1", port=port, **words)  # type: ignore[arg-type]


class Stream:
    """Somebody who asks one host all the time, at every balancer's target that is healthy, one after the other.

    Counts what was answered, what was not by any, and how often it had to go `elsewhere`."""

    def __init__(self, ports: list[int], host: str, wanted: str) -> None:
        self.ports, self.host, self.wanted = ports, host, wanted
        self.good, self.bad, self.elsewhere = 0, list[str](), 0
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        self.more(20)
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join(PATIENCE)

    def more(self, many: int) -> None:
        """Wait until so many more were answered."""
        before = self.good
        until(lambda: self.good >= before + many or self.bad, f"{many} more requests are answered")

    def _run(self) -> None:
        turn = 0
        while not self._over.is_set():
            turn += 1
            self._over.wait(0.003)
            self._one(self.ports[turn % len(self.ports) :] + self.ports[: turn % len(self.ports)])

    def _one(self, ports: list[int]) -> None:
        for port in ports:
            try:
                status, text = get(port, self.host)
            except OSError as error:
                problem = repr(error)
                self.elsewhere += 1
                continue  # a balancer's other target
            if status == 200 and text.startswith(self.wanted + " "):
                self.good += 1
            else:
                self.bad.append(f"{status} {text}")
            return
        self.bad.append(problem)
