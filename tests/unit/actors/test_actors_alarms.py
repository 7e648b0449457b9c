"""One timer rings for all actors, at their moments, and an idle one costs nothing."""

import trio
from trio.testing import wait_all_tasks_blocked

from sandboxd.actors.alarms import Alarms


class TrioClock:
    """The daemon's clock over Trio's, so that a mock clock moves hours."""

    pace = 1.0

    def now(self) -> float:
        return trio.current_time()

    def monotonic(self) -> float:
        return trio.current_time()

    async def sleep(self, seconds: float) -> None:
        await trio.sleep(seconds)


async def test_alarms_ring_in_order_and_the_last_setting_counts(autojump_clock):
    """Set, set again, and taken back."""
    rung: list[tuple[str, float]] = []
    start = trio.current_time()
    alarms = Alarms(clock=TrioClock(), ring=lambda name: rung.append((name, trio.current_time() - start)))
    async with trio.open_nursery() as nursery:
        nursery.start_soon(alarms.run)
        alarms.set("a", start + 3600)
        alarms.set("b", start + 60)
        alarms.set("c", start + 10)
        await wait_all_tasks_blocked()
        alarms.set("a", start + 30)
        alarms.set("c", None)
        await trio.sleep(7200)
        nursery.cancel_scope.cancel()
    assert rung == [("a", 30), ("b", 60)]


async def test_alarms_in_the_past_ring_at_once(autojump_clock):
    """A moment that passed while the daemon was down is due now."""
    rung = []
    alarms = Alarms(clock=TrioClock(), ring=rung.append)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(alarms.run)
        alarms.set("a", trio.current_time() - 100)
        await wait_all_tasks_blocked()
        assert rung == ["a"]
        nursery.cancel_scope.cancel()
