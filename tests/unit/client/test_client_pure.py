"""The parts of the client that do no I/O: streams of bytes, errors, addresses, descriptions of operations."""

import errno
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandboxd.api.route import Router
from sandboxd.api.routes import ROUTES
from sandboxd.client import address, ops
from sandboxd.client.errors import ClientError, DaemonDown, DaemonOutdated, is_older, refusal
from sandboxd.client.sse import Beat, Reset, Stream
from sandboxd.model.errors import BadRequest
from sandboxd.wire.requests import NewSandbox, NewTenant, PlanRequest
from sandboxd.wire.things import Event

EVENT = Event(id="e-7", seq=1, at="t", type="sandbox.started", message="ünïcode")
BYTES = (
    b": 6\n\nid: e-6\nevent: hello\ndata: {}\n\n"
    b"id: e-7\ndata: " + msgspec.json.encode(EVENT) + b"\n\n"
    b"retry: 500\n\nid: e-9\nevent: reset\ndata: {}\n\nid: e-9\nevent: something.new\ndata: {}\n\n:\r\n\r\n"
)


# ---- streams
@given(st.lists(st.integers(min_value=1, max_value=9), max_size=60))
def test_a_stream_reads_the_same_in_whatever_pieces_it_comes(sizes):
    """Heartbeat, hello, event, reset, a frame of the future, heartbeat."""
    stream, told, rest = Stream(), [], BYTES
    for size in sizes:
        told += stream.feed(rest[:size])
        rest = rest[size:]
    told += stream.feed(rest)
    assert told == [Beat(6), Beat(), EVENT, Reset("e-9"), Beat(), Beat()]
    assert stream.last_id == "e-9"


def test_a_heartbeat_ahead_of_what_arrived_means_a_loss():
    """B44: the daemon's number tells a client that it has less."""
    stream = Stream("e-7")
    assert not stream.missed(Beat(7))
    assert not stream.missed(Beat())
    assert stream.missed(Beat(8))
    assert not Stream().missed(Beat(8))


def test_fields_of_the_future_are_ignored():
    """B24: an older client reads what a newer daemon says."""
    newer = msgspec.to_builtins(EVENT) | {"colour": "green", "type": "moon.risen"}
    (told,) = Stream().feed(b"data: " + msgspec.json.encode(newer) + b"\n\n")
    assert told.type == "moon.risen"


# ---- errors
def a_problem(code: str, status: int = 404) -> bytes:
    return msgspec.json.encode(
        {"type": "about:blank", "title": "t", "status": status, "detail": "d", "code": code, "colour": "green"}
    )


@pytest.mark.parametrize(
    ("code", "theirs", "outdated"),
    [
        ("route_not_found", "0.1.0", True),
        ("unknown_field", "0.1.0", True),
        ("unknown_parameter", "0.1.9", True),
        ("method_not_allowed", "0.1.0", True),
        ("route_not_found", "0.2.0", False),
        ("route_not_found", "0.10.0", False),
        ("route_not_found", "", False),
        ("sandbox_not_found", "0.1.0", False),
        ("not_found", "0.1.0", False),
        ("sandbox_exists", "0.1.0", False),
    ],
)
def test_an_older_daemon_is_said_to_be_old(code, theirs, outdated):
    """B24: only what a newer client may know is blamed on the daemon's age, and with both versions."""
    error = refusal(404, a_problem(code), theirs, "0.2.0")
    assert isinstance(error, DaemonOutdated) is outdated
    if outdated:
        assert error.problem.code == "daemon_outdated"
        assert theirs in error.problem.detail
        assert "0.2.0" in error.problem.detail
        assert "Restart" in (error.problem.hint or "")
    else:
        assert error.problem.code == code


def test_versions_are_numbers():
    """0.10 comes after 0.9."""
    assert is_older("0.9.1", "0.10.0")
    assert not is_older("0.10.0", "0.9.1")


@pytest.mark.parametrize("body", [b"", b"<html>", b"\xff", b"[]", b"null"])
def test_an_answer_that_is_no_problem_is_still_a_sentence(body):
    """Something else may listen on a socket."""
    error = refusal(502, body, "", "1")
    assert type(error) is ClientError
    assert (error.problem.status, error.problem.code) == (502, "unreadable")


@pytest.mark.parametrize(
    ("number", "words"),
    [(errno.ENOENT, "no daemon"), (errno.ECONNREFUSED, "nobody listens"), (errno.EACCES, "may not")],
)
def test_no_daemon_says_what_was_dialled_and_what_it_means(number, words):
    """B48: path, meaning, what to do."""
    down = DaemonDown(Path("/run/x.sock"), OSError(number, "x"))
    assert "/run/x.sock" in str(down)
    assert words in str(down)
    assert down.errno == number
    assert "--socket" in down.hint


# ---- addresses
@pytest.fixture
def bare(monkeypatch, tmp_path):
    """No system folder, no variables."""
    monkeypatch.setattr(address, "SYSTEM", tmp_path / "none" / "sandboxd.sock")
    monkeypatch.delenv("SANDBOXD_SOCKET", raising=False)
    monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)
    monkeypatch.setattr("os.getuid", lambda: 4_000_000)
    return monkeypatch


def test_the_socket_is_looked_for_in_one_order(bare, tmp_path):
    """Option, variable, system, user."""
    with pytest.raises(BadRequest) as refused:
        address.socket_path()
    assert "XDG_RUNTIME_DIR" in refused.value.detail
    assert "SANDBOXD_SOCKET" in refused.value.hint
    bare.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    bare.setattr("os.getuid", lambda: tmp_path.stat().st_uid or 0)
    assert address.socket_path() == tmp_path / "sandboxd" / "sandboxd.sock"
    address.SYSTEM.parent.mkdir()
    assert address.socket_path() == address.SYSTEM
    bare.setenv("SANDBOXD_SOCKET", "/a/b")
    assert address.socket_path() == Path("/a/b")
    assert address.socket_path("/c") == Path("/c")


def test_a_runtime_folder_of_somebody_else_is_not_ours(bare, tmp_path):
    """`su` keeps the variable of who was logged in before."""
    bare.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    with pytest.raises(BadRequest):
        address.socket_path()


@pytest.mark.parametrize("length", range(90, 113))
def test_paths_of_107_bytes_are_the_longest(length):
    """B25: what is longer is refused with its length."""
    path = Path("/tmp/" + "x" * (length - 5))
    if length <= 107:
        assert address.check_length(path) == path
        return
    with pytest.raises(BadRequest) as refused:
        address.check_length(path)
    assert str(length) in refused.value.detail
    assert "107" in refused.value.detail


# ---- operations
NEW = NewSandbox(name="bank", tenant="acme", profile="trial")
OPS = [
    ops.snapshot(),
    *(ops.listing(what, filter_="a=b", after="x", limit=3) for what in ("tenants", "accounts", "sandboxes", "operations", "profiles")),
    *(ops.thing(what, "acme/bank") for what in ("tenants", "accounts", "sandboxes", "operations")),
    ops.events(after="e-1", limit=3),
    ops.wait("op_1", 5),
    ops.pool(),
    ops.ingress("acme/bank"),
    ops.why("acme/bank"),
    ops.health(),
    ops.whoami(),
    ops.plan(PlanRequest(verb="create", sandbox=NEW)),
    ops.onboard(NewTenant(name="acme", email="a@b")),
    ops.create(NEW),
    *(ops.command(verb, "acme/bank") for verb in ("start", "stop", "delete")),
    ops.extend("acme/bank", 60),
    ops.desktop("acme/bank"),
    ops.credential("acme/bank", "admin password"),
    ops.retry("op_1"),
    ops.skip("op_1", "s", "r"),
    ops.cancel("op_1"),
]  # fmt: skip


@pytest.mark.parametrize("op", OPS, ids=lambda op: f"{op.method} {op.path}")
def test_every_operation_of_the_client_has_its_route(op):
    """Method, path, query, body and key are what the table of routes takes."""
    path, _, query = op.path.partition("?")
    found = Router(ROUTES).find(op.method, path.encode())
    route = found.route
    assert op.keyed is route.keyed
    if op.body is not None:
        assert type(op.body) is route.request
        assert msgspec.json.decode(op.content, type=route.request) == op.body
    names = {pair.partition("=")[0] for pair in query.split("&") if pair}
    assert names <= set(route.query.__struct_encode_fields__ if route.query else ())
    if "acme" in path:
        assert found.ref == "acme/bank"


def test_every_route_has_its_operation():
    """But what is only for other programs."""
    used = {Router(ROUTES).find(op.method, op.path.partition("?")[0].encode()).route.path for op in OPS}
    assert {route.path for route in ROUTES} - used == {"/v1/openapi.json", "/metrics"}
