"""Virtual time: naps and Trio's own sleeps share one clock, and whatever ends a nap ends it once."""

import pytest
import trio

from sandboxd.world import Cut, Life, run


def new_life():
    return Life(number=1, dies_at=lambda _: False)


def test_naps_and_sleeps_wake_in_the_order_of_their_moments():
    """Time jumps from one to the next, whoever set them."""
    woke = []

    async def waits(name, wait, seconds):
        await wait(seconds)
        woke.append((name, trio.current_time()))

    async def main():
        life = new_life()
        async with trio.open_nursery() as nursery:
            nursery.start_soon(waits, "nap", life.sleep, 3600)
            nursery.start_soon(waits, "sleep", trio.sleep, 1800)
            nursery.start_soon(waits, "short nap", life.sleep, 0.5)

    run(main, seed=1)
    assert woke == [("short nap", 0.5), ("sleep", 1800), ("nap", 3600)]


def test_death_ends_a_nap_even_where_it_is_shielded():
    """At once, with Cut; and a dead life naps no more."""

    async def main():
        life = new_life()
        async with trio.open_nursery() as nursery:

            @nursery.start_soon
            async def dies():
                await trio.sleep(10)
                life.end()

            with trio.CancelScope(shield=True), pytest.raises(Cut):
                await life.sleep(100)
        assert trio.current_time() == 10
        with pytest.raises(Cut):
            await life.sleep(1)

    run(main, seed=1)


@pytest.mark.parametrize("deadline", [5, 10])
def test_a_deadline_ends_a_nap_and_its_own_moment_comes_to_nothing(deadline):
    """A cancelled nap does not wake its task later; one that ends at that very moment is woken once."""

    async def main():
        life = new_life()
        with trio.move_on_after(deadline):
            await life.sleep(10)
        assert trio.current_time() == deadline
        life.end()
        await trio.sleep(50)
        assert trio.current_time() == deadline + 50

    run(main, seed=1)
