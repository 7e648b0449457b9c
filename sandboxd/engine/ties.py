"""What bears data and is at rest: whether it still has what it was made with, a machine its instance profile.

It is never made anew for that. Seen twice, a person is told what to do; once it is done, that is seen, too.
"""

import trio

from sandboxd.engine.context import Rows, at_rest
from sandboxd.engine.ports import Owner, Ports, Post
from sandboxd.lifecycle.messages import Untied
from sandboxd.model.ports import AwsError
from sandboxd.model.resource import Row

AGAIN = 15.0
"""seconds between two looks at what somebody may have changed"""


async def look(ports: Ports, who: Owner, known: Rows, post: Post) -> None:
    """Post `Untied` for what is, or is not any more; `known` are all rows, as they are when asked."""
    async with trio.open_nursery() as nursery:
        for row in known.values():
            ground = _ground(ports, row, known)
            if ground is not None:
                nursery.start_soon(_look_at, ports, who, row, ground, post)


def _ground(ports: Ports, row: Row, known: Rows) -> Row | None:
    """What a row at rest that bears data should be tied to, if that is at rest too."""
    kind = ports.kinds.get(row.node.kind)
    if kind is None or not kind.tie or not row.node.data or not row.facts.get("id"):
        return None
    found = [known[key] for key in row.node.links.get(kind.tie, ()) if key in known]
    return next((one for one in found if _rests(row) and _rests(one) and one.facts.get("unique")), None)


def _rests(row: Row) -> bool:
    return row.lo == row.hi > 0 and row.flight is None


async def _look_at(ports: Ports, who: Owner, row: Row, ground: Row, post: Post) -> None:
    generation, wanted = row.generation, ground.facts["unique"]
    if (tied := await _tied(ports, who, row)) is None:
        return
    if tied != wanted:
        await ports.clock.sleep(AGAIN)
        tied = await _tied(ports, who, row)
    if tied is not None and wanted == ground.facts.get("unique"):
        post(Untied(row.node.key, generation, "" if tied == wanted else _words(row, ground, tied)))


async def _tied(ports: Ports, who: Owner, row: Row) -> str | None:
    """What it is tied to; None: nobody says."""
    try:
        seen = await at_rest(ports, who, row).see()
    except AwsError:
        return None
    return seen.tied if seen is not None else None


def _words(row: Row, ground: Row, tied: str) -> str:
    what, name = ground.node.kind.replace("-", " "), ground.facts["id"]
    done = f"it has another {what} ({tied})" if tied else f"it has no {what}"
    # what to do comes first: a screen may be too narrow for the rest
    return (
        f"associate {name} with {row.facts['id']} (EC2: Modify IAM role); {done}, somebody changed that, and nothing can be "
        "done on it"
    )
