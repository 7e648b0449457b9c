"""The shortest time that AWS itself would have allowed for a phase, from the simulator's own log of it.

A call can start when all that its parameters refer to is there, and what `needs.py` adds; a removal when all that stood
on its thing has gone. The bound is the longest chain of such prerequisites with the durations that were drawn, at 0.3 s
a call. It knows nothing of anybody's plan: calls that changed nothing, refusals and repeats do not lengthen it.
"""

from collections.abc import Iterable
from typing import NamedTuple

from sandboxd.simulator.calls import Change, Entry
from sandboxd.simulator.durations import CALL
from sandboxd.simulator.inventory import inventory
from sandboxd.simulator.needs import WAITED_FOR


class Link(NamedTuple):
    """One call of a chain."""

    operation: str
    resource: str
    seconds: float


class Bound(NamedTuple):
    """Seconds, and the chain that needs them."""

    bound_seconds: float
    chain: tuple[Link, ...]


class _Moment(NamedTuple):
    """When something has come true, counted from the start of the phase, and what came before it."""

    seconds: float
    link: Link
    before: "_Moment | None"


class _History:
    """What has come true in the phase so far."""

    def __init__(self) -> None:
        self._there: dict[str, _Moment] = {}
        self._answered: dict[str, _Moment] = {}
        self._freed: dict[str, _Moment] = {}

    def latest(self, entry: Entry) -> _Moment | None:
        """The last of the things that a call waits for."""
        removed = [change.what for change in entry.changes if change.removed]
        own = self._answered if removed else self._there
        waits = [own.get(ref) for ref in entry.refs]
        waits += [self._freed.get(name) for name in (*removed, *(ref for ref in entry.refs if " " in ref))]
        return max((one for one in waits if one is not None), key=_seconds, default=None)

    def note(self, entry: Entry, change: Change, before: _Moment | None) -> _Moment:
        """A change comes true after its prerequisites, its call and the time that it takes."""
        start = before.seconds if before else 0.0
        done = _Moment(
            start + CALL + change.seconds, Link(entry.operation, change.what, round(CALL + change.seconds, 3)), before
        )
        answered = _Moment(start + CALL, Link(entry.operation, change.what, CALL), before)
        if not change.removed:
            self._there[change.what], self._answered[change.what] = done, answered
        for held in change.frees:
            self._freed[held] = max(self._freed.get(held, done), done, key=_seconds)
        return done


def bound(entries: Iterable[Entry]) -> Bound:
    """Bound of the phase that these calls are."""
    history, last = _History(), None
    for entry in entries:
        if entry.error or not entry.mutation:
            continue
        before = history.latest(entry)
        for change in entry.changes:
            done = history.note(entry, change, before)
            if not change.what.endswith(WAITED_FOR):
                last = max(last or done, done, key=_seconds)
    return Bound(round(last.seconds, 3), tuple(_chain(last))) if last else Bound(0.0, ())


def _seconds(moment: _Moment) -> float:
    return moment.seconds


def _chain(last: _Moment) -> list[Link]:
    links: list[Link] = []
    moment: _Moment | None = last
    while moment is not None:
        links.append(moment.link)
        moment = moment.before
    return links[::-1]


__all__ = ["Bound", "Link", "bound", "inventory"]
