"""Drift: looks at what is at rest, one batched describe for a kind, and tells what is less, or more, than we hold.

A look that misses something is repeated before anybody is told, because reads may be stale: what AWS shows in another
state twice, what it does not show at all for the settle time, and then by another read. A look that is not answered
neither confirms nor clears.
"""

from collections.abc import Iterable

import trio
from msgspec import Struct, field, structs

from sandboxd.aws.kind import Kind, Seen
from sandboxd.engine import tags, ties
from sandboxd.engine.context import NO_ROWS, Rows, ask_for, at_rest
from sandboxd.engine.looks import describe
from sandboxd.engine.ports import Owner, Ports, Post
from sandboxd.lifecycle.messages import Found, Lost, Surveyed
from sandboxd.model.keys import parts
from sandboxd.model.ports import AwsError, Scope
from sandboxd.model.resource import Facts, Row, Step

AGAIN, LATER = 15.0, 60.0
"""seconds of the clock between the first miss and the second look, and between those that follow"""


class _Other(Struct, frozen=True):
    """Something that is not as we hold it."""

    row: Row
    state: int
    reason: str
    shown: bool = True
    """AWS says so; else it only does not show it"""
    answered: bool = True
    """whether the last look was"""
    facts: Facts = field(default_factory=dict)


async def watch(
    ports: Ports, who: Owner, rows: Iterable[Row], post: Post, known: Rows = NO_ROWS, *, writes: bool = False
) -> None:
    """Post `Lost` for what is less than we hold, `Surveyed` for what is more, once it is sure; `known` are all rows, now.

    What is written onto machines is asked of them, once for all its parts in a region, unless somebody `writes`; and whether
    they are tied as they were.
    """
    async with trio.open_nursery() as nursery:
        for row in () if writes else _written(ports, known):
            attempt = at_rest(ports, who, row, known)
            if (content := attempt.kind.content) is not None:
                nursery.start_soon(ports.contents.look_after, attempt, content, post)
        nursery.start_soon(ties.look, ports, who, known, post)
        await _resting(ports, who, rows, post)


def _written(ports: Ports, known: Rows) -> Iterable[Row]:
    """One part of each content of a region that is at rest: all its parts are, upon the machines that they were written onto."""
    found: dict[tuple[str, str], list[Row]] = {}
    for key, row in known.items():
        kind = ports.kinds.get(row.node.kind)
        if kind is not None and kind.content is not None and row.hi:
            found.setdefault((row.node.kind, parts(key).region), []).append(row)
    return [some[0] for some in found.values() if all(_is_settled(one, known) for one in some)]


def _is_settled(row: Row, known: Rows) -> bool:
    bound = all(known[ground].generation == generation for ground, generation in row.on.items() if ground in known)
    return row.lo == row.hi and row.flight is None and bound


async def _resting(ports: Ports, who: Owner, rows: Iterable[Row], post: Post) -> None:
    resting = [row for row in rows if row.lo == row.hi > 0 and row.flight is None and row.facts.get("id")]
    others = await _others(ports, who, resting)
    bound = ports.clock.now() + ports.settings.settle
    pause = AGAIN
    while others:
        await ports.clock.sleep(pause)
        others, pause = await _others(ports, who, [one.row for one in others], others), LATER
        late = ports.clock.now() >= bound
        for one in others:
            if one.answered and (one.shown or (late and not await _shown_elsewhere(ports, who, one.row))):
                post(_news(one))
        others = [] if late else [one for one in others if not (one.shown and one.answered)]


def _news(one: _Other) -> Lost | Surveyed:
    row = one.row
    if one.state > row.lo:
        return Surveyed(
            found=(Found(row.node.key, row.generation, row.node.kind, row.facts["id"], one.facts, one.state),)
        )
    return Lost(row.node.key, row.generation, one.state, one.reason, row.run)


async def _others(ports: Ports, who: Owner, rows: list[Row], before: Iterable[_Other] = ()) -> list[_Other]:
    found: dict[int, _Other] = {}
    suspected = {one.row.node.key: structs.replace(one, answered=False) for one in before}

    async def one(place: int, row: Row) -> None:
        try:
            other = await _look(ports, who, row)
        except AwsError:
            other = suspected.get(row.node.key)
        if other is not None:
            found[place] = other

    async with trio.open_nursery() as nursery:
        for place, row in enumerate(rows):
            nursery.start_soon(one, place, row)
    return [found[place] for place in sorted(found)]


async def _look(ports: Ports, who: Owner, row: Row) -> _Other | None:
    kind = ports.kinds.get(row.node.kind)
    if kind is None or not kind.watched:
        return None
    return _compared(kind, row, await at_rest(ports, who, row).see())


async def _shown_elsewhere(ports: Ports, who: Owner, row: Row) -> bool:
    """Whether another read, by our tags, shows it; no answer proves nothing."""
    kind = ports.kinds[row.node.kind]
    if not kind.tagged or kind.questions is not None:
        return False
    ask = ask_for(ports, who, row, row.generation, Step("raise", row.lo))
    try:
        items = await describe(ports.call, _scope(ports, who, kind, row), kind, {f"tag:{tags.KEY}": [row.node.key]})
    except AwsError:
        return True
    mine = [kind.judge(item, ask) for item in items if str(item.get(kind.reading.identity)) == row.facts["id"]]
    return any(seen is not None and seen.state != 0 for seen in mine)


def _scope(ports: Ports, who: Owner, kind: Kind, row: Row) -> Scope:
    return ports.scope(kind, who.account, parts(row.node.key).region)


def _compared(kind: Kind, row: Row, seen: Seen | None) -> _Other | None:
    name, identifier = kind.spec.name, row.facts.get("id", "")
    if seen is None:
        return _Other(row, 0, f"the {name} {identifier} is not there any more", shown=False)
    if seen.failed and seen.state == row.lo and row.node.data:
        return None  # it stands where we hold it, whatever befell it before
    if seen.failed:
        return _Other(row, 0 if not seen.state else min(seen.state, row.lo - 1), seen.reason)
    if seen.state is not None and seen.state != row.lo:
        return _Other(
            row, seen.state, f"the {name} {identifier} is {seen.text or kind.spec.states[seen.state]}", facts=seen.facts
        )
    return None
