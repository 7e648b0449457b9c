"""When to look again: not before things of a kind usually come true, then often, then ever more seldom.

Times are seconds of the daemon's clock. A look costs a call, and calls are what AWS counts; a look that comes late
costs the person who waits.
"""

import hashlib

import trio

from sandboxd.model.ports import Clock
from sandboxd.model.resource import Usual

SHORTEST, LONGEST = 0.75, 30.0
QUICK = 5.0
"""what usually takes no longer than this is not looked at before it usually is there"""


def first_look(usual: Usual) -> float:
    """Return seconds after the call: when one in five has come true; a look at the quickest would mostly be in vain."""
    if usual.expected <= QUICK:
        return usual.expected
    return max(0.3 * usual.expected, usual.expected - 0.7 * (usual.p90 - usual.expected))


def next_look(usual: Usual, waited: float) -> float:
    """Return seconds until the next look, after having waited so long: the wider the spread, the rarer."""
    step = min(max(0.45 * (usual.p90 - usual.expected), SHORTEST), LONGEST)
    overdue = waited - 1.5 * usual.p90
    return step if overdue <= 0 else min(LONGEST, max(step, overdue / 4))


def back_off(attempt: int, seed: str, *, shortest: float = 1.0, longest: float = 20.0) -> float:
    """Return seconds before the next attempt: doubling, with a jitter that the seed decides, so histories repeat."""
    full = min(longest, shortest * 2.0 ** min(attempt, 16))
    share = hashlib.blake2b(f"{seed} {attempt}".encode(), digest_size=2).digest()
    return full * (0.5 + int.from_bytes(share, "big") / 131072)


async def wait_for(clock: Clock, event: trio.Event, seconds: float) -> bool:
    """Wait for an event, at most so many seconds of the clock; return whether it came."""
    with trio.move_on_after(max(0.0, seconds) / clock.pace):
        await event.wait()
    return event.is_set()
