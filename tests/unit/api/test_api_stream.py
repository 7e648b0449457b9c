"""The event stream by itself, on a virtual clock: heartbeats, resets, replays, endings."""

from functools import partial

import pytest
import trio
from fakedesk import FakeFeed
from trio.testing import MockClock, wait_all_tasks_blocked

from sandboxd.api.stream import stream_events
from sandboxd.client.sse import Beat, Reset, Stream


@pytest.fixture
def autojump_clock():
    return MockClock(autojump_threshold=0)


class Client:
    """The other end of ASGI: collects what is sent, goes away when told."""

    def __init__(self) -> None:
        self.sent, self.gone, self.draining = [], trio.Event(), trio.Event()

    async def receive(self):
        await self.gone.wait()
        return {"type": "http.disconnect"}

    async def send(self, message):
        await trio.lowlevel.checkpoint()
        self.sent.append((trio.current_time(), message["body"]))

    def run(self, feed, last_id=None):
        return partial(stream_events, feed, last_id, self.receive, self.send, draining=self.draining, heartbeat=5.0)

    def told(self):
        stream = Stream()
        return [one for _, body in self.sent for one in stream.feed(body)]


async def test_silence_is_filled_with_heartbeats_that_carry_the_position(autojump_clock):
    """Every five seconds, and an event in between resets the wait."""
    feed, client = FakeFeed(), Client()
    feed.publish("test.happened")
    async with trio.open_nursery() as nursery:
        nursery.start_soon(client.run(feed))
        start = trio.current_time()
        await trio.sleep(12)
        feed.publish("test.happened")
        await trio.sleep(11)
        client.gone.set()
    times = [round(at - start) for at, _ in client.sent[:-1]]
    assert times == [0, 5, 10, 12, 17, 22]
    beats = [told.position for told in client.told() if isinstance(told, Beat)]
    assert beats == [None, 1, 1, 2, 2]


async def test_a_replay_goes_out_in_bounded_pieces():
    """A thousand events are not one write."""
    feed, client = FakeFeed(), Client()
    for n in range(1000):
        feed.publish("test.happened", str(n))
    async with trio.open_nursery() as nursery:
        nursery.start_soon(client.run(feed, "e1-10"))
        await wait_all_tasks_blocked()
        client.gone.set()
    first, *events = client.told()
    assert first == Beat()
    assert [told.seq for told in events] == list(range(11, 1001))
    assert len(client.sent) == 7


async def test_a_resumed_stream_says_at_once_that_it_is_there():
    """The head of an answer leaves with its first bytes: a quiet daemon must not look like none."""
    feed, client = FakeFeed(), Client()
    feed.publish("test.happened")
    async with trio.open_nursery() as nursery:
        nursery.start_soon(client.run(feed, "e1-1"))
        await wait_all_tasks_blocked()
        assert client.told() == [Beat()]
        client.gone.set()


@pytest.mark.parametrize("unknown", ["e2-1", "e1-99", "e1-x", "", "²", "e1-²", "e1-1 "])
async def test_an_unknown_id_is_a_reset_and_the_stream_goes_on(unknown):
    """Of another epoch, of the future, forgotten, or nonsense; nothing at all begins now."""
    feed, client = FakeFeed(), Client()
    feed.publish("test.happened", "before")
    async with trio.open_nursery() as nursery:
        nursery.start_soon(client.run(feed, unknown))
        await wait_all_tasks_blocked()
        feed.publish("test.happened", "after")
        await wait_all_tasks_blocked()
        client.gone.set()
    *first, event = client.told()
    assert first == ([Beat(), Reset("e1-1")] if unknown else [Beat()])
    assert event.message == "after"


@pytest.mark.parametrize("ending", ["gone", "draining", "closing"])
async def test_a_stream_ends_at_once_and_whole(ending):
    """When the client goes, the server drains, or the feed closes."""
    feed, client = FakeFeed(), Client()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(client.run(feed))
        await wait_all_tasks_blocked()
        match ending:
            case "gone":
                client.gone.set()
            case "draining":
                client.draining.set()
            case _:
                feed.close()
        with trio.fail_after(1):
            while nursery.child_tasks:
                await trio.lowlevel.checkpoint()
    assert client.sent[-1][1] == b""
