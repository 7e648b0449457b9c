"""Looks at what waits: one describe for everything of a kind in an account and region that somebody waits for.

Whoever is due first asks about all that are registered, and all get the answer; so twenty machines that start together
cost the describes of one. An id that is not there is not in the answer: filters are used, because one unknown id in a
list of ids makes AWS refuse the whole call.
"""

from collections.abc import Mapping

import trio

from sandboxd.aws.kind import Item, Kind
from sandboxd.engine.pace import wait_for
from sandboxd.engine.paging import pages
from sandboxd.model.ports import Call, Clock, Scope

MOST_VALUES = 100
"""values of one filter (AWS allows 200)"""


class _Waiter:
    """Somebody who waits for a look at one value."""

    def __init__(self, value: str) -> None:
        self.value, self.seen, self.items = value, trio.Event(), list[Item]()


class _Board:
    """All that wait for looks of one kind in one scope."""

    def __init__(self) -> None:
        self.waiters: dict[_Waiter, None] = {}
        self.asking = trio.Lock()


class Looks:
    """Shared by all steps of the daemon."""

    def __init__(self, *, call: Call, clock: Clock) -> None:
        self._call, self._clock = call, clock
        self._boards: dict[tuple[Scope, str], _Board] = {}

    async def look(self, scope: Scope, kind: Kind, value: str, after: float = 0.0) -> list[Item]:
        """Return what is there under this value, seen in so many seconds or sooner; raise AwsError."""
        board = self._boards.setdefault((scope, kind.spec.name), _Board())
        waiter = _Waiter(value)
        board.waiters[waiter] = None
        try:
            if not await wait_for(self._clock, waiter.seen, after):
                await self._ask(board, scope, kind, waiter)
        finally:
            del board.waiters[waiter]
            if not board.waiters:
                self._boards.pop((scope, kind.spec.name), None)
        return waiter.items

    async def _ask(self, board: _Board, scope: Scope, kind: Kind, waiter: _Waiter) -> None:
        async with board.asking:
            if waiter.seen.is_set():
                return
            asked = list(board.waiters)
            values = list(dict.fromkeys(one.value for one in asked))
            found = await self._found(scope, kind, values)
            for one in asked:
                one.items = found.get(one.value, [])
                one.seen.set()

    async def _found(self, scope: Scope, kind: Kind, values: list[str]) -> dict[str, list[Item]]:
        """What is there under each value."""
        reading = kind.reading
        if reading.single:
            return {value: await describe(self._call, scope, kind, {reading.single: [value]}) for value in values}
        found: dict[str, list[Item]] = {}
        for start in range(0, len(values), MOST_VALUES):
            chunk = {reading.id_filter: values[start : start + MOST_VALUES]}
            for item in await describe(self._call, scope, kind, chunk):
                found.setdefault(reading.value_of(item), []).append(item)
        return found


async def describe(call: Call, scope: Scope, kind: Kind, filters: Mapping[str, list[str]]) -> list[Item]:
    """Return everything that a complete describe shows; raise AwsError."""
    reading = kind.reading
    found = await pages(call, scope, kind.service, reading.operation, reading.parameters(filters))
    return [item for page in found for item in reading.items(page)]
