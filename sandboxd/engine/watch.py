"""Drift: looks at what is at rest, one batched describe for a kind, and tells what is less than we hold.

A look that misses something is repeated before anybody is told: reads blink. What AWS says is gone is believed at the
second look; what it merely does not show, after it has not shown it for the settle time.
"""

import trio
from msgspec import Struct

from sandboxd.aws.kind import Kind, Seen
from sandboxd.engine.context import ask_for, judged
from sandboxd.engine.ports import Owner, Ports, Post
from sandboxd.lifecycle.messages import Lost
from sandboxd.model.keys import parts
from sandboxd.model.ports import AwsError
from sandboxd.model.resource import Row, Step

AGAIN = 15.0
"""seconds of the clock between the first miss and the second look"""
LATER = 75.0
"""seconds between the looks after that"""


class _Less(Struct, frozen=True):
    """Something that is less than we hold."""

    row: Row
    state: int
    reason: str
    shown: bool = True
    """AWS says so; it does not merely not show it"""


async def watch(ports: Ports, who: Owner, rows: tuple[Row, ...], post: Post) -> None:
    """Post `Lost` for each row at rest that two looks in a row show to be less than it should be."""
    resting = [row for row in rows if row.lo == row.hi > 0 and row.flight is None and row.facts.get("id")]
    suspects, began = await _less(ports, who, resting), ports.clock.now()
    pause = AGAIN
    while suspects:
        await ports.clock.sleep(pause)
        pause = LATER
        suspects = await _less(ports, who, [one.row for one in suspects])
        sure = [one for one in suspects if one.shown or ports.clock.now() >= began + ports.settings.settle]
        for less in sure:
            post(Lost(less.row.node.key, less.row.generation, less.state, less.reason))
        suspects = [one for one in suspects if one not in sure]


async def _less(ports: Ports, who: Owner, rows: list[Row]) -> list[_Less]:
    found: list[_Less] = []

    async def one(row: Row) -> None:
        if (less := await _look(ports, who, row)) is not None:
            found.append(less)

    async with trio.open_nursery() as nursery:
        for row in rows:
            nursery.start_soon(one, row)
    order = {row.node.key: place for place, row in enumerate(rows)}
    return sorted(found, key=lambda less: order[less.row.node.key])


async def _look(ports: Ports, who: Owner, row: Row) -> _Less | None:
    kind = ports.kinds.get(row.node.kind)
    if kind is None or kind.questions is not None:
        return None
    ask = ask_for(ports, who, row, row.generation, Step("raise", row.lo))
    scope = ports.scope(kind, who.account, parts(row.node.key).region)
    value = row.facts.get(kind.reading.by) or ask.id
    try:
        seen = judged(kind, await ports.looks.look(scope, kind, value), ask)
    except AwsError:
        return None
    return _compared(kind, row, seen)


def _compared(kind: Kind, row: Row, seen: Seen | None) -> _Less | None:
    name, identifier = kind.spec.name, row.facts.get("id", "")
    if seen is None:
        return _Less(row, 0, f"the {name} {identifier} is not there any more", shown=False)
    if seen.failed:
        return _Less(row, 0 if not seen.state else min(seen.state, row.lo - 1), seen.reason)
    if seen.state is not None and seen.state < row.lo:
        return _Less(row, seen.state, f"the {name} {identifier} is {seen.text or kind.spec.states[seen.state]}")
    return None
