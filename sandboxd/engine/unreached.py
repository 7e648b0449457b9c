"""A refusal that says the same of what is wrong and of what is only too new, as EC2 does of instance profiles.

It is waited out while what it names was made by us less than the settle time ago and is what it should be where it was made.
Otherwise it is what it says, at once. A read that does not show it may be stale, so it is repeated before it is believed.
"""

from collections.abc import Sequence

from sandboxd.aws.kind import Move, Seen, Unseen
from sandboxd.engine.context import AT, SEEN, Attempt, until_answered
from sandboxd.lifecycle.messages import Start
from sandboxd.model.resource import Row, Step

LOOKS, AGAIN = 4, 15.0
"""looks at what is not shown, and seconds between them: longer than reads are usually stale"""
BELIEVED = 120.0
"""seconds for which a look that shows it is not repeated"""
STILL = 30.0
"""seconds for which that holds of the last look of its own, before it was refused"""


def said_of(move: Move, code: str, message: str) -> tuple[Unseen, ...]:
    """Return what a refusal may mean beside what it says: code and text decide. Several things may be meant by one code."""
    return tuple(one for one in move.unseen if one.code == code and one.text in message)


async def may_arrive(a: Attempt, unseen: Sequence[Unseen]) -> bool:
    """Whether what a refusal names may only be too new for the service that refuses: one of it is, and all of it is there."""
    if not any(_is_young(a, _ground(a, one), one) for one in unseen):
        return False
    a.shown_at = a.shown_at or _shown_before(a, unseen)
    if a.shown_at is None or a.now >= a.shown_at + BELIEVED:
        shown = [await _is_shown(a, one) for one in unseen]
        a.shown_at = a.now if all(shown) else None
    return a.shown_at is not None


def _shown_before(a: Attempt, unseen: Sequence[Unseen]) -> float | None:
    """When looks showed all of it, as far as their own last ones count."""
    rows = [_ground(a, one) for one in unseen]
    if any(row is None or not row.lo == row.hi > 0 or SEEN not in row.facts for row in rows):
        return None
    return min(float(row.facts[SEEN]) for row in rows if row is not None) + STILL - BELIEVED


def too_early(a: Attempt, seen: Seen) -> bool:
    """Whether what was accepted died of what had not reached everywhere yet: then it lives the next time."""
    move = a.kind.move(a.node, a.start.step.way, a.row.lo, a.start.step.to)
    unseen = said_of(move, seen.failed, seen.reason) if move is not None else ()
    return any(_is_young(a, row, one) for one in unseen for row in _grounds(a, one))


def named(a: Attempt, unseen: Sequence[Unseen]) -> str:
    """Return, in words, what it is and since when it is there."""
    rows = [row for one in unseen if (row := _ground(a, one)) is not None and AT in row.facts]
    if not rows:
        return "It was not made by sandboxd."
    said = (f"The {row.node.kind} {row.facts.get('id', '')} was made {_age(a, row):.0f} s ago" for row in rows)
    return f"{', '.join(said)} and is still not accepted."


def _grounds(a: Attempt, unseen: Unseen) -> list[Row]:
    keys = a.node.links.get(unseen.role, ())
    return [row for key in keys if (row := a.rows.get(key)) is not None]


def _ground(a: Attempt, unseen: Unseen) -> Row | None:
    return next(iter(_grounds(a, unseen)), None)


def _is_young(a: Attempt, row: Row | None, unseen: Unseen) -> bool:
    if row is None or AT not in row.facts:
        return False
    return _age(a, row) < max(a.ports.settings.settle, unseen.young)


def _age(a: Attempt, row: Row) -> float:
    return a.now - float(row.facts[AT])


async def _is_shown(a: Attempt, unseen: Unseen) -> bool:
    row = _ground(a, unseen)
    if row is None:
        return False
    wanted = max(
        (need.state for needs in a.node.requires.values() for need in needs if need.key == row.node.key), default=1
    )
    start = Start(row.node.key, Step("raise", wanted), row.generation, row.run)
    other = Attempt(ports=a.ports, who=a.who, row=row, start=start, post=lambda _: None)
    ever = SEEN in row.facts
    for look in range(LOOKS):
        if look:
            await a.ports.clock.sleep(AGAIN)
        seen = await until_answered(other, other.see)
        if seen is not None and seen.state is not None and seen.state >= wanted:
            return True
        ever = ever or seen is not None
    # no read has ever shown it: where it was made it is not visible yet, either
    return not ever and a.now < float(row.facts[AT]) + a.ports.settings.settle
