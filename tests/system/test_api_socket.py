"""Unix sockets: modes without a window, names that are too long, what is not ours, who connects, how many may."""

import os
import socket
import stat
import struct
import tempfile
from functools import partial
from pathlib import Path

import pytest
import trio

from sandboxd.http import Limits, SocketRefused, bind_unix, serve
from sandboxd.http.unix import peer_of


@pytest.fixture
def folder():
    """A short one: a socket's path has 107 bytes."""
    with tempfile.TemporaryDirectory(prefix="sbx") as name:
        yield Path(name)


@pytest.mark.parametrize("length", range(90, 113))
async def test_paths_up_to_107_bytes_can_be_served(folder, length):
    """B25: to the byte, temporary name included; beyond, the length is said and nothing is left."""
    path = folder / ("x" * (length - len(str(folder)) - 1))
    assert len(str(path)) == length
    if length <= 107:
        bound = bind_unix(path)
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(str(path))
        bound.close()
    else:
        with pytest.raises(SocketRefused, match=rf"107 bytes.* {length}") as refused:
            bind_unix(path)
        assert refused.value.kind == "too_long"
    assert [name.name for name in folder.iterdir() if not name.name.endswith(".lock")] == []


async def test_a_short_name_in_a_deep_folder_counts_with_its_temporary_one(folder):
    """The name under which a socket is made may be the longer one."""
    deep = folder / ("d" * (107 - len(str(folder)) - 3))
    deep.mkdir()
    with pytest.raises(SocketRefused, match="while it is made"):
        bind_unix(deep / "s")


async def test_the_mode_is_right_from_the_first_instant(folder, monkeypatch):
    """Nobody can connect before the mode is set: at each step the name is not there, or refuses."""
    path, seen = folder / "s", []
    chmod = Path.chmod

    def look(self, mode):
        before = [name for name in folder.iterdir() if stat.S_ISSOCK(name.lstat().st_mode)]
        for name in before:
            with socket.socket(socket.AF_UNIX) as client:
                seen.append((name == path, client.connect_ex(str(name))))
        chmod(self, mode)

    monkeypatch.setattr(Path, "chmod", look)
    old = os.umask(0)
    try:
        bound = bind_unix(path, mode=0o640)
    finally:
        os.umask(old)
    assert [there for there, _ in seen] == [False]
    assert all(code for _, code in seen)
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert stat.S_IMODE(path.with_name("s.lock").stat().st_mode) == 0o600
    bound.close()


async def test_a_group_can_be_given(folder):
    """The group is set before the name is there."""
    bound = bind_unix(folder / "s", mode=0o660, gid=os.getgid())
    assert (folder / "s").stat().st_gid == os.getgid()
    bound.close()
    bound.close()


@pytest.mark.parametrize("what", ["file", "folder", "link to a file", "dangling link"])
async def test_what_is_no_socket_is_left_alone(folder, what):
    """Exit 78 and the content intact; also where a link leads to it."""
    path, precious = folder / "s", folder / "precious"
    precious.write_text("precious")
    match what:
        case "file":
            path.write_text("precious")
        case "folder":
            path.mkdir()
        case "link to a file":
            path.symlink_to(precious)
        case _:
            path.symlink_to(folder / "nowhere")
    with pytest.raises(SocketRefused) as refused:
        bind_unix(path)
    assert refused.value.kind == "not_a_socket"
    assert precious.read_text() == "precious"
    assert path.is_symlink() or path.exists()


async def test_a_stale_socket_is_replaced(folder):
    """As a killed daemon leaves it."""
    with socket.socket(socket.AF_UNIX) as stale:
        stale.bind(str(folder / "s"))
    bound = bind_unix(folder / "s")
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(str(folder / "s"))
    bound.close()
    assert not (folder / "s").exists()


async def test_a_socket_that_listens_is_not_replaced(folder):
    """Somebody else's, without our lock: only a refused connect proves it stale, a full backlog does not."""
    with socket.socket(socket.AF_UNIX) as other:
        other.bind(str(folder / "s"))
        other.listen(0)
        with socket.socket(socket.AF_UNIX) as first:
            first.connect(str(folder / "s"))
            with pytest.raises(SocketRefused) as refused:
                bind_unix(folder / "s")
    assert refused.value.kind == "in_use"


async def test_a_successors_socket_is_not_removed(folder):
    """B54: the displaced daemon takes away only what it made."""
    bound = bind_unix(folder / "s")
    (folder / "s").unlink()
    with socket.socket(socket.AF_UNIX) as successor:
        successor.bind(str(folder / "s"))
        bound.close()
        assert (folder / "s").exists()


async def test_folders_that_cannot_be_trusted_or_used_are_named(folder):
    """World-writable without a sticky bit, missing, a file, a lock that is a link."""
    (folder / "open").mkdir()
    (folder / "open").chmod(0o777)
    (folder / "file").write_text("")
    (folder / "l.lock").symlink_to(folder / "elsewhere")
    for path, words in (
        ("open/s", "everybody"), ("no/such/s", "No such file"), ("file/s", "File exists"), ("l", "symbolic links"),
    ):  # fmt: skip
        with pytest.raises(SocketRefused, match=words) as refused:
            bind_unix(folder / path)
        assert refused.value.kind == "unusable"
    assert not (folder / "elsewhere").exists()
    bind_unix(folder / "new" / "s").close()


async def app(scope, receive, send):
    """Say who the peer is."""
    peer = scope["state"]["peer"]
    body = b"nobody" if peer is None else f"{peer.pid} {peer.uid} {peer.gid} {sorted(peer.groups)}".encode()
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"%d" % len(body))]})
    await send({"type": "http.response.body", "body": body})


ASK = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"


async def test_the_peer_is_who_connected(folder):
    """Pid, uid, gid and groups of this process; nobody on TCP."""
    bound = bind_unix(folder / "s")
    tcp = await trio.open_tcp_listeners(0, host="127.0.0.1")
    stop = trio.Event()
    async with trio.open_nursery() as nursery:
        await nursery.start(partial(serve, app, [bound.listener, *tcp], stop=stop))
        stream = await trio.open_unix_socket(folder / "s")
        await stream.send_all(ASK)
        said = await stream.receive_some()
        expected = f"{os.getpid()} {os.getuid()} {os.getgid()} {sorted(os.getgroups())}"
        assert said.endswith(expected.encode()), said
        other = await trio.open_tcp_stream(*tcp[0].socket.getsockname()[:2])
        await other.send_all(ASK)
        assert (await other.receive_some()).endswith(b"nobody")
        await stream.aclose()
        await other.aclose()
        stop.set()
    bound.close()


def test_ids_are_unsigned_and_groups_may_be_unknown():
    """An unmapped uid is 65534 or 2^32-1, never -1; a kernel without SO_PEERGROUPS gives none."""

    class Sock:
        family = socket.AF_UNIX

        def getsockopt(self, _level, option, _room):
            if option == socket.SO_PEERCRED:
                return struct.pack("i2I", 7, 0xFFFFFFFF, 65534)
            raise OSError(92, "not there")

    peer = peer_of(Sock())
    assert (peer.pid, peer.uid, peer.gid, peer.groups) == (7, 0xFFFFFFFF, 65534, ())


async def test_connections_are_bounded_per_user(folder, caplog):
    """One too many is told so and closed; when one ends there is room again."""
    bound, stop = bind_unix(folder / "s"), trio.Event()
    async with trio.open_nursery() as nursery:
        await nursery.start(partial(serve, app, [bound.listener], stop=stop, limits=Limits(connections_per_user=2)))
        streams = [await trio.open_unix_socket(folder / "s") for _ in range(3)]
        for stream in streams[:2]:
            await stream.send_all(ASK)
            assert b" 200 " in await stream.receive_some()
        said = await streams[2].receive_some()
        assert said.startswith(b"HTTP/1.1 503 ")
        assert b"too_many_connections" in said
        await streams[0].aclose()
        with trio.fail_after(5):
            answer = b""
            while b" 200 " not in answer:
                again = await trio.open_unix_socket(folder / "s")
                try:
                    await again.send_all(ASK)
                    answer = await again.receive_some()
                except trio.BrokenResourceError:
                    answer = b""
                await again.aclose()
        for stream in streams[1:]:
            await stream.aclose()
        stop.set()
    bound.close()
    assert "turned away" in caplog.text
