"""One connection over memory streams, on a virtual clock: framing, refusals and every deadline."""

from contextlib import asynccontextmanager

import pytest
import trio
from trio.testing import MockClock, lockstep_stream_pair, memory_stream_pair, wait_all_tasks_blocked

from sandboxd.http.connection import Connection
from sandboxd.http.limits import Limits

CLOSE = b"Connection: close\r\n\r\n"


@pytest.fixture
def autojump_clock():
    return MockClock(autojump_threshold=0)


class App:
    """Echoes method, path and length of the body; some paths misbehave."""

    def __init__(self):
        self.cancelled = []

    async def __call__(self, scope, receive, send):
        match scope["path"]:
            case "/boom":
                raise RuntimeError("boom")
            case "/boom-in-a-nursery":
                async with trio.open_nursery() as nursery:
                    nursery.start_soon(trio.sleep_forever)
                    raise RuntimeError("boom")
            case "/silent":
                return
            case "/unread":
                await answer(send, b"unread")
                return
            case "/never":
                try:
                    await trio.sleep_forever()
                finally:
                    self.cancelled.append(scope["path"])
            case "/half":
                await send({"type": "http.response.start", "status": 200, "headers": []})
                await send({"type": "http.response.body", "body": b"half", "more_body": True})
                raise RuntimeError("boom")
            case "/endless":
                await send({"type": "http.response.start", "status": 200, "headers": []})
                try:
                    while True:
                        await send({"type": "http.response.body", "body": b"x" * 65536, "more_body": True})
                finally:
                    self.cancelled.append(scope["path"])
        body = b""
        more = True
        while more:
            message = await receive()
            body, more = body + message["body"], message["more_body"]
        await answer(send, f"{scope['method']} {scope['path']} {len(body)}".encode())


async def answer(send, body):
    headers = [(b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


@asynccontextmanager
async def connected(app=None, **limits):
    """A client's stream to a connection that is being served."""
    client, server = memory_stream_pair()
    constant = {"type": "http", "state": {}}
    connection = Connection(
        stream=server,
        limits=Limits(**limits),
        app=app or App(),
        constant=constant,
        draining=trio.Event(),
        fault_headers=((b"x-version", b"1"),),
    )

    async def run():
        await connection.run()
        await server.aclose()

    async with trio.open_nursery() as nursery:
        nursery.start_soon(run)
        yield client, connection
        await client.aclose()


async def everything(client) -> bytes:
    out = b""
    while piece := await client.receive_some():
        out += piece
    return out


async def said(data: bytes, **limits) -> bytes:
    async with connected(**limits) as (client, _):
        await client.send_all(data)
        return await everything(client)


async def test_requests_follow_each_other_on_one_connection():
    """Keep-alive and pipelining: a body by length, a chunked one, none, and HEAD without a body."""
    out = await said(
        b"GET /a HTTP/1.1\r\nHost: x\r\n\r\n"
        b"POST /b HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nhi"
        b"POST /c HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"
        b"HEAD /d HTTP/1.1\r\nHost: x\r\n" + CLOSE
    )
    assert out.count(b"HTTP/1.1 200 OK\r\n") == 4
    bodies = [out.index(line) for line in (b"GET /a 0", b"POST /b 2", b"POST /c 3")]
    assert bodies == sorted(bodies)
    assert out.endswith(b"\r\n\r\n")


async def test_a_thousand_pipelined_requests_are_all_answered():
    """In order, with no more than the allowed bytes held."""
    n = 1000
    requests = b"".join(b"GET /%d HTTP/1.1\r\nHost: x\r\n\r\n" % i for i in range(n))
    out = await said(requests + b"GET /end HTTP/1.1\r\nHost: x\r\n" + CLOSE, buffered_bytes=4096)
    assert out.count(b" 200 OK") == n + 1
    assert out.endswith(b"GET /end 0")


async def test_bytes_may_come_one_by_one():
    """What counts is what arrives, not in which pieces."""
    async with connected() as (client, _):
        for byte in b"POST /b HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nConnection: close\r\n\r\nhi":
            await client.send_all(bytes([byte]))
        assert (await everything(client)).endswith(b"POST /b 2")


REFUSED = [
    (b"GET / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nContent-Length: 1\r\n\r\n", 400, "ambiguous_length"),
    (b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", 400, "malformed_request"),
    (b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: +4\r\n\r\nabcd", 400, "malformed_request"),
    (b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n", 400, "malformed_request"),
    (b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip\r\n\r\n", 400, "malformed_request"),
    (b"GET / HTTP/1.1\nHost: x\n\n", 400, "malformed_request"),
    (b"GET / HTTP/1.1\r\nHost: x\r\nA: b\n\r\n", 400, "malformed_request"),
    (b"GET / HTTP/1.1\r\nHost: x\r\nA: b\r\n folded\r\n\r\n", 400, "malformed_request"),
    (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400, "malformed_request"),
    (b"GET / HTTP/2.0\r\nHost: x\r\n\r\n", 400, "malformed_request"),
    (b"GET /\r\n\r\n", 400, "malformed_request"),
    (b"GET http://y/ HTTP/1.1\r\nHost: x\r\n\r\n", 400, "bad_target"),
    (b"OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n", 400, "bad_target"),
    (b"CONNECT x:1 HTTP/1.1\r\nHost: x\r\n\r\n", 400, "bad_target"),
    (b"GET / HTTP/1.1\r\n\r\n", 400, "malformed_request"),
    (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 400, "malformed_request"),
    (b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1001\r\n\r\n", 413, "body_too_large"),
    (b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9999999999999999999\r\n\r\n", 413, "body_too_large"),
    (
        b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n200\r\n%b\r\n200\r\n%b\r\n"
        % ((b"y" * 512,) * 2),
        413,
        "body_too_large",
    ),
    (
        b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFFFFFFFFFF\r\n",
        400,
        "malformed_request",
    ),
    (
        b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1;" + b"e" * 40000,
        431,
        "head_too_large",
    ),
    (b"GET / HTTP/1.1\r\nHost: x\r\nA: " + b"y" * 40000, 431, "head_too_large"),
    (b"GET / HTTP/1.1\r\nHost: x\r\n", 408, "head_timeout"),
    (b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\na", 408, "body_timeout"),
    (b"GET /boom HTTP/1.1\r\nHost: x\r\n\r\n", 500, "internal_error"),
    (b"GET /boom-in-a-nursery HTTP/1.1\r\nHost: x\r\n\r\n", 500, "internal_error"),
    (b"GET /silent HTTP/1.1\r\nHost: x\r\n\r\n", 500, "internal_error"),
]


@pytest.mark.parametrize(("data", "status", "code"), REFUSED)
async def test_what_breaks_the_rules_gets_its_answer(autojump_clock, data, status, code):
    """One problem document with a stable code, then the connection closes."""
    out = await said(data, body_bytes=1000)
    assert out.startswith(b"HTTP/1.1 %d " % status), out
    assert out.count(b"HTTP/1.1") == 1
    assert f'"code":"{code}"'.encode() in out
    assert b"\r\nx-version: 1\r\n" in out
    assert b"\r\nconnection: close\r\n" in out
    assert b"Traceback" not in out


@pytest.mark.parametrize("path", [b"/boom", b"/half"])
async def test_a_failing_application_is_logged_and_ends_only_its_connection(autojump_clock, caplog, path):
    """The reason stands in the log; an answer that had begun is cut, not continued with another."""
    out = await said(b"GET %b HTTP/1.1\r\nHost: x\r\n\r\n" % path)
    assert out.count(b"HTTP/1.1") == 1
    assert not out.endswith(b"0\r\n\r\n")
    assert "RuntimeError: boom" in caplog.text


async def test_expect_continue_is_answered_before_the_body_is_read():
    """A client that asks first gets its 100."""
    async with connected() as (client, _):
        await client.send_all(b"POST /b HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n")
        assert (await client.receive_some()).startswith(b"HTTP/1.1 100 ")
        await client.send_all(b"hi")
        assert b"POST /b 2" in await client.receive_some()


async def test_upgrades_are_ignored():
    """No WebSocket, no HTTP/2: the request is answered as what it is."""
    out = await said(
        b"GET /a HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\r\n"
        b"GET /b HTTP/1.1\r\nHost: x\r\n" + CLOSE
    )
    assert b"GET /a 0" in out
    assert b"GET /b 0" in out


async def test_a_body_that_nobody_reads_closes_the_connection_after_the_answer(autojump_clock):
    """The answer arrives; what is still being sent is discarded, not buffered."""
    async with connected() as (client, _):
        await client.send_all(b"POST /unread HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\nxx")
        assert (await everything(client)).endswith(b"unread")


async def test_deadlines(autojump_clock):
    """Head 10 s, idle 75 s, body 30 s in all however it trickles: seconds of the real clock, here a virtual one."""
    start = trio.current_time()
    assert await said(b"") == b""
    assert trio.current_time() - start == pytest.approx(10)

    start = trio.current_time()
    out = await said(b"GET /a HTTP/1.1\r\nHost: x\r\n\r\n")
    assert out.endswith(b"GET /a 0")
    assert trio.current_time() - start == pytest.approx(75)

    async with connected() as (client, _):
        start = trio.current_time()
        await client.send_all(b"POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n")
        for _ in range(5):
            await client.send_all(b"x")
            await trio.sleep(7)
        assert b" 408 " in await client.receive_some()
        assert trio.current_time() - start == pytest.approx(35)


async def test_a_head_that_trickles_is_cut(autojump_clock):
    """A byte now and then does not extend the deadline."""
    async with connected() as (client, _):
        start = trio.current_time()
        await client.send_all(b"GET / HTTP/1.1\r\nX: ")
        async with trio.open_nursery() as nursery:

            async def trickle():
                while True:
                    await trio.sleep(1)
                    await client.send_all(b"x")

            nursery.start_soon(trickle)
            assert b" 408 " in await client.receive_some()
            nursery.cancel_scope.cancel()
        assert trio.current_time() - start == pytest.approx(10)


async def test_a_peer_that_goes_away_cancels_its_handler():
    """Nobody computes for somebody who left."""
    app = App()
    async with connected(app) as (client, _):
        await client.send_all(b"GET /never HTTP/1.1\r\nHost: x\r\n\r\n")
        await wait_all_tasks_blocked()
        assert app.cancelled == []
    assert app.cancelled == ["/never"]


async def test_a_reader_that_never_reads_is_cut_off(autojump_clock):
    """The write deadline cancels the handler; it costs one buffer, not all of memory."""
    app = App()
    client, server = lockstep_stream_pair()
    connection = Connection(
        stream=server,
        limits=Limits(write=5),
        app=app,
        constant={"type": "http", "state": {}},
        draining=trio.Event(),
        fault_headers=(),
    )
    async with trio.open_nursery() as nursery:
        nursery.start_soon(connection.run)
        await client.send_all(b"GET /endless HTTP/1.1\r\nHost: x\r\n\r\n")
        start = trio.current_time()
    assert trio.current_time() - start == pytest.approx(5)
    assert app.cancelled == ["/endless"]
