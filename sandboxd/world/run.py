"""Runs a function in virtual time and in an order that a seed decides: one seed, one history, in every process.

Trio chooses the order of what is ready by chance; here that chance is ours. Time jumps when everybody waits.
"""

import random
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import trio
from trio._core import _run as scheduler

from sandboxd.world.virtual import VirtualClock

T = TypeVar("T")


def run(main: Callable[[], Awaitable[T]], *, seed: int) -> T:
    """Return what `main` returns; nothing in it takes real time but computing."""
    hooks: dict[str, Any] = vars(scheduler)  # Trio's own way for such schedulers; Hypothesis uses it too
    before = {name: hooks[name] for name in ("_ALLOW_DETERMINISTIC_SCHEDULING", "_r")}
    order = random.Random(seed)  # noqa: S311 - an order, no secret
    hooks |= {"_ALLOW_DETERMINISTIC_SCHEDULING": True, "_r": order}
    try:
        return trio.run(main, clock=VirtualClock())
    finally:
        hooks |= before
