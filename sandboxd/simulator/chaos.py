"""Faults by seed: a hook that disturbs calls at random and counts what it did.

What the simulator promises to whoever waits: a request that nobody answers lands within `LANDING` seconds or never, and
what a call has changed is seen by every read `VISIBLE` seconds after it came true. Both draws have streams of their own:
with chaos off, ids and durations are what they are without it.
"""

import math
import random
from collections import Counter
from collections.abc import Callable, Mapping

from sandboxd.simulator import refusals
from sandboxd.simulator.calls import Request, is_mutation
from sandboxd.simulator.consistency import CALM, VISIBLE, Weather
from sandboxd.simulator.gate import Fault
from sandboxd.simulator.world import World

LANDING = 150.0
__all__ = ["LANDING", "VISIBLE", "Chaos"]
SCARCE = ("RunInstances", "StartInstances")
Draw = Callable[[random.Random, Request], Fault]


def _error(refusal: Callable[[str], refusals.ErrorReply]) -> Draw:
    return lambda _, q: refusal(q.service).fault


def _silence(fault: Fault) -> Draw:
    return lambda _rng, _q: fault


def _broken_after(_: random.Random, __: Request) -> Fault:
    code, message, status = refusals.BROKEN
    return Fault(effect="now", code=code, message=message, status=status)


def _late(rng: random.Random, _: Request) -> Fault:
    return Fault(effect="late", reply="cut", after=rng.uniform(1.0, LANDING))


def _either(fault: Fault, other: Fault) -> Draw:
    """Silence that says nothing of the effect: it happened, or not."""
    return lambda rng, _: rng.choice((fault, other))


MUTATIONS: Mapping[str, Draw] = {
    "lost before": _silence(Fault(reply="cut")),
    "lost after": _silence(Fault(effect="now", reply="cut")),
    "late": _late,
    "500 before": _error(lambda _: refusals.BROKEN),
    "500 after": _broken_after,
    "503": _error(refusals.unavailable),
    "reset": _either(Fault(reply="reset"), Fault(effect="now", reply="reset")),
    "hang": _either(Fault(reply="hang"), Fault(effect="now", reply="hang")),
    "empty": _silence(Fault(effect="now", reply="empty")),
    "truncated": _silence(Fault(effect="now", reply="truncated")),
    "throttle": _error(refusals.throttled),
}
"""what can become of a call that changes something"""
READS: Mapping[str, Draw] = {
    "read cut": _silence(Fault(reply="cut")),
    "read 503": _error(refusals.unavailable),
    "read throttle": _error(refusals.throttled),
    "read empty": _silence(Fault(effect="now", reply="empty")),
}
SCARCE_ONES: Mapping[str, Draw] = {**MUTATIONS, "no capacity": _error(lambda _: refusals.NO_CAPACITY)}


class Chaos:
    """A hook. `met` counts what it did, by name."""

    def __init__(
        self,
        seed: int,
        rate: float = 0.1,
        *,
        reads: float | None = None,
        weather: Weather = CALM,
        until: float = math.inf,
    ) -> None:
        """`rate` of the mutations and `reads` (a quarter of it) of the reads are disturbed, until a moment.

        `weather` goes with it where it is `set_on` a world, and ends when it ends.
        """
        self.weather = weather
        self._rng = random.Random(f"chaos {seed}")
        self.rate, self.reads = rate, rate / 4 if reads is None else reads
        self.until = until
        self.met: Counter[str] = Counter()

    def set_on(self, world: World) -> None:
        """Disturb a world from now on."""
        if self.weather is not CALM:
            self.weather.until = min(self.weather.until, self.until)
        world.hook, world.weather = self, self.weather

    def __call__(self, q: Request) -> Fault | None:
        """What happens to this call; nothing from `until` on."""
        mutation = is_mutation(q.operation)
        if q.now >= self.until or self._rng.random() >= (self.rate if mutation else self.reads):
            return None
        choices = SCARCE_ONES if q.operation in SCARCE else MUTATIONS if mutation else READS
        name = self._rng.choice(list(choices))
        self.met[name] += 1
        return choices[name](self._rng, q)
