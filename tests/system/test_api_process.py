"""The API as a process: what hostile, impatient and absent clients do to it, and what becomes of its socket.

One process serves most of these tests: whatever one client does, the next must find it as it was.
"""

import json
import os
import random
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import pytest
from apiprocess import CLOSE, GET, SUPPORT, Daemon, everything, until

from sandboxd.client import ops
from sandboxd.client.errors import ClientError, DaemonDown
from sandboxd.client.sse import Beat
from sandboxd.client.stdlib import Connection
from sandboxd.wire.requests import NewSandbox, NewTenant
from sandboxd.wire.things import Event


@pytest.fixture(scope="module")
def shared():
    with tempfile.TemporaryDirectory(prefix="sbx") as folder:
        daemon = Daemon(Path(folder))
        yield daemon
        daemon.close()


@pytest.fixture
def fresh():
    with tempfile.TemporaryDirectory(prefix="sbx") as folder:
        daemon = Daemon(Path(folder))
        yield daemon
        daemon.close()


def test_a_large_body_is_refused_and_not_kept(shared):
    """413 arrives although 20 MB are being sent; memory stays where it was."""
    shared.answers()
    before = shared.memory()
    with shared.connect() as client:
        head = b"POST /v1/tenants HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 20000000\r\n\r\n"
        try:
            client.sendall(head)
            for _ in range(320):
                client.sendall(b" " * 62500)
        except (BrokenPipeError, ConnectionResetError):
            pass
        assert b" 413 " in client.recv(65536)
    assert shared.memory() - before < 8000
    assert shared.answers()


def test_the_killers_of_other_servers(shared):
    """HTTP/2 prefaces, WebSockets with trailing bytes, TLS, chunk sizes without end: an answer, and it goes on."""
    killers = [
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        GET + b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: !!!!\r\n\r\n",
        GET
        + b"Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: eA==\r\n\r\nx",
        b"CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"POST /v1/tenants HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFFFFFF\r\n",
        b"GET /v1/why/boom HTTP/1.1\r\nHost: x\r\n\r\n",
    ]
    for data in killers:
        with shared.connect() as client:
            client.sendall(data)
            assert client.recv(65536).startswith(b"HTTP/1.1 "), data
    assert shared.answers()
    assert "RuntimeError: boom" in shared.err.read_text()


JSON = b"POST /v1/tenants HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
SEEDS = [
    GET + b"\r\n",
    JSON + b'Content-Length: 31\r\n\r\n{"name":"acme","email":"a@b.c"}',
    JSON + b'Transfer-Encoding: chunked\r\n\r\n5\r\n{"acc\r\n0\r\n\r\n',
    b"GET /v1/events HTTP/1.1\r\nHost: x\r\nLast-Event-ID: e1-0\r\n\r\n",
    b"POST /v1/tenants HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n{}",
    b"HEAD /metrics HTTP/1.0\r\n\r\n",
]  # fmt: skip
TOKENS = [
    b"\r\n", b"\0", b"\xff", b":", b" ", b"Content-Length: 99999999999999999999\r\n", b"Content-Length: -1\r\n",
    b"Transfer-Encoding: chunked\r\n", b"Connection: close\r\n", b"HTTP/1.1", b"a" * 5000, b"%00", b"?", b"\r\n\r\n",
    b"FFFFFFFF\r\n", b"0\r\n\r\n",
]  # fmt: skip


def mutated(rng: random.Random) -> bytes:
    data = bytearray(rng.choice(SEEDS))
    for _ in range(rng.choice([0, 0, 1, 1, 2, 4])):
        at, way = rng.randrange(len(data) + 1), rng.random()
        if way < 0.3 and at < len(data):
            data[at] = rng.randrange(256)
        elif way < 0.5:
            del data[at : at + rng.randrange(1, 9)]
        else:
            data[at:at] = rng.choice(TOKENS)
    return bytes(data)


def attack(daemon: Daemon, seed: int) -> None:
    """One connection: mutated requests in odd pieces, half closes, aborts."""
    rng = random.Random(seed)
    with daemon.connect(0.02) as client:
        try:
            data = b"".join(mutated(rng) for _ in range(rng.choice([1, 1, 2, 3])))
            while data:
                size = rng.choice([1, 7, 50, len(data), len(data)])
                client.sendall(data[:size])
                data = data[size:]
            if rng.random() < 0.2:
                client.shutdown(socket.SHUT_WR)
            if rng.random() < 0.75:
                client.recv(4096)
        except OSError:
            pass


def test_mutated_bytes_leave_nothing_behind(shared):
    """1,200 hostile connections from four threads: it answers, holds no more files, and logged no traceback."""
    shared.answers()
    before, logged = shared.files(), shared.err.read_text().count("Traceback")
    threads = [
        threading.Thread(target=lambda n=n: [attack(shared, n * 1000 + i) for i in range(300)], daemon=True)
        for n in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert shared.answers()
    until(lambda: shared.files() <= before, "closed connections to be forgotten")
    assert shared.err.read_text().count("Traceback") == logged, shared.err.read_text()[-3000:]


def test_clients_that_vanish_leave_nothing_behind(shared):
    """Half a head, half a body, a handler that never ends: no file stays open."""
    shared.answers()
    before = shared.files()
    slow = b'{"name":"slow","email":"a@b.c"}'
    request = b"POST /v1/tenants HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%b"
    for data in (b"GET /v1/hea", request % (99, b"{"), request % (len(slow), slow)) * 20:
        with shared.connect() as client:
            client.sendall(data)
    until(lambda: shared.files() <= before, "closed connections to be forgotten")
    assert shared.answers()


def test_one_key_one_sandbox_whatever_the_connection_does(shared):
    """B51: pressed five times at once with one key, the reply lost each time: one operation."""
    connection = Connection(shared.path)
    name = f"bank{os.getpid()}"
    op = ops.create(NewSandbox(name=name, tenant="acme", profile="trial"))
    for _ in range(5):
        with shared.connect() as client:
            head = (
                f"POST {op.path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nIdempotency-Key: k{name}\r\n"
            )
            client.sendall(head.encode() + b"Content-Length: %d\r\n\r\n" % len(op.content) + op.content)
    operation = connection.call(op, key=f"k{name}")
    assert operation.kind == "create"
    assert len(connection.call(ops.listing("sandboxes", filter_=f"name={name}")).items) == 1
    with pytest.raises(ClientError) as refused:
        connection.call(op)
    assert refused.value.problem.status == 409


def test_a_stream_goes_on_where_it_was(shared):
    """Events after an id, each once, then heartbeats; an unknown id is answered with a reset."""
    connection = Connection(shared.path)
    start = connection.call(ops.snapshot())
    connection.call(ops.why("500"))
    numbers, beats = [], 0
    for told in connection.events(f"{start.epoch}-{start.seq}"):
        if isinstance(told, Event):
            numbers.append(told.seq)
        elif isinstance(told, Beat):
            beats += 1
            if beats == 2:
                break
    assert numbers == list(range(start.seq + 1, start.seq + 501))
    for unknown in ("e2-1", f"e1-{start.seq + 10_000}", "e1--1", "e1-1_0", "x", "e1-²"):
        with shared.connect() as client:
            client.sendall(f"GET /v1/events HTTP/1.1\r\nHost: x\r\nLast-Event-ID: {unknown}\r\n\r\n".encode("latin-1"))
            seen = b""
            while b"event: reset\n" not in seen:
                piece = client.recv(65536)
                assert piece, (unknown, seen)
                seen += piece


def test_a_reader_that_stops_reading_is_cut_off_and_harms_nobody(shared):
    """Megabytes of events for a client that reads nothing: others are answered at once, memory stays, it is closed."""
    connection = Connection(shared.path)
    with shared.connect() as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.sendall(b"GET /v1/events HTTP/1.1\r\nHost: x\r\n\r\n")
        assert client.recv(15)
        streams = open_streams(connection)
        connection.call(ops.why("5000"))
        begun = time.monotonic()
        assert shared.answers()
        assert time.monotonic() - begun < 1
        until(lambda: open_streams(connection) < streams, "the stalled stream to be cut off", 8)


def open_streams(connection: Connection) -> int:
    text = connection.raw("GET", "/metrics").decode()
    return int(next(line for line in text.splitlines() if line.startswith("sandboxd_event_streams ")).split()[1])


def test_health_is_the_same_for_curl_and_for_us(shared):
    """Plain HTTP/1.1 and HTTP/1.0, GET and HEAD, with a version on each reply."""
    answer = shared.ask(GET + CLOSE)
    assert b"\r\nsandboxd-version: 9.9\r\n" in answer
    assert json.loads(answer.partition(b"\r\n\r\n")[2])["status"] == "ok"
    head = shared.ask(b"HEAD /v1/health HTTP/1.0\r\n\r\n")
    assert b" 200 OK" in head
    assert head.endswith(b"\r\n\r\n")
    assert b"\r\nsandboxd-version: 9.9\r\n" in shared.ask(b"nonsense\r\n\r\n")


# ---- the end
def test_a_stop_is_quick_whatever_clients_do(fresh):
    """A53: a stream, an idle connection, a handler that never returns, half a head: it ends within the drain, cleanly."""
    stream, idle, never, half = (fresh.connect() for _ in range(4))
    stream.sendall(b"GET /v1/events HTTP/1.1\r\nHost: x\r\n\r\n")
    assert b"event: hello" in stream.recv(65536)
    idle.sendall(GET + b"\r\n")
    assert b" 200 " in idle.recv(65536)
    slow = b'{"name":"slow","email":"a@b.c"}'
    never.sendall(
        b"POST /v1/tenants HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%b"
        % (len(slow), slow)
    )
    half.sendall(b"GET /v1/hea")
    assert fresh.answers()
    code, seconds = fresh.stop()
    assert code == 0, fresh.err.read_text()
    assert seconds < 3
    assert everything(stream).endswith(b"0\r\n\r\n")
    assert not fresh.path.exists()
    assert "Traceback" not in fresh.err.read_text()
    for client in (stream, idle, never, half):
        client.close()
    with pytest.raises(DaemonDown, match="No such file"):
        Connection(fresh.path).call(ops.health())


def test_streams_and_idle_connections_end_at_once(fresh):
    """Without a request in progress nothing is waited for."""
    stream = fresh.connect()
    stream.sendall(b"GET /v1/events HTTP/1.1\r\nHost: x\r\n\r\n")
    assert b"event: hello" in stream.recv(65536)
    code, seconds = fresh.stop()
    stream.close()
    assert (code, seconds < 0.9) == (0, True)


def test_a_request_in_progress_is_finished(fresh):
    """A wait of half a second that began before the stop is answered, and says that the connection closes."""
    Connection(fresh.path).call(ops.onboard(NewTenant(name="acme", email="a@b.c")))
    with fresh.connect() as client:
        client.sendall(b"GET /v1/operations/op_000/wait?timeout=0.5 HTTP/1.1\r\nHost: x\r\n\r\n")
        assert fresh.answers()
        fresh.popen.send_signal(signal.SIGTERM)
        answer = everything(client)
    assert b" 200 OK" in answer
    assert b"connection: close" in answer
    assert fresh.popen.wait(5) == 0


# ---- the socket
def test_a_second_daemon_is_refused_and_touches_nothing(fresh):
    """B54: also while the first one is stopped, and when its lock file was removed."""
    inode = fresh.path.stat().st_ino
    for trick in ("none", "stopped", "lock removed"):
        if trick == "stopped":
            fresh.popen.send_signal(signal.SIGSTOP)
        if trick == "lock removed":
            fresh.path.with_name("d.sock.lock").unlink()
        second = fresh.start()
        said = second.communicate(timeout=10)[0]
        fresh.popen.send_signal(signal.SIGCONT)
        assert second.returncode == 75, trick
        assert b"another daemon" in said
        assert fresh.path.stat().st_ino == inode
        assert fresh.answers()


def test_after_a_kill_the_next_daemon_takes_over_the_stale_socket(fresh):
    """Within a start; and the client says what it means meanwhile."""
    fresh.popen.kill()
    fresh.popen.wait()
    assert fresh.path.exists()
    with pytest.raises(DaemonDown, match="nobody listens"):
        Connection(fresh.path).call(ops.health())
    fresh.popen.stdout.close()
    fresh.popen = fresh.start()
    assert fresh.popen.stdout.readline() == b"ready\n"
    assert fresh.answers()


def test_of_many_daemons_started_at_once_one_serves():
    """Six race for one path: one is ready, five are refused, the socket answers."""
    with tempfile.TemporaryDirectory(prefix="sbx") as name:
        folder = Path(name)
        argv = [sys.executable, str(SUPPORT / "fakedaemon.py"), str(folder / "d.sock")]
        env = os.environ | {"PYTHONPATH": str(SUPPORT)}
        racers = [subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=env) for _ in range(6)]
        said = [racer.stdout.readline() for racer in racers]
        assert said.count(b"ready\n") == 1, said
        assert Connection(folder / "d.sock").call(ops.health()).status == "ok"
        for racer, first in zip(racers, said, strict=True):
            if first == b"ready\n":
                racer.terminate()
            assert racer.wait(10) == (0 if first == b"ready\n" else 75)
            racer.stdout.close()
        assert not (folder / "d.sock").exists()


def test_the_client_notices_a_daemon_that_fell_silent(fresh):
    """B44: a stream without heartbeats is an error after the silence, not yesterday shown as today."""
    connection = Connection(fresh.path, silence=0.7)
    stream = connection.events()
    assert isinstance(next(stream), Beat)
    fresh.popen.send_signal(signal.SIGSTOP)
    try:
        with pytest.raises(DaemonDown, match="nothing was heard"):
            for _ in stream:
                pass
    finally:
        fresh.popen.send_signal(signal.SIGCONT)
