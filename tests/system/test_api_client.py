"""The dashboard's driver against the real API: on asyncio and on Trio, through restarts, silence and refusals."""

import asyncio
import signal
import tempfile
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

import anyio
import pytest
import trio
from apiprocess import Daemon
from fakedesk import FakeCallers, FakeDesk

from sandboxd.api.app import Api
from sandboxd.api.listen import serve_api
from sandboxd.client import ops
from sandboxd.client.aio import AsyncClient
from sandboxd.client.errors import ClientError, DaemonDown, DaemonOutdated
from sandboxd.client.fold import View
from sandboxd.client.sse import Reset
from sandboxd.wire.requests import NewSandbox, NewTenant

NEW = NewSandbox(name="bank", tenant="acme", profile="trial")


@pytest.fixture
def daemon():
    with tempfile.TemporaryDirectory(prefix="sbx") as folder:
        made = Daemon(Path(folder))
        yield made
        made.close()


class Follower:
    """A follower that notes what it is told, and lets a test wait for it."""

    def __init__(self, client: AsyncClient) -> None:
        self.client, self.view, self.told = client, View(), []

    async def run(self, last_id: str = "") -> None:
        await self.client.follow(last_id, self._event, self._standing)

    async def _event(self, told) -> None:
        self.told.append("reset" if isinstance(told, Reset) else told.type)
        if isinstance(told, Reset):
            self.view.load(await self.client.call(ops.snapshot()))
        else:
            self.view.apply(told)

    async def _standing(self, standing, words) -> None:
        self.told.append((standing, words))

    async def until(self, condition) -> None:
        with anyio.fail_after(10):
            while not condition():
                await anyio.sleep(0.01)

    def standings(self):
        return [told for told in self.told if isinstance(told, tuple)]


async def a_life_with_restarts(daemon: Daemon) -> None:
    """Follow through a write, a kill and a stop of the process; the view ends as the daemon's state is."""
    async with AsyncClient(daemon.path, silence=0.8) as client, anyio.create_task_group() as tasks:
        follower = Follower(client)
        follower.view.load(await client.call(ops.snapshot()))
        tasks.start_soon(partial(follower.run, follower.view.last_id))
        await follower.until(lambda: follower.standings() == [("live", "")])
        await client.call(ops.create(NEW))
        await follower.until(lambda: follower.view.sandboxes)
        assert follower.told[-1] == "sandbox.initializing"

        daemon.popen.kill()
        daemon.popen.wait()
        await follower.until(lambda: any("nobody listens" in words for _, words in follower.standings()))
        with pytest.raises(DaemonDown, match="nobody listens"):
            await client.call(ops.health())
        daemon.popen.stdout.close()
        daemon.popen = daemon.start()
        await follower.until(lambda: follower.told[-1] == "reset")
        await follower.until(lambda: not follower.view.sandboxes)

        daemon.popen.send_signal(signal.SIGSTOP)
        await follower.until(lambda: any("nothing was heard" in words for _, words in follower.standings()))
        daemon.popen.send_signal(signal.SIGCONT)
        await follower.until(lambda: follower.standings()[-1] == ("live", ""))
        await client.call(ops.onboard(NewTenant(name="acme", email="a@b.c")))
        await follower.until(lambda: follower.view.tenants)
        tasks.cancel_scope.cancel()


def test_on_asyncio(daemon):
    """As the dashboard runs it; nothing is left pending at the end."""

    async def main() -> int:
        await a_life_with_restarts(daemon)
        return len(asyncio.all_tasks())

    assert asyncio.run(main()) == 1


async def test_on_trio(daemon):
    """As tests and the virtual world run it."""
    await a_life_with_restarts(daemon)


@asynccontextmanager
async def in_process(desk=None, *, version="9.9", uid=0):
    """The API in this process, to which every peer is this uid."""

    class One(FakeCallers):
        def caller(self, _uid, gid, groups):
            return super().caller(uid, gid, groups)

    with tempfile.TemporaryDirectory(prefix="sbx") as folder:
        path, stop = Path(folder) / "d.sock", trio.Event()
        api = Api(desk=desk or FakeDesk(), callers=One(), version=version)
        async with trio.open_nursery() as nursery:
            await nursery.start(partial(serve_api, api, path, mode=0o600, version=version, stop=stop, drain=0.2))
            async with AsyncClient(path) as client:
                with trio.fail_after(10):
                    yield client
            stop.set()


async def test_a_refused_stream_is_not_waited_for():
    """Who may not read gets the refusal, not an endless `down`."""
    async with in_process(uid=3) as client:
        follower = Follower(client)
        with pytest.raises(ClientError) as refused:
            await follower.run()
        assert refused.value.problem.code == "not_allowed"
        assert follower.told == []


async def test_an_older_daemon_is_said_to_be_old():
    """B24: a route that it does not know, with both versions; what it does know works."""
    async with in_process(version="0.0.9") as client:
        assert (await client.call(ops.health())).status == "ok"
        with pytest.raises(DaemonOutdated, match=r"0\.0\.9"):
            await client.call(ops.Op(method="GET", path="/v1/tomorrow", result=dict))


async def test_double_submit_with_one_key_is_one_operation():
    """B51: the dashboard keeps one key per confirmation; two at once are one sandbox."""
    desk = FakeDesk()
    async with in_process(desk) as client:
        got = []

        async def press() -> None:
            got.append(await client.call(ops.create(NEW), key="one"))

        async with trio.open_nursery() as nursery:
            for _ in range(3):
                nursery.start_soon(press)
        assert len({operation.id for operation in got}) == 1
        assert len(desk.sandboxes()) == 1


async def test_a_drain_ends_the_stream_and_the_client_says_so():
    """When the feed closes, the stream ends cleanly and the follower waits for the next daemon."""
    desk = FakeDesk()
    async with in_process(desk) as client, trio.open_nursery() as nursery:
        follower = Follower(client)
        nursery.start_soon(follower.run)
        await follower.until(lambda: follower.standings() == [("live", "")])
        desk.feed.close()
        await follower.until(lambda: ("down", "the daemon ended the stream") in follower.standings())
        nursery.cancel_scope.cancel()


async def test_who_fell_out_of_the_ring_gets_a_reset():
    """A reader slower than the feed remembers is told, not left with a gap."""
    desk = FakeDesk()
    async with in_process(desk) as client, trio.open_nursery() as nursery:
        desk.feed.publish("test.happened")
        desk.feed.forget()
        follower = Follower(client)
        nursery.start_soon(partial(follower.run, "e1-0"))
        await follower.until(lambda: follower.view.last_id == "e1-1")
        assert "reset" in follower.told
        desk.feed.publish("test.happened")
        await follower.until(lambda: follower.told[-1] == "test.happened")
        nursery.cancel_scope.cancel()
