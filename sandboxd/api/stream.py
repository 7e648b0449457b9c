"""The event stream: server-sent events from Last-Event-ID on, `reset` when the id is unknown, a heartbeat in real time.

A stream costs one place in the feed and nothing else: there is no queue per client. A reader that falls out of the
ring gets a `reset`, one that stops reading is cut off by the server's write deadline, and a drain ends all at once.
"""

from collections.abc import Sequence

import msgspec
import trio

from sandboxd.api.desk import Feed
from sandboxd.http.limits import Receive, Send
from sandboxd.wire.things import Event

_AT_ONCE = 200
_encode = msgspec.json.Encoder().encode


async def stream_events(
    feed: Feed, last_id: str | None, receive: Receive, send: Send, *, draining: trio.Event | None, heartbeat: float
) -> None:
    """Send events until the client goes away, the feed closes, or the server drains."""
    async with trio.open_nursery() as nursery:
        nursery.start_soon(_until_gone, receive, nursery.cancel_scope)
        if draining is not None:
            nursery.start_soon(_until_drained, draining, nursery.cancel_scope)
        await _send_all(feed, last_id, send, heartbeat)
        nursery.cancel_scope.cancel()
    await send({"type": "http.response.body", "body": b"", "more_body": False})


async def _send_all(feed: Feed, last_id: str | None, send: Send, heartbeat: float) -> None:
    async def out(data: bytes) -> None:
        await send({"type": "http.response.body", "body": data, "more_body": True})

    last = last_id or f"{feed.epoch}-{feed.position}"
    # something at once: the head of the answer leaves with it, and the client knows that it is connected. No position
    # here: the events up to it are still to come
    await out(b":\n\n" if last_id else _named("hello", feed))
    while not feed.closing.is_set():
        events = feed.since(last) if last.isascii() else None
        if events is None:
            await out(_named("reset", feed))
            last = f"{feed.epoch}-{feed.position}"
        elif events:
            for first in range(0, len(events), _AT_ONCE):
                await out(_frames(events[first : first + _AT_ONCE]))
            last = events[-1].id
        else:
            with trio.move_on_after(heartbeat) as quiet:
                await feed.wait_changed(int(last.rpartition("-")[2]))
            # what was published while the heartbeat came due is told first: its number must not be ahead of the events
            if quiet.cancelled_caught and not feed.since(last):
                await out(b": %d\n\n" % feed.position)


def _frames(events: Sequence[Event]) -> bytes:
    return b"".join(b"id: %b\ndata: %b\n\n" % (event.id.encode(), _encode(event)) for event in events)


def _named(name: str, feed: Feed) -> bytes:
    """Return a frame that says where the stream stands."""
    said = _encode({"epoch": feed.epoch, "seq": feed.position})
    return b"id: %b-%d\nevent: %b\ndata: %b\n\n" % (feed.epoch.encode(), feed.position, name.encode(), said)


async def _until_gone(receive: Receive, scope: trio.CancelScope) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
    scope.cancel()


async def _until_drained(draining: trio.Event, scope: trio.CancelScope) -> None:
    await draining.wait()
    scope.cancel()
