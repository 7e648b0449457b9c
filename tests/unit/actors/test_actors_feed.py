"""The feed gives events in the order of the stream, without gaps, and says when an id is unknown."""

from functools import partial

import trio
from trio.testing import wait_all_tasks_blocked

from sandboxd.actors.feed import Feed
from sandboxd.wire.things import Event


def made(seq: int, identifier: str) -> Event:
    return Event(id=identifier, seq=seq, at="", type="step.done", message="")


def events(*seqs: int):
    return [partial(made, seq) for seq in seqs]


def test_feed_holds_back_what_comes_early():
    """Commits of two actors may return in any order; nobody sees position 3 before position 2."""
    feed = Feed(epoch="e", position=0)
    feed.publish(3, events(1))
    assert feed.after(0) == []
    feed.publish(2, events(7, 8))
    assert [e.id for e in feed.after(0)] == ["e-1", "e-2", "e-3"]
    assert feed.position == 3


def test_feed_answers_none_to_ids_it_cannot_continue():
    """Another epoch, the future, nonsense, and what fell out of the ring mean: fetch the snapshot again."""
    feed = Feed(epoch="e", position=10, size=2)
    assert feed.since("e-10") == []
    for last in (11, 12, 13):
        feed.publish(last, events(last))
    assert [e.id for e in feed.since("e-11") or []] == ["e-12", "e-13"]
    for unknown in ("e-10", "e-14", "x-12", "e-", "", "e-1x"):
        assert feed.since(unknown) is None, unknown


async def test_feed_wakes_waiters_and_ends_them_at_the_close():
    """A reader waits for the next event; at the close it is let go."""
    feed = Feed(epoch="e", position=0)
    woken = []

    async def reader():
        await feed.wait_changed(0)
        woken.append(feed.position)
        await feed.wait_changed(1)
        woken.append("closed")

    async with trio.open_nursery() as nursery:
        nursery.start_soon(reader)
        await wait_all_tasks_blocked()
        feed.publish(1, events(1))
        await wait_all_tasks_blocked()
        assert woken == [1]
        feed.close()
    assert woken == [1, "closed"]
